package adaptertest_test

import (
	"log/slog"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// Of different names that become one when they are flattened a property vanishes,
// which is counted. The same name twice, as on a line of a logger that has it bound,
// is not.
func TestKeysThatCollideWhenTheyAreFlattened(t *testing.T) {
	for _, tc := range []struct {
		name    string
		dropped int64
		want    props
		calls
	}{
		{"a dot and an underscore", 1, props{"a_b": int64(2)}, calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", "x", "a.b", 1, "a_b", 2) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.String("event", "x"), zap.Int("a.b", 1), zap.Int("a_b", 2)) },
			zerolog: func(l zerolog.Logger) { l.Info().Str("event", "x").Int("a.b", 1).Int("a_b", 2).Send() },
		}},
		{"a group and a dot, of different kinds", 2, props{"a_b": "three"}, calls{
			slog: func(l *slog.Logger) {
				l.With("a_b", 1).Info("m", "event", "x", slog.Group("a", "b", true), "a.b", "three")
			},
			zap: func(l *zap.Logger) {
				l.With(zap.Int("a_b", 1)).Info("m", zap.String("event", "x"), zap.Dict("a", zap.Bool("b", true)), zap.String("a.b", "three"))
			},
			zerolog: func(l zerolog.Logger) {
				l.Info().Int("a_b", 1).Str("event", "x").Dict("a", zerolog.Dict().Bool("b", true)).Str("a.b", "three").Send()
			},
		}},
		{"groups of different names", 1, props{"a_b_c": int64(2)}, calls{
			slog: func(l *slog.Logger) {
				l.Info("m", "event", "x", slog.Group("a", "b.c", 1), slog.Group("a.b", "c", 2))
			},
			zap: func(l *zap.Logger) {
				l.Info("m", zap.String("event", "x"), zap.Dict("a", zap.Int("b.c", 1)), zap.Dict("a.b", zap.Int("c", 2)))
			},
			zerolog: func(l zerolog.Logger) {
				l.Info().Str("event", "x").Dict("a", zerolog.Dict().Int("b.c", 1)).Dict("a.b", zerolog.Dict().Int("c", 2)).Send()
			},
		}},
		{"the same name", 0, props{"a": int64(2), "b_c": int64(4), "d_e": int64(6)}, calls{
			slog: func(l *slog.Logger) {
				l.With("a", 1, "b.c", 3, slog.Group("d", "e", 5)).Info("m", "event", "x", "a", 2, "b.c", 4, slog.Group("d", "e", 6))
			},
			zap: func(l *zap.Logger) {
				l.With(zap.Int("a", 1), zap.Int("b.c", 3), zap.Dict("d", zap.Int("e", 5))).
					Info("m", zap.String("event", "x"), zap.Int("a", 2), zap.Int("b.c", 4), zap.Dict("d", zap.Int("e", 6)))
			},
			zerolog: func(l zerolog.Logger) {
				l = l.With().Int("a", 1).Int("b.c", 3).Dict("d", zerolog.Dict().Int("e", 5)).Logger()
				l.Info().Str("event", "x").Int("a", 2).Int("b.c", 4).Dict("d", zerolog.Dict().Int("e", 6)).Send()
			},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.withEach(t, func(t *testing.T, log func(client *causality.Client)) {
				client, rec := adaptertest.NewClient(t)
				log(client)
				adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", tc.want)...)
				if got := client.Stats().Properties.Dropped; got != tc.dropped {
					t.Errorf("Properties.Dropped is %d, want %d", got, tc.dropped)
				}
			})
		})
	}
}
