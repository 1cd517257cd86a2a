package adaptertest_test

import (
	"log/slog"
	"runtime"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

// deepLoggers make a logger in depth steps, each of which binds an attribute, and
// return a function that logs an event with the last. Nothing writes the line: the
// handlers that do copy all they have bound in each step.
var deepLoggers = []struct {
	name string
	make func(client *causality.Client, depth int) (log func())
}{
	{"slog", func(client *causality.Client, depth int) func() {
		l := slog.New(slogcausality.NewHandler(client)).With("first", true)
		for i := range depth {
			l = l.With("attempt", i)
		}
		return func() { l.Info("m", "event", "x") }
	}},
	{"zap", func(client *causality.Client, depth int) func() {
		l := zap.New(zapcausality.NewCore(client)).With(zap.Bool("first", true))
		for i := range depth {
			l = l.With(zap.Int("attempt", i))
		}
		return func() { l.Info("m", zap.String("event", "x")) }
	}},
}

// What a logger has bound is copied once for an event, however many steps it was
// bound in. When each step was copied again, one event of such a logger cost
// 1.5 GB.
func TestEventsOfADeepLoggerCostLinearly(t *testing.T) {
	const depth, events = 4000, 20
	for _, logger := range deepLoggers {
		t.Run(logger.name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log := logger.make(client, depth)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range events {
				log()
			}
			runtime.ReadMemStats(&after)
			// Room for pools that are emptied at random, as under the race detector.
			if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(events*depth*500); got > limit {
				t.Errorf("%d events of a logger %d deep cost %d bytes, want at most %d", events, depth, got, limit)
			}
			got := adaptertest.Stored(t, client, rec)
			if len(got) != events {
				t.Fatalf("%d events arrived, want %d", len(got), events)
			}
			adaptertest.WantEvent(t, got[events-1], one("x", props{"first": true, "attempt": int64(depth - 1)})[0])
		})
	}
}

// Beyond a bound a logger keeps no more attributes for its events, and each event
// counts what it misses.
func TestALoggerKeepsABoundedNumberOfAttributes(t *testing.T) {
	const kept, over = 10_000, 5 // "first" is one of those that are kept
	for _, logger := range deepLoggers {
		t.Run(logger.name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log := logger.make(client, kept-1+over)
			log()
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", props{"first": true, "attempt": int64(kept - 2)})...)
			if got := client.Stats().Properties.Dropped; got != over {
				t.Errorf("Properties.Dropped is %d, want %d", got, over)
			}
		})
	}
}

// What makes a line an event, and whom it is about, is kept beyond the bound.
func TestAnEventBoundBeyondTheBound(t *testing.T) {
	many := func() (args []any, fields []zap.Field) {
		for range 10_000 {
			args, fields = append(args, "k", 1), append(fields, zap.Int("k", 1))
		}
		return args, fields
	}
	args, fields := many()
	calls{
		slog: func(l *slog.Logger) {
			l.With(args...).With("event", "y", "user_id", "u-1", "lost", true).Info("m")
		},
		zap: func(l *zap.Logger) {
			l.With(fields...).With(zap.String("event", "y"), zap.String("user_id", "u-1"), zap.Bool("lost", true)).Info("m")
		},
	}.want(t, []causality.Event{{EventType: "y", UserID: "u-1", Properties: props{"k": int64(1)}}})
}

func TestAnEventOfADeepZerologLogger(t *testing.T) {
	calls{zerolog: func(l zerolog.Logger) {
		for i := range 4000 {
			l = l.With().Int("attempt", i).Logger()
		}
		l.Info().Str("event", "x").Send()
	}}.want(t, one("x", props{"attempt": int64(3999)}))
}
