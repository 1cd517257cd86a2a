package zerologcausality_test

import (
	"context"
	"io"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// What the hook and the writer add to a log call, with and without an event. The
// events are refused by BeforeTrack, except in "event, tracked".
func BenchmarkLine(b *testing.B) {
	refused := func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, false }
	}
	client, _ := causalitytest.New(b, causalitytest.WithConfig(refused))
	base := zerolog.New(io.Discard).With().Timestamp().Str("service", "checkout").Str("version", "v1.4.2").Logger()
	writer := zerologcausality.NewWriter(client)
	for _, bc := range []struct {
		name   string
		logger zerolog.Logger
	}{
		{"bare", base},
		{"hook", base.Hook(zerologcausality.NewHook(client))},
		{"hook, other key", base.Hook(zerologcausality.NewHook(client, zerologcausality.WithEventKeys("track")))},
		{"writer", base.Output(zerolog.MultiLevelWriter(io.Discard, writer))},
	} {
		b.Run("no event/"+bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line(&bc.logger, "method")
			}
		})
		if bc.name == "hook, other key" {
			continue
		}
		b.Run("event/"+bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				line(&bc.logger, "event")
			}
		})
	}
	full, _ := causalitytest.New(b, causalitytest.WithConfig(noRoom))
	tracked := base.Hook(zerologcausality.NewHook(full))
	b.Run("event, encoded/hook", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			line(&tracked, "event")
		}
	})
}

func line(l *zerolog.Logger, key string) {
	l.Info().Str(key, "purchase_complete").Str("order_id", "o-42").Int("total_cents", 1999).Bool("gift", true).Float64("rate", 0.25).Msg("order placed")
}
