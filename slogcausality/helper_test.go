package slogcausality_test

import (
	"context"
	"io"
	"log/slog"
	"reflect"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// props is short for the properties of an event.
type props = map[string]any

const testDevice = "test-device" // of causalitytest.New

// newClient returns a client that sends nothing before it is flushed, so that
// events are stored in the order in which they were logged.
func newClient(t testing.TB, opts ...causalitytest.Option) (*causality.Client, *causalitytest.Recorder) {
	t.Helper()
	patient := causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.FlushInterval, cfg.BatchSize, cfg.MaxInFlight = time.Hour, 1000, 1
	})
	return causalitytest.New(t, append([]causalitytest.Option{patient}, opts...)...)
}

// stored flushes and returns the events that have arrived since it was last
// called, without the fields that a test of an adapter cannot foretell: key, app
// and time, and the device where it is the client's own.
func stored(t testing.TB, client *causality.Client, rec *causalitytest.Recorder) []causality.Event {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	events := rec.Take()
	for i := range events {
		e := &events[i]
		e.AppID, e.IdempotencyKey, e.TimestampMs = "", "", 0
		if e.DeviceID == testDevice {
			e.DeviceID = ""
		}
	}
	return events
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

func wantEvents(t testing.TB, got []causality.Event, want ...causality.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		wantEvent(t, got[i], want[i])
	}
}

func wantEvent(t testing.TB, got, want causality.Event) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("event\n got %+v\nwant %+v", got, want)
	}
}

func wantProps(t testing.TB, got causality.Event, want props) {
	t.Helper()
	if len(got.Properties) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got.Properties, want) {
		t.Errorf("properties\n got %#v\nwant %#v", got.Properties, want)
	}
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
