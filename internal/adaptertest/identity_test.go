package adaptertest_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

type tenantKey struct{}

// Config.Identity is asked with the context of the log call for what neither the
// line nor its logger says, for events only, and for all loggers alike.
func TestConfigIdentityIsAskedByEachLogger(t *testing.T) {
	asked := 0
	identify := config(func(cfg *causality.Config) {
		cfg.Identity = func(ctx context.Context) causality.Identity {
			asked++
			tenant, _ := ctx.Value(tenantKey{}).(string)
			return causality.Identity{UserID: tenant, SessionID: "asked", DeviceID: "asked", CorrelationID: "asked"}
		}
	})
	ctx := context.WithValue(background, tenantKey{}, "u-tenant")
	calls{
		slog: func(l *slog.Logger) {
			l.InfoContext(ctx, "no event", "event", 7)
			l.With("session_id", "bound").InfoContext(ctx, "m", "event", "x", "device_id", "line")
			l.Info("m", "event", "y")
		},
		zap: func(l *zap.Logger) {
			l.Info("no event", zap.Int("event", 7), zapcausality.Context(ctx))
			l.With(zap.String("session_id", "bound")).Info("m", zapcausality.Context(ctx), zap.String("event", "x"), zap.String("device_id", "line"))
			l.Info("m", zap.String("event", "y"))
		},
		zerolog: func(l zerolog.Logger) {
			l.Info().Ctx(ctx).Int("event", 7).Msg("no event")
			l = l.With().Str("session_id", "bound").Logger()
			l.Info().Ctx(ctx).Str("event", "x").Str("device_id", "line").Msg("m")
			l.Info().Str("event", "y").Str("session_id", "").Msg("m")
		},
	}.withEach(t, func(t *testing.T, log func(client *causality.Client)) {
		asked = 0
		client, rec := adaptertest.NewClient(t, identify)
		log(client)
		got := adaptertest.Stored(t, client, rec)
		if asked != 2 {
			t.Errorf("Config.Identity was asked %d times for 2 events", asked)
		}
		if len(got) != 2 {
			t.Fatalf("%d events arrived, want 2: %+v", len(got), got)
		}
		want := causality.Event{EventType: "x", UserID: "u-tenant", SessionID: "bound", DeviceID: "line", CorrelationID: "asked"}
		if t.Name() == "TestConfigIdentityIsAskedByEachLogger/zerolog_writer" {
			want.UserID = "" // a writer is given no context
		}
		adaptertest.WantEvent(t, got[0], want)
	})
}

func TestAnIdentityThatPanicsCostsNoEvent(t *testing.T) {
	calls{
		slog:    func(l *slog.Logger) { l.Info("m", "event", "x", "user_id", "u-1") },
		zap:     func(l *zap.Logger) { l.Info("m", zap.String("event", "x"), zap.String("user_id", "u-1")) },
		zerolog: func(l zerolog.Logger) { l.Info().Str("event", "x").Str("user_id", "u-1").Msg("m") },
	}.want(t, []causality.Event{{EventType: "x", UserID: "u-1"}},
		causalitytest.WithConfig(func(cfg *causality.Config) {
			cfg.Identity = func(context.Context) causality.Identity { panic("no user") }
		}))
}
