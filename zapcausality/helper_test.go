package zapcausality_test

import (
	"log/slog"
	"reflect"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
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
func logged(t testing.TB, log func(l *zap.Logger), opts ...zapcausality.Option) []causality.Event {
	t.Helper()
	client, rec := newClient(t)
	log(zap.New(zapcausality.NewCore(client, opts...)))
	return stored(t, client, rec)
}

// loggedOne is logged where exactly one event must come of it.
func loggedOne(t testing.TB, log func(l *zap.Logger), opts ...zapcausality.Option) causality.Event {
	t.Helper()
	events := logged(t, log, opts...)
	if len(events) != 1 {
		t.Fatalf("%d events arrived, want 1: %+v", len(events), events)
	}
	return events[0]
}

// propsOf returns the properties of an event logged with these fields.
func propsOf(t testing.TB, fields ...zap.Field) props {
	t.Helper()
	return loggedOne(t, func(l *zap.Logger) { l.With(zap.String("event", "e")).Info("", fields...) }).Properties
}

// slogPropsOf is propsOf for log/slog.
func slogPropsOf(t testing.TB, attrs ...slog.Attr) props {
	t.Helper()
	client, rec := newClient(t)
	log := slog.New(slogcausality.NewHandler(client)).With("event", "e")
	log.LogAttrs(t.Context(), slog.LevelInfo, "", attrs...)
	events := stored(t, client, rec)
	if len(events) != 1 {
		t.Fatalf("%d events arrived from log/slog, want 1: %+v", len(events), events)
	}
	return events[0].Properties
}

func wantEvents(t testing.TB, got []causality.Event, want ...causality.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("event %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

func wantProps(t testing.TB, got, want props) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("properties\n got %#v\nwant %#v", got, want)
	}
}
