package adaptertest_test

import (
	"fmt"
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
	make func(client *causality.Client, depth int, key func(i int) string) (log func())
}{
	{"slog", func(client *causality.Client, depth int, key func(i int) string) func() {
		l := slog.New(slogcausality.NewHandler(client)).With("first", true)
		for i := range depth {
			l = l.With(key(i), i)
		}
		return func() { l.Info("m", "event", "x") }
	}},
	{"zap", func(client *causality.Client, depth int, key func(i int) string) func() {
		l := zap.New(zapcausality.NewCore(client)).With(zap.Bool("first", true))
		for i := range depth {
			l = l.With(zap.Int(key(i), i))
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
			log := logger.make(client, depth, attempt)
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

func attempt(int) string { return "attempt" }

// A loop that binds the same name in each round has bound two names, however long it
// runs: the event has the last value of each, as the line has.
func TestALoggerThatBindsANameAgainAndAgain(t *testing.T) {
	for _, logger := range deepLoggers {
		t.Run(logger.name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log := logger.make(client, 50_000, attempt)
			log()
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", props{"first": true, "attempt": int64(49_999)})...)
			if got := client.Stats().Properties.Dropped; got != 0 {
				t.Errorf("Properties.Dropped is %d, want 0", got)
			}
		})
	}
	// Of a group that is bound again members may stay, and nil hides nothing.
	client, rec := adaptertest.NewClient(t)
	l := slogOnly(client).With(slog.Group("g", "a", 1), "k", 1).WithGroup("open").With("k", 2)
	for i := range 9000 {
		l = l.With("k", nil, "n", i)
	}
	l.With(slog.Group("g", "b", 1)).With(slog.Group("g", "c", 2)).Info("m", "event", "x")
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", props{
		"g_a": int64(1), "k": int64(1), "open_k": int64(2), "open_n": int64(8999), "open_g_b": int64(1), "open_g_c": int64(2),
	})...)
}

// A group is hidden by later ones that have all of its members.
func TestALoggerThatBindsAGroupAgainAndAgain(t *testing.T) {
	for name, log := range map[string]func(client *causality.Client){
		"slog": func(client *causality.Client) {
			l := slogOnly(client).With(slog.Group("g", "first", 1))
			for i := range 25_000 {
				l = l.With(slog.Group("g", "attempt", i, slog.Group("h", "n", i)))
			}
			l.With("n", 2).Info("m", "event", "x")
		},
		"zap": func(client *causality.Client) {
			l := zapOnly(client).With(zap.Dict("g", zap.Int("first", 1)))
			for i := range 25_000 {
				l = l.With(zap.Dict("g", zap.Int("attempt", i), zap.Dict("h", zap.Int("n", i))))
			}
			l.With(zap.Int("n", 2)).Info("m", zap.String("event", "x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log(client)
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", props{
				"g_first": int64(1), "g_attempt": int64(24_999), "g_h_n": int64(24_999), "n": int64(2)})...)
			if got := client.Stats().Properties.Dropped; got != 0 {
				t.Errorf("Properties.Dropped is %d, want 0", got)
			}
		})
	}
}

// A loop that binds whom the events are about, and which they are, keeps the last.
func TestALoggerThatBindsAnEventAgainAndAgain(t *testing.T) {
	client, rec := adaptertest.NewClient(t)
	l, z := slogOnly(client), zapOnly(client)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 20_000 {
		l = l.With("user_id", i, "event", "x")
		z = z.With(zap.Int("user_id", i), zap.String("event", "x"))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got, limit := int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<20); got > limit {
		t.Errorf("the loggers hold %d bytes, want at most %d", got, limit)
	}
	l.Info("m")
	z.Info("m")
	want := causality.Event{EventType: "x", UserID: "19999"}
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), want, want)
}

// Beyond a bound a logger keeps no more attributes for its events, and each event
// counts what it misses.
func TestALoggerKeepsABoundedNumberOfAttributes(t *testing.T) {
	const kept, over = 10_000, 5 // "first" is one of those that are kept
	for _, logger := range deepLoggers {
		t.Run(logger.name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log := logger.make(client, kept-1+over, func(i int) string { return fmt.Sprint("k", i) })
			log()
			want := props{"first": true}
			for i := range kept - 1 {
				want[fmt.Sprint("k", i)] = int64(i)
			}
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", want)...)
			if got := client.Stats().Properties.Dropped; got != over {
				t.Errorf("Properties.Dropped is %d, want %d", got, over)
			}
		})
	}
}

// What makes a line an event, and whom it is about, is kept beyond the bound.
func TestAnEventBoundBeyondTheBound(t *testing.T) {
	many := func() (args []any, fields []zap.Field) {
		for i := range 10_000 {
			args, fields = append(args, fmt.Sprint("k", i), 1), append(fields, zap.Int(fmt.Sprint("k", i), 1))
		}
		return args, fields
	}
	args, fields := many()
	want := props{}
	for i := range 10_000 {
		want[fmt.Sprint("k", i)] = int64(1)
	}
	calls{
		slog: func(l *slog.Logger) {
			l.With(args...).With("event", "y", "user_id", "u-1", "lost", true).Info("m")
		},
		zap: func(l *zap.Logger) {
			l.With(fields...).With(zap.String("event", "y"), zap.String("user_id", "u-1"), zap.Bool("lost", true)).Info("m")
		},
	}.want(t, []causality.Event{{EventType: "y", UserID: "u-1", Properties: want}})
}

func TestAnEventOfADeepZerologLogger(t *testing.T) {
	calls{zerolog: func(l zerolog.Logger) {
		for i := range 4000 {
			l = l.With().Int("attempt", i).Logger()
		}
		l.Info().Str("event", "x").Send()
	}}.want(t, one("x", props{"attempt": int64(3999)}))
}
