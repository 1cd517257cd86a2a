package zerologcausality_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// underRace is true under the race detector, which allocates for itself.
var underRace bool

func TestAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	client, _ := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, false }
	}))
	// One that shows events to nobody, and has no room for them.
	plain, _ := causalitytest.New(t, causalitytest.WithConfig(noRoom))
	hook := zerologcausality.NewHook(client)
	base := zerolog.New(io.Discard).With().Timestamp().Logger()
	withHook := base.Hook(hook)
	withWriter := base.Output(zerologcausality.NewWriter(client))
	plainHook := base.Hook(zerologcausality.NewHook(plain))
	plainWriter := base.Output(zerologcausality.NewWriter(plain))
	for _, tc := range []struct {
		name string
		log  func()
		want float64
	}{
		{"a line without an event costs none, with the hook", func() { line(&withHook, "k") }, 0},
		{"a line without an event costs none, with the writer", func() { line(&withWriter, "k") }, 0},
		{"a line below the level of events costs none", func() { withHook.Debug().Str("event", "e").Send() }, 0},
		{"an event costs none, with the hook", func() { line(&plainHook, "event") }, 0},
		{"an event costs none, with the writer", func() { line(&plainWriter, "event") }, 0},
		{"an event that BeforeTrack sees costs two, the copies of the line and of its attributes, with the hook", func() { line(&withHook, "event") }, 2},
		{"an event that BeforeTrack sees costs two, the copies of the line and of its attributes, with the writer", func() { line(&withWriter, "event") }, 2},
		{"the group form costs one more, what Event makes", func() {
			withHook.Info().Object("event", zerologcausality.Event("e", func(e *zerolog.Event) { e.Str("order_id", "o-42").Int("n", 1) })).Send()
		}, 3},
		{"an escape costs one", func() { withHook.Info().Str("event", "e").Str("k", "a\nb").Send() }, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.log()
			if got := testing.AllocsPerRun(200, tc.log); got > tc.want {
				t.Errorf("%v allocations, want %v", got, tc.want)
			}
		})
	}
}

// What the user's functions see of an event they may keep, though zerolog writes
// the next line to the same memory.
func TestWhatIsShownStays(t *testing.T) {
	for name, hook := range map[string]func(cfg *causality.Config, keep func(string)){
		"BeforeTrack": func(cfg *causality.Config, keep func(string)) {
			cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
				keep(e.EventType)
				keep(e.UserID)
				return e, true
			}
		},
		"ReplaceAttr": func(cfg *causality.Config, keep func(string)) {
			cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
				keep(a.Value.String())
				return a
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var kept []string
			client, _ := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
				hook(cfg, func(s string) { kept = append(kept, s) })
			}))
			logger := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
			logger.Info().Str("event", "first").Str("user_id", "first").Str("k", "first").Send()
			for range 100 {
				logger.Info().Str("event", "other").Str("user_id", "other").Str("k", "other").Send()
			}
			if len(kept) == 0 {
				t.Fatal("nothing was shown")
			}
			for i, s := range kept {
				if want := i < len(kept)/101; (s == "first") != want {
					t.Fatalf("what was shown as number %d is %q now", i, s)
				}
			}
		})
	}
}
