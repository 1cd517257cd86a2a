package adaptertest_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// identify is the middleware of a service that knows its user.
func identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(causality.ContextWithIdentity(r.Context(), causality.Identity{UserID: "u-1"})))
	})
}

// A logger from the request has the identity of the request, without a context on
// every call.
func TestALoggerFromTheRequest(t *testing.T) {
	client, rec := adaptertest.NewClient(t)
	serve := func(h http.Handler) {
		t.Helper()
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), causality.Event{EventType: "x", UserID: "u-1"})
	}
	zaps := zapTee(client)
	serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := zapcausality.With(r.Context(), zaps)
		identify(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			zapcausality.FromContext(r.Context()).Info("m", zap.String("event", "x"))
		})).ServeHTTP(w, r.WithContext(ctx))
	}))

	// zerolog knows no context but the one that is bound to its logger.
	base := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
	bind := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			l := base.With().Ctx(r.Context()).Logger()
			next.ServeHTTP(w, r.WithContext(l.WithContext(r.Context())))
		})
	}
	serve(identify(bind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		zerolog.Ctx(r.Context()).Info().Str("event", "x").Send()
	}))))
}

// With a nil client, as in a service that runs without analytics, lines are written
// and nothing is tracked.
func TestANilClient(t *testing.T) {
	calls{
		slog: func(l *slog.Logger) { l.With("a", 1).Info("m", "event", "x"); l.Info("m", slogcausality.Event("y")) },
		zap: func(l *zap.Logger) {
			l.With(zap.Int("a", 1)).Info("m", zap.String("event", "x"))
			l.DPanic("m")
			_ = l.Sync()
		},
		zerolog: func(l zerolog.Logger) {
			l.Info().Str("event", "x").RawJSON("broken", []byte("{")).Send()
			l.WithLevel(zerolog.FatalLevel).Send()
		},
	}.withEach(t, func(t *testing.T, log func(client *causality.Client)) { log(nil) })
}

// The member event_id of the group form is the event's ID.
func TestTheIDOfAnEvent(t *testing.T) {
	calls{
		slog: func(l *slog.Logger) {
			l.Info("m", slogcausality.Event("x", slog.String("event_id", "order-42"), slog.Int("n", 1)))
			l.WithGroup("event").Info("m", "event_type", "x", "event_id", "order-42", "n", 1)
		},
		zap: func(l *zap.Logger) {
			l.Info("m", zapcausality.Event("x", zap.String("event_id", "order-42"), zap.Int("n", 1)))
			l.Info("m", zap.Namespace("event"), zap.String("event_type", "x"), zap.String("event_id", "order-42"), zap.Int("n", 1))
		},
		zerolog: func(l zerolog.Logger) {
			for range 2 {
				l.Info().Object("event", zerologcausality.Event("x", func(e *zerolog.Event) { e.Str("event_id", "order-42").Int("n", 1) })).Send()
			}
		},
	}.withEach(t, func(t *testing.T, log func(client *causality.Client)) {
		client, rec := adaptertest.NewClient(t)
		log(client)
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		got := rec.Take()
		if len(got) != 2 {
			t.Fatalf("%d events arrived, want 2", len(got))
		}
		for _, e := range got {
			if e.ID != "order-42" {
				t.Errorf("the ID is %q", e.ID)
			}
			adaptertest.WantProps(t, e.Properties, props{"n": int64(1)})
		}
	})
}
