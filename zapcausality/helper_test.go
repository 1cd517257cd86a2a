package zapcausality_test

import (
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
)

// props is short for the properties of an event.
type props = map[string]any

var (
	newClient  = adaptertest.NewClient
	stored     = adaptertest.Stored
	wantEvents = adaptertest.WantEvents
	wantProps  = adaptertest.WantProps
)

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
