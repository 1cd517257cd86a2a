package slogcausality_test

import (
	"context"
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// What a log call may allocate. Every line of a service passes here, so an
// allocation that slips in costs everyone.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates, and empties pools at random")
	}
	const runs = 500 // with what comes before them less than a batch, so nothing is sent
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1", SessionID: "s-1"})
	var event slog.Attr
	ofEvent := testing.AllocsPerRun(runs, func() {
		event = slogcausality.Event("purchase", slog.String("order_id", "o-42"), slog.Int("total_cents", 1999))
	})
	_ = event

	for _, tc := range []struct {
		name string
		of   func(h slog.Handler) slog.Handler
		log  func(l *slog.Logger)
		max  float64
	}{
		{"a line without an event", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("order_id", "o-42"), slog.Int("total_cents", 1999))
		}, 0},
		{"a line with more attributes than a record has room for costs the record's own slice", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3), slog.Int("d", 4), slog.Int("e", 5), slog.Int("f", 6))
		}, 1},
		{"a line below the level", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelDebug, "m", slog.String("event", "purchase"))
		}, 0},
		{"a line with a group without a name", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.Attr{})
		}, 0},
		{"an event in the plain form", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("event", "purchase"), slog.String("order_id", "o-42"), slog.Int("total_cents", 1999))
		}, 0},
		{"an event with an identity", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("event", "purchase"), slog.String("user_id", "u-2"), slog.String("session_id", "s-2"))
		}, 0},
		{"an event of a logger with bound attributes", func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slog.String("svc", "shop"), slog.String("user_id", "u-2")})
		}, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("event", "purchase"), slog.String("order_id", "o-42"))
		}, 0},
		{"an event of a logger with a group", func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slog.String("svc", "shop")}).WithGroup("req").WithAttrs([]slog.Attr{slog.String("method", "GET")})
		}, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("event", "purchase"), slog.String("order_id", "o-42"))
		}, 0},
		{"an event of a logger with a bound event", func(h slog.Handler) slog.Handler {
			return h.WithAttrs([]slog.Attr{slogcausality.Event("purchase", slog.Int("total_cents", 1999))})
		}, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("order_id", "o-42"))
		}, 0},
		{"an event in the group form costs what Event costs", nil, func(l *slog.Logger) {
			l.LogAttrs(ctx, slog.LevelInfo, "m", slogcausality.Event("purchase", slog.String("order_id", "o-42"), slog.Int("total_cents", 1999)))
		}, ofEvent},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, _ := newClient(t)
			var h slog.Handler = slogcausality.NewHandler(client)
			if tc.of != nil {
				h = tc.of(h)
			}
			l := slog.New(h)
			for range 50 { // fills the pools
				tc.log(l)
			}
			if got := testing.AllocsPerRun(runs, func() { tc.log(l) }); got > tc.max {
				t.Errorf("%v allocations, want at most %v", got, tc.max)
			}
		})
	}

	t.Run("Event allocates its group alone", func(t *testing.T) {
		if ofEvent > 1 {
			t.Errorf("%v allocations, want at most 1", ofEvent)
		}
	})
	t.Run("a Tee adds none to those of next", func(t *testing.T) {
		client, _ := newClient(t)
		log := func(l *slog.Logger) func() {
			return func() {
				l.LogAttrs(ctx, slog.LevelInfo, "m", slog.String("event", "purchase"), slog.String("order_id", "o-42"), slog.Int("total_cents", 1999))
			}
		}
		alone := testing.AllocsPerRun(runs, log(slog.New(discard())))
		teed := testing.AllocsPerRun(runs, log(slog.New(slogcausality.Tee(discard(), client))))
		if teed > alone {
			t.Errorf("%v allocations, want at most the %v without the tee", teed, alone)
		}
	})
}
