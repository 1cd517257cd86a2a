package slogcausality_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// The line that is measured, without and with an event.
var (
	ordinary = []slog.Attr{slog.String("order_id", "o-42"), slog.Int("total_cents", 1999), slog.Bool("gift", true)}
	plain    = append([]slog.Attr{slog.String("event", "purchase_complete")}, ordinary...)
)

// BenchmarkHandler is the cost of a log call on the goroutine that logs. The
// events are refused by a full queue once it is full: encoding is measured,
// delivery is not.
func BenchmarkHandler(b *testing.B) {
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1", SessionID: "s-1"})
	json := func(level slog.Level) slog.Handler {
		return slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: level})
	}
	for _, bm := range []struct {
		name    string
		handler func(client *causality.Client) slog.Handler
		level   slog.Level
		attrs   []slog.Attr
	}{
		{"json alone/line", func(*causality.Client) slog.Handler { return json(slog.LevelInfo) }, slog.LevelInfo, ordinary},
		{"json alone/event", func(*causality.Client) slog.Handler { return json(slog.LevelInfo) }, slog.LevelInfo, plain},
		{"json alone/below level", func(*causality.Client) slog.Handler { return json(slog.LevelWarn) }, slog.LevelInfo, ordinary},
		{"handler/line", onlyEvents, slog.LevelInfo, ordinary},
		{"handler/event", onlyEvents, slog.LevelInfo, plain},
		{"handler/event with bound attributes", func(client *causality.Client) slog.Handler {
			return onlyEvents(client).WithAttrs([]slog.Attr{slog.String("svc", "shop")}).WithGroup("req").WithAttrs([]slog.Attr{slog.String("method", "GET")})
		}, slog.LevelInfo, plain},
		{"handler/below level", onlyEvents, slog.LevelDebug, plain},
		{"tee/line", func(client *causality.Client) slog.Handler {
			return slogcausality.Tee(json(slog.LevelInfo), client)
		}, slog.LevelInfo, ordinary},
		{"tee/event", func(client *causality.Client) slog.Handler {
			return slogcausality.Tee(json(slog.LevelInfo), client)
		}, slog.LevelInfo, plain},
		// The record that is made only to look for an event in it.
		{"tee/line between the levels", func(client *causality.Client) slog.Handler {
			return slogcausality.Tee(json(slog.LevelWarn), client)
		}, slog.LevelInfo, ordinary},
		{"tee/below both levels", func(client *causality.Client) slog.Handler {
			return slogcausality.Tee(json(slog.LevelWarn), client)
		}, slog.LevelDebug, ordinary},
	} {
		b.Run(bm.name, func(b *testing.B) {
			l := slog.New(bm.handler(benchClient(b)))
			b.ReportAllocs()
			for b.Loop() {
				l.LogAttrs(ctx, bm.level, "order placed", bm.attrs...)
			}
		})
	}
	b.Run("handler/event in the group form", func(b *testing.B) {
		l := slog.New(onlyEvents(benchClient(b)))
		b.ReportAllocs()
		for b.Loop() {
			l.LogAttrs(ctx, slog.LevelInfo, "order placed", slogcausality.Event("purchase_complete", ordinary...))
		}
	})
}

func BenchmarkHandlerParallel(b *testing.B) {
	l := slog.New(onlyEvents(benchClient(b)))
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			l.LogAttrs(ctx, slog.LevelInfo, "order placed", plain...)
		}
	})
}

func onlyEvents(client *causality.Client) slog.Handler { return slogcausality.NewHandler(client) }

func benchClient(b *testing.B) *causality.Client {
	b.Helper()
	client, _ := newClient(b, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.MaxQueueBytes = 64 << 10
		cfg.FlushInterval = time.Hour
		cfg.Logger = slog.New(slog.DiscardHandler)
	}))
	return client
}
