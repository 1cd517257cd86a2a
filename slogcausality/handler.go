package slogcausality

import (
	"context"
	"log/slog"
	"sync"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// Option changes what NewHandler and Tee do.
type Option func(*options)

type options struct {
	eventKeys []string
	level     slog.Leveler
}

// WithEventKeys sets the keys of the attribute that makes a record an event.
// Default "event" and "otel.event.name", which is OpenTelemetry's. Where a record
// has several of them, the first in this order is the event type and the others
// are properties. A key is looked for as it is, dots and all; an empty one is
// none. Without any key, records are events in the group form alone, which
// [Event] builds and which stays under "event".
func WithEventKeys(keys ...string) Option {
	return func(o *options) { o.eventKeys = keys }
}

// WithLevel sets the lowest level at which a record can be an event. Default, and
// for nil, slog.LevelInfo. It does not change what the other handler of a [Tee]
// gets. At the level of that handler it saves the cost of making records which
// only might be events.
func WithLevel(level slog.Leveler) Option {
	return func(o *options) { o.level = level }
}

// Event returns an attribute that makes its record an event with exactly the
// given properties, whatever else the line carries. It is a group "event" whose
// first member is "event_type", and the log line shows it as such. The identity
// attributes (user_id and so on) may be among the properties.
//
//	logger.Info("order placed", slogcausality.Event("purchase_complete", slog.String("order_id", "o-42")))
func Event(eventType string, props ...slog.Attr) slog.Attr {
	members := make([]slog.Attr, 0, len(props)+1)
	members = append(members, slog.String(record.TypeKey, eventType))
	return slog.Attr{Key: record.EventKey, Value: slog.GroupValue(append(members, props...)...)}
}

// Handler is a slog.Handler that tracks the records which are events and writes
// nothing. Use [Tee] to keep writing them as before. It is safe for concurrent
// use; Handle never blocks and always returns nil.
type Handler struct {
	client *causality.Client
	rules  *record.Rules
	level  slog.Leveler
	scope  *record.Scope
}

var _ slog.Handler = (*Handler)(nil)

// NewHandler returns a Handler that tracks events with client, which stays the
// caller's to close. With a nil client nothing is tracked.
func NewHandler(client *causality.Client, opts ...Option) *Handler {
	o := options{eventKeys: record.DefaultKeys()}
	for _, opt := range opts {
		opt(&o)
	}
	if o.level == nil {
		o.level = slog.LevelInfo
	}
	return &Handler{client: client, rules: record.NewRules(o.eventKeys), level: o.level}
}

// Enabled reports whether a record of this level can be an event.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle tracks r if it is an event.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	if h.wants(&r) {
		h.track(ctx, &r)
	}
	return nil
}

// wants is the quick look: it reports whether r may be an event. A record is
// large, so it and track take a pointer, which they do not keep.
func (h *Handler) wants(r *slog.Record) (may bool) {
	if h.scope.IsEvent() {
		return true
	}
	r.Attrs(func(a slog.Attr) bool {
		may = h.rules.Matters(a.Key) && h.rules.MayBeEvent(h.scope, a.Key)
		return !may
	})
	return may
}

var records = sync.Pool{New: func() any { return new(record.Record) }}

func (h *Handler) track(ctx context.Context, r *slog.Record) {
	rec := records.Get().(*record.Record)
	defer records.Put(rec)
	rec.Begin(h.rules, h.scope)
	defer rec.End()
	r.Attrs(func(a slog.Attr) bool {
		rec.Add(a.Key, a.Value)
		return true
	})
	rec.Track(ctx, h.client, r.Time, r.Message)
}

// WithAttrs returns a Handler whose records carry attrs too.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler { return h.withAttrs(attrs) }

func (h *Handler) withAttrs(attrs []slog.Attr) *Handler {
	if len(attrs) == 0 {
		return h
	}
	derived := *h
	derived.scope = h.scope.With(h.rules, attrs)
	return &derived
}

// WithGroup returns a Handler whose records' attributes are in a group: their
// names get the prefix "name_". The event attribute and the identity are found
// all the same.
func (h *Handler) WithGroup(name string) slog.Handler { return h.withGroup(name) }

func (h *Handler) withGroup(name string) *Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.scope = h.scope.WithGroup(name)
	return &derived
}
