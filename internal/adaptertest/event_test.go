package adaptertest_test

import (
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

type shown string

func (s shown) String() string { return string(s) }

type text string

func (t text) MarshalText() ([]byte, error) { return []byte(t), nil }

// A line names an event where its event key has text for a value, however a logger
// was given it: the line does not tell one from the other.
func TestWhatNamesAnEvent(t *testing.T) {
	name := "order_placed"
	want := one(name, props{"n": int64(1)})
	for _, tc := range []struct {
		name string
		calls
	}{
		{"a string", calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", name, "n", 1) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.String("event", name), zap.Int("n", 1)) },
			zerolog: func(l zerolog.Logger) { l.Info().Str("event", name).Int("n", 1).Msg("m") },
		}},
		{"a pointer to a string", calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", &name, "n", 1) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.Stringp("event", &name), zap.Int("n", 1)) },
			zerolog: func(l zerolog.Logger) { l.Info().Any("event", &name).Int("n", 1).Msg("m") },
		}},
		{"a reflected pointer to a string", calls{
			zap: func(l *zap.Logger) { l.Info("m", zap.Reflect("event", &name), zap.Int("n", 1)) },
		}},
		{"a Stringer", calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", shown(name), "n", 1) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.Stringer("event", shown(name)), zap.Int("n", 1)) },
			zerolog: func(l zerolog.Logger) { l.Info().Stringer("event", shown(name)).Int("n", 1).Msg("m") },
		}},
		{"an error", calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", errors.New(name), "n", 1) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.NamedError("event", errors.New(name)), zap.Int("n", 1)) },
			zerolog: func(l zerolog.Logger) { l.Info().AnErr("event", errors.New(name)).Int("n", 1).Msg("m") },
		}},
		{"a TextMarshaler", calls{
			slog:    func(l *slog.Logger) { l.Info("m", "event", text(name), "n", 1) },
			zap:     func(l *zap.Logger) { l.Info("m", zap.Reflect("event", text(name)), zap.Int("n", 1)) },
			zerolog: func(l zerolog.Logger) { l.Info().Any("event", text(name)).Int("n", 1).Msg("m") },
		}},
		{"the group form with such a type", calls{
			slog: func(l *slog.Logger) { l.Info("m", slog.Group("event", "event_type", shown(name), "n", 1), "x", 2) },
			zap: func(l *zap.Logger) {
				l.Info("m", zap.Dict("event", zap.Stringer("event_type", shown(name)), zap.Int("n", 1)), zap.Int("x", 2))
			},
			zerolog: func(l zerolog.Logger) {
				l.Info().Dict("event", zerolog.Dict().Stringer("event_type", shown(name)).Int("n", 1)).Int("x", 2).Msg("m")
			},
		}},
		// On the line it is the group form.
		{"an open group event", calls{
			slog: func(l *slog.Logger) {
				l.With("x", 2).WithGroup("event").Info("m", "event_type", name, "n", 1)
			},
			zap: func(l *zap.Logger) {
				l.With(zap.Int("x", 2), zap.Namespace("event")).Info("m", zap.String("event_type", name), zap.Int("n", 1))
				l.Info("m", zap.Int("x", 2), zap.Namespace("event"), zap.String("event_type", name), zap.Int("n", 1))
			},
			zerolog: func(l zerolog.Logger) {
				l.Info().Int("x", 2).Dict("event", zerolog.Dict().Str("event_type", name).Int("n", 1)).Msg("m")
			},
		}},
		{"an open group event in another", calls{
			slog: func(l *slog.Logger) {
				l.WithGroup("req").With("x", 2).WithGroup("event").With("event_type", name).Info("m", "n", 1)
			},
			zap: func(l *zap.Logger) {
				l.With(zap.Namespace("req"), zap.Int("x", 2), zap.Namespace("event"), zap.String("event_type", name)).Info("m", zap.Int("n", 1))
			},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.withEach(t, func(t *testing.T, log func(client *causality.Client)) {
				client, rec := adaptertest.NewClient(t)
				log(client)
				got := adaptertest.Stored(t, client, rec)
				if len(got) == 0 {
					t.Fatal("no event arrived")
				}
				for _, e := range got {
					adaptertest.WantEvent(t, e, want[0])
				}
			})
		})
	}
}

type pointsToItself *pointsToItself

// A value without an end under the event key is an attribute that cannot be read.
func TestAPointerToItselfNamesNoEvent(t *testing.T) {
	if strings.Contains(runtime.Version(), "jsonv2") {
		t.Skip("the logger's own encoding/json v2 overflows the stack at it")
	}
	var p pointsToItself
	p = &p
	calls{
		slog: func(l *slog.Logger) { l.With("event", "bound").Info("m", "event", p) },
		zap: func(l *zap.Logger) {
			l.With(zap.String("event", "bound")).Info("m", zap.Reflect("event", p))
		},
	}.want(t, one("bound", props{"event": "!ERROR: contains itself"}))
}

func TestAGroupInAnOpenGroupEventIsAProperty(t *testing.T) {
	calls{
		slog: func(l *slog.Logger) {
			l = l.WithGroup("event").With("event_type", "x").WithGroup("cart")
			l.Info("m", "items", 2, "event_type", "of the cart", "user_id", "u-1")
		},
		zap: func(l *zap.Logger) {
			l = l.With(zap.Namespace("event"), zap.String("event_type", "x"), zap.Namespace("cart"))
			l.Info("m", zap.Int("items", 2), zap.String("event_type", "of the cart"), zap.String("user_id", "u-1"))
		},
	}.want(t, []causality.Event{{EventType: "x", UserID: "u-1", Properties: props{"cart_items": int64(2), "cart_event_type": "of the cart"}}})

	// One in which the type is not a member of the group itself.
	calls{
		slog: func(l *slog.Logger) { l.WithGroup("event").WithGroup("cart").Info("m", "event_type", "x") },
		zap: func(l *zap.Logger) {
			l.With(zap.Namespace("event"), zap.Namespace("cart")).Info("m", zap.String("event_type", "x"))
		},
	}.want(t, nil)
}

// The key of OpenTelemetry's log bridges names an event by default, so that one
// log call is one for both.
func TestOTelEventName(t *testing.T) {
	const key = "otel.event.name"
	want := []causality.Event{
		{EventType: "shop.order.placed", Properties: props{"n": int64(1)}},
		{EventType: "bound", Properties: props{"n": int64(2)}},
		{EventType: "order_placed", Properties: props{"otel_event_name": "shop.order.placed"}},
		{EventType: "order_placed", Properties: props{"otel_event_name": "shop.order.placed"}},
		{EventType: "bound_event", Properties: props{"otel_event_name": "shop.order.placed"}},
		{EventType: "order_placed", Properties: props{"otel_event_name": "bound"}},
		{EventType: "shop.order.placed", Properties: props{"event": int64(7)}},
		{EventType: "listed", Properties: props{"n": int64(3)}},
	}
	calls{
		slog: func(l *slog.Logger) {
			l.Info("m", key, "shop.order.placed", "n", 1)
			l.With(key, "bound").Info("m", "n", 2)
			l.Info("m", "event", "order_placed", key, "shop.order.placed")
			l.Info("m", key, "shop.order.placed", "event", "order_placed")
			l.With("event", "bound_event").Info("m", key, "shop.order.placed")
			l.With(key, "bound").Info("m", "event", "order_placed")
			l.Info("m", key, "shop.order.placed", "event", 7)
			l.Info("m", key, "shop.order.placed", slogcausality.Event("listed", slog.Int("n", 3)))
		},
		zap: func(l *zap.Logger) {
			otel := zap.String(key, "shop.order.placed")
			l.Info("m", otel, zap.Int("n", 1))
			l.With(zap.String(key, "bound")).Info("m", zap.Int("n", 2))
			l.Info("m", zap.String("event", "order_placed"), otel)
			l.Info("m", otel, zap.String("event", "order_placed"))
			l.With(zap.String("event", "bound_event")).Info("m", otel)
			l.With(zap.String(key, "bound")).Info("m", zap.String("event", "order_placed"))
			l.Info("m", otel, zap.Int("event", 7))
			l.Info("m", otel, zapcausality.Event("listed", zap.Int("n", 3)))
		},
		zerolog: func(l zerolog.Logger) {
			l.Info().Str(key, "shop.order.placed").Int("n", 1).Send()
			bound := l.With().Str(key, "bound").Logger()
			bound.Info().Int("n", 2).Send()
			l.Info().Str("event", "order_placed").Str(key, "shop.order.placed").Send()
			l.Info().Str(key, "shop.order.placed").Str("event", "order_placed").Send()
			boundEvent := l.With().Str("event", "bound_event").Logger()
			boundEvent.Info().Str(key, "shop.order.placed").Send()
			bound.Info().Str("event", "order_placed").Send()
			l.Info().Str(key, "shop.order.placed").Int("event", 7).Send()
			l.Info().Str(key, "shop.order.placed").Object("event", zerologcausality.Event("listed", func(e *zerolog.Event) { e.Int("n", 3) })).Send()
		},
	}.want(t, want)
}

func TestWithEventKeys(t *testing.T) {
	log := calls{
		slog: func(l *slog.Logger) {
			l.Info("m", "event", "mousemove", "track", "t", "a.b", "dotted")
			l.Info("m", slogcausality.Event("listed"))
		},
		zap: func(l *zap.Logger) {
			l.Info("m", zap.String("event", "mousemove"), zap.String("track", "t"), zap.String("a.b", "dotted"))
			l.Info("m", zapcausality.Event("listed"))
		},
		zerolog: func(l zerolog.Logger) {
			l.Info().Str("event", "mousemove").Str("track", "t").Str("a.b", "dotted").Msg("m")
			l.Info().Object("event", zerologcausality.Event("listed", nil)).Msg("m")
		},
	}
	listed := causality.Event{EventType: "listed"}
	for _, tc := range []struct {
		name string
		keys []string
		want []causality.Event
	}{
		{"the first of them that names an event counts", []string{"none", "track", "event"}, []causality.Event{
			{EventType: "t", Properties: props{"event": "mousemove", "a_b": "dotted"}}, listed}},
		{"in their order, not in the line's", []string{"a.b", "track", "event"}, []causality.Event{
			{EventType: "dotted", Properties: props{"event": "mousemove", "track": "t"}}, listed}},
		{"none of them leaves the group form", nil, []causality.Event{listed}},
		{"an empty one is none", []string{""}, []causality.Event{listed}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			log.slog(slogTee(client, slogcausality.WithEventKeys(tc.keys...)))
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), tc.want...)
			log.zap(zapTee(client, zapcausality.WithEventKeys(tc.keys...)))
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), tc.want...)
			log.zerolog(zerologHook(client, zerologcausality.WithEventKeys(tc.keys...)))
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), tc.want...)
			log.zerolog(zerologWriter(client, zerologcausality.WithEventKeys(tc.keys...)))
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), tc.want...)
		})
	}
}
