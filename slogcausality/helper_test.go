package slogcausality_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// props is short for the properties of an event.
type props = map[string]any

const testDevice = adaptertest.Device

var (
	newClient  = adaptertest.NewClient
	stored     = adaptertest.Stored
	wantEvents = adaptertest.WantEvents
	wantEvent  = adaptertest.WantEvent
)

func wantProps(t testing.TB, got causality.Event, want props) {
	t.Helper()
	adaptertest.WantProps(t, got.Properties, want)
}

// logged returns the events that come of what log logs.
func logged(t testing.TB, log func(l *slog.Logger), opts ...slogcausality.Option) []causality.Event {
	t.Helper()
	client, rec := newClient(t)
	log(slog.New(slogcausality.NewHandler(client, opts...)))
	return stored(t, client, rec)
}

// loggedOne is logged where exactly one event must come of it.
func loggedOne(t testing.TB, log func(l *slog.Logger), opts ...slogcausality.Option) causality.Event {
	t.Helper()
	events := logged(t, log, opts...)
	if len(events) != 1 {
		t.Fatalf("%d events arrived, want 1: %+v", len(events), events)
	}
	return events[0]
}

// within ends the whole run if f does not return in time: a deadlock in the log
// package holds its mutex for good, so that not even a cleanup could end.
func within(t testing.TB, limit time.Duration, f func()) {
	t.Helper()
	deadlock := time.AfterFunc(limit, func() { panic(t.Name() + ": deadlock") })
	defer deadlock.Stop()
	f()
}

// handlerFunc is a handler made of one function, enabled at every level.
type handlerFunc func(context.Context, slog.Record) error

func (h handlerFunc) Enabled(context.Context, slog.Level) bool        { return true }
func (h handlerFunc) Handle(ctx context.Context, r slog.Record) error { return h(ctx, r) }
func (h handlerFunc) WithAttrs([]slog.Attr) slog.Handler              { return h }
func (h handlerFunc) WithGroup(string) slog.Handler                   { return h }

func discard() slog.Handler { return slog.NewJSONHandler(io.Discard, nil) }

// Values of types that are not what they contain.
type (
	eventName string                // a string all the same
	valuer    func() slog.Value     // a slog.LogValuer
	shown     struct{ text string } // a fmt.Stringer
)

func (v valuer) LogValue() slog.Value { return v() }
func (s shown) String() string        { return s.text }
