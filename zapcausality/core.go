package zapcausality

import (
	"context"
	"errors"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
	"go.uber.org/zap/zapcore"
)

// Option changes what NewCore and Tee do.
type Option func(*options)

type options struct {
	eventKeys []string
	level     zapcore.LevelEnabler
}

// WithEventKeys sets the keys of the field that makes an entry an event. Default
// "event" and "otel.event.name", which is OpenTelemetry's. Where an entry has
// several of them, the first in this order is the event type and the others are
// properties. A key is looked for as it is, dots and all; an empty one is none.
// Without any key, entries are events in the object form alone, which [Event]
// builds and which stays under "event".
func WithEventKeys(keys ...string) Option {
	return func(o *options) { o.eventKeys = keys }
}

// WithLevel sets the levels at which an entry can be an event. Default
// zapcore.InfoLevel, which is that and all above. It does not change what the
// other cores of a tee get. At the level of these it saves the cost of making
// entries which only might be events. A zap.AtomicLevel can be changed while the
// program runs.
func WithLevel(level zapcore.LevelEnabler) Option {
	return func(o *options) { o.level = level }
}

// NewCore returns a zapcore.Core that tracks the entries which are events with
// client and writes nothing: one more core for zapcore.NewTee. [Tee] adds it
// to an existing logger. The client stays the caller's to close. With a nil
// client nothing is tracked.
//
// The Core is safe for concurrent use. Its Write never fails, and it waits for
// delivery in three cases only: Sync, a Fatal entry and a Panic entry. In a
// zapcore.NewTee it belongs after the cores that write, so that the line is
// written before a Fatal entry waits.
func NewCore(client *causality.Client, opts ...Option) zapcore.Core {
	o := options{eventKeys: record.DefaultKeys(), level: zapcore.InfoLevel}
	for _, opt := range opts {
		opt(&o)
	}
	return &core{LevelEnabler: o.level, client: client, rules: record.NewRules(o.eventKeys)}
}

// core does not change once it is made: With returns another.
type core struct {
	zapcore.LevelEnabler
	client *causality.Client
	rules  *record.Rules
	scope  *record.Scope
	// ctx is the last context among the bound fields: zap knows no other way
	// to pass one.
	ctx context.Context
}

var _ zapcore.Core = (*core)(nil)

// Level lets Logger.Level report the level without trying each.
func (c *core) Level() zapcore.Level { return zapcore.LevelOf(c.LevelEnabler) }

// With returns a core whose entries carry fields too.
func (c *core) With(fields []zapcore.Field) zapcore.Core {
	if len(fields) == 0 {
		return c
	}
	e := newEncoder()
	defer e.free()
	e.binds = true
	e.fields(fields)
	derived := *c
	scope, attrs := e.bind(c.rules, c.scope)
	if len(attrs) > 0 {
		scope = scope.With(c.rules, attrs)
	}
	derived.scope = scope
	if e.ctx != nil {
		derived.ctx = e.ctx
	}
	return &derived
}

// Check adds the core to entries that can be events. Whatever the level of
// events, it wants to know when the process may end.
func (c *core) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	switch {
	case c.Enabled(entry.Level):
		return checked.AddCore(entry, c)
	case entry.Level >= zapcore.DPanicLevel:
		return checked.AddCore(entry, onlyLastChance{c})
	default:
		return checked
	}
}

// Write tracks the entry if it is an event.
func (c *core) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if c.scope.IsEvent() || c.mayBeEvent(fields) {
		c.track(entry, fields)
	}
	c.beforeTheEnd(entry.Level)
	return nil
}

func (c *core) mayBeEvent(fields []zapcore.Field) bool {
	for i := range fields {
		// What is inline has no key, and is the entry's own. Neither has what
		// is skipped, such as zap.Error(nil).
		if key := fields[i].Key; c.rules.Matters(key) && c.rules.MayBeEvent(c.scope, key) && fields[i].Type != zapcore.SkipType {
			return true
		}
	}
	return false
}

func (c *core) track(entry zapcore.Entry, fields []zapcore.Field) {
	e := newEncoder()
	defer e.free()
	e.fields(fields)
	scope, attrs := e.bind(c.rules, c.scope)
	e.rec.Begin(c.rules, scope)
	for i := range attrs {
		e.rec.Add(attrs[i].Key, attrs[i].Value)
	}
	ctx := e.ctx
	if ctx == nil {
		ctx = c.ctx
	}
	if ctx == nil {
		ctx = context.Background()
	}
	e.rec.Track(ctx, c.client, entry.Time, entry.Message)
}

// beforeTheEnd delivers what is tracked, by this entry or before it, where zap
// ends the process or panics once all cores have written the entry.
func (c *core) beforeTheEnd(level zapcore.Level) {
	switch level {
	case zapcore.FatalLevel:
		record.Fatal(c.client, 0)
	case zapcore.PanicLevel, zapcore.DPanicLevel:
		record.Panic(c.client)
	}
}

// Sync delivers what is tracked, within Config.CloseTimeout. A closed client has
// nothing left to deliver.
func (c *core) Sync() error {
	ctx, cancel := context.WithTimeout(context.Background(), diagnostic.CloseTimeout(c.client))
	defer cancel()
	if err := c.client.FlushContext(ctx); !errors.Is(err, causality.ErrClosed) {
		return err
	}
	return nil
}

// onlyLastChance is the core for entries that cannot be events and may be the
// last.
type onlyLastChance struct{ *core }

func (c onlyLastChance) Write(entry zapcore.Entry, _ []zapcore.Field) error {
	c.beforeTheEnd(entry.Level)
	return nil
}
