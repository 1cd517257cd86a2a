package slogcausality

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Tee returns a handler that gives every record to next as before, and tracks
// those that are events with client. next is asked whether it is enabled, and
// sees only the records for which it is; events have their own level
// ([WithLevel]). It panics if next is nil. With a nil client nothing is tracked.
//
// A record below next's level, but not below that of events, is made only to
// look for an event in it: about 300 ns.
//
// A handler around the Tee that samples or filters leaves out events as well: put it
// around next. Since Go 1.26 slog.NewMultiHandler(next, NewHandler(client)) gives the
// same events; Tee tracks before next is called, and so has what was logged also
// where next changes the groups of a record.
//
// Tee over slog.Default().Handler() may be given to slog.SetDefault, which
// log/slog's own default handler does not allow to other wrappers.
func Tee(next slog.Handler, client *causality.Client, opts ...Option) slog.Handler {
	if next == nil {
		panic("slogcausality: the handler to tee is nil")
	}
	return &tee{next: safeDefault(next), events: NewHandler(client, opts...)}
}

type tee struct {
	next   slog.Handler
	events *Handler
}

func (t *tee) Enabled(ctx context.Context, level slog.Level) bool {
	return t.events.Enabled(ctx, level) || t.next.Enabled(ctx, level)
}

func (t *tee) Handle(ctx context.Context, r slog.Record) error {
	// The event first: next may end the process, or change the record's groups.
	if t.events.Enabled(ctx, r.Level) && t.events.wants(&r) {
		t.events.track(ctx, &r)
	}
	if !t.next.Enabled(ctx, r.Level) {
		return nil
	}
	return t.next.Handle(ctx, r)
}

func (t *tee) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return t
	}
	// The events first, which copy: attrs and the groups in it are next's then, to
	// keep or to change.
	events := t.events.withAttrs(attrs)
	return &tee{next: t.next.WithAttrs(attrs), events: events}
}

func (t *tee) WithGroup(name string) slog.Handler {
	if name == "" {
		return t
	}
	return &tee{next: t.next.WithGroup(name), events: t.events.withGroup(name)}
}
