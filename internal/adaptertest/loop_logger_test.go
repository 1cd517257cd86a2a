//go:build go1.25

package adaptertest_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// loggingContext logs whenever it is asked for a value.
type loggingContext struct {
	context.Context
	log func()
}

func (c loggingContext) Value(key any) any {
	c.log()
	return c.Context.Value(key)
}

// A context may be of a type of the user's, which logs an event with itself.
func TestAContextMayLogAnEvent(t *testing.T) {
	identified := causality.ContextWithIdentity(background, causality.Identity{UserID: "u-1"})
	for name, track := range map[string]func(client *causality.Client, ctx context.Context, eventType string){
		"slog": func(client *causality.Client, ctx context.Context, eventType string) {
			slogTee(client).InfoContext(ctx, "m", "event", eventType)
		},
		"zap": func(client *causality.Client, ctx context.Context, eventType string) {
			zapOnly(client).Info("m", zap.Any("ctx", ctx), zap.String("event", eventType))
		},
		"zerolog": func(client *causality.Client, ctx context.Context, eventType string) {
			l := zerologHook(client)
			l.Info().Ctx(ctx).Str("event", eventType).Msg("m")
		},
		"TrackContext": func(client *causality.Client, ctx context.Context, eventType string) {
			client.TrackContext(ctx, causality.Event{EventType: eventType})
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			var l looper
			ctx := loggingContext{identified, l.call}
			l.log = func(any) { track(client, ctx, "inner") }
			track(client, ctx, "outer")
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), causality.Event{EventType: "outer", UserID: "u-1"})
			if s, called := client.Stats(), l.busy.Load(); called == 0 || called > 100 || s.Dropped.Filtered != called {
				t.Errorf("of the %d events that the context logged: %+v", called, s.Dropped)
			}
		})
	}
}

// zerolog lets the user say how it writes a time and a place. The adapters ask
// these functions as well.
func TestZerologsFunctionsMayLogAnEvent(t *testing.T) {
	timestamp, caller := zerolog.TimestampFunc, zerolog.CallerMarshalFunc
	restore := func() { zerolog.TimestampFunc, zerolog.CallerMarshalFunc = timestamp, caller }
	for _, way := range []struct {
		name string
		make func(client *causality.Client) zerolog.Logger
	}{
		{"hook", func(client *causality.Client) zerolog.Logger { return zerologHook(client) }},
		{"writer", func(client *causality.Client) zerolog.Logger { return zerologWriter(client) }},
	} {
		t.Run(way.name, func(t *testing.T) {
			defer restore()
			client, rec := adaptertest.NewClient(t)
			logger, l := way.make(client), new(looper)
			l.log = func(any) {
				logger.Info().Str("caller", "here").Str("event", "inner").Msg("m")
			}
			zerolog.TimestampFunc = func() time.Time { l.call(); return timestamp() }
			zerolog.CallerMarshalFunc = func(uintptr, string, int) string { l.call(); return "here" }
			logger.Info().Str("caller", "here").Str("event", "outer").Msg("m")
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("outer", nil)...)
			if s, called := client.Stats(), l.busy.Load(); called == 0 || called > 10 || s.Dropped.Filtered != called {
				t.Errorf("of the %d events that the functions logged: %+v", called, s.Dropped)
			}
		})
	}
	t.Run("a panic costs nothing", func(t *testing.T) {
		defer restore()
		client, rec := adaptertest.NewClient(t)
		zerolog.TimestampFunc = func() time.Time { panic("no clock") }
		zerolog.CallerMarshalFunc = func(uintptr, string, int) string { panic("no place") }
		l := zerologHook(client)
		l.Info().Str("caller", "here").Str("event", "x").Msg("m")
		adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("x", props{"caller": "here"})...)
	})
}

// An inner event is counted however it names its type, and no method is called for
// that.
func TestAnInnerEventWhoseTypeHasAMethod(t *testing.T) {
	client, rec := adaptertest.NewClient(t)
	l := new(looper)
	l.log = func(any) { slogOnly(client).Info("m", "event", loggingStringer{l}) }
	slogOnly(client).Info("m", "event", "outer", slog.Any("v", loggingStringer{l}))
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("outer", props{"v": "value"})...)
	if s := client.Stats(); s.Dropped.Filtered != 1 {
		t.Errorf("the inner event: %+v", s.Dropped)
	}
}
