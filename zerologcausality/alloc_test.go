package zerologcausality_test

import (
	"io"
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
		cfg.BeforeTrack = func(e causality.Event) (causality.Event, bool) { return e, false }
	}))
	hook := zerologcausality.NewHook(client)
	base := zerolog.New(io.Discard).With().Timestamp().Logger()
	withHook := base.Hook(hook)
	withWriter := base.Output(zerologcausality.NewWriter(client))
	for _, tc := range []struct {
		name string
		log  func()
		want float64
	}{
		{"a line without an event costs none, with the hook", func() { line(&withHook, "k") }, 0},
		{"a line without an event costs none, with the writer", func() { line(&withWriter, "k") }, 0},
		{"a line below the level of events costs none", func() { withHook.Debug().Str("event", "e").Send() }, 0},
		{"an event costs one, the copy of the line, with the hook", func() { line(&withHook, "event") }, 1},
		{"an event costs one, the copy of the line, with the writer", func() { line(&withWriter, "event") }, 1},
		{"the group form costs one more, what Event makes", func() {
			withHook.Info().Object("event", zerologcausality.Event("e", func(e *zerolog.Event) { e.Str("order_id", "o-42").Int("n", 1) })).Send()
		}, 2},
		{"an escape costs one", func() { withHook.Info().Str("event", "e").Str("k", "a\nb").Send() }, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.log()
			if got := testing.AllocsPerRun(200, tc.log); got > tc.want {
				t.Errorf("%v allocations, want %v", got, tc.want)
			}
		})
	}
}
