package causality_test

import (
	"context"
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

type tenantKey struct{}

func TestTrackContextAsksForWhatTheEventDoesNotSay(t *testing.T) {
	full := causality.Identity{DeviceID: "d", UserID: "u", SessionID: "s", CorrelationID: "c"}
	ctx := causality.ContextWithIdentity(context.Background(), full)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	tests := []struct {
		name     string
		identity func(context.Context) causality.Identity
		ctx      context.Context
		event    causality.Event
		want     causality.Identity
	}{
		{"all of it", nil, ctx, causality.Event{}, full},
		{"all of it from a context that has ended", nil, ended, causality.Event{}, full},
		{"but not what the event says", nil, ctx, causality.Event{UserID: "mine", DeviceID: "phone"},
			causality.Identity{DeviceID: "phone", UserID: "mine", SessionID: "s", CorrelationID: "c"}},
		{"of a context that carries nothing", nil, context.Background(), causality.Event{UserID: "mine"},
			causality.Identity{DeviceID: "web-3", UserID: "mine"}},
		{"of no context", nil, nil, causality.Event{}, causality.Identity{DeviceID: "web-3"}},
		{"of Config.Identity alone", func(ctx context.Context) causality.Identity {
			return causality.Identity{UserID: ctx.Value(tenantKey{}).(string)}
		}, context.WithValue(ctx, tenantKey{}, "of the tenant"), causality.Event{}, causality.Identity{DeviceID: "web-3", UserID: "of the tenant"}},
		{"of Config.Identity and the context", func(ctx context.Context) causality.Identity {
			return causality.Identity{UserID: "first"}.Or(causality.IdentityFromContext(ctx))
		}, ctx, causality.Event{}, causality.Identity{DeviceID: "d", UserID: "first", SessionID: "s", CorrelationID: "c"}},
		{"of no context, for Config.Identity", func(ctx context.Context) causality.Identity {
			return causality.Identity{UserID: map[bool]string{true: "nobody"}[ctx == context.Background()]}
		}, nil, causality.Event{}, causality.Identity{DeviceID: "web-3", UserID: "nobody"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			client := newClient(t, g, func(cfg *causality.Config) { cfg.Identity = tt.identity })
			tt.event.EventType = "e"
			client.TrackContext(tt.ctx, tt.event)
			flush(t, client)
			if got := identity(g.events()[0]); got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

func identity(e event) causality.Identity {
	text := e.Strings
	return causality.Identity{DeviceID: e.DeviceID, UserID: text["user_id"], SessionID: text["session_id"], CorrelationID: e.CorrelationID}
}

func TestTrackDoesNotAskForAnIdentity(t *testing.T) {
	sent(t, func(cfg *causality.Config) {
		cfg.Identity = func(context.Context) causality.Identity {
			t.Error("Identity was called")
			return causality.Identity{}
		}
	}, causality.Event{EventType: "e"})
}

// ginContext is a context as gin's: a nil one panics.
type ginContext struct{ context.Context }

func (c *ginContext) Value(key any) any { return c.Context.Value(key) }

func TestIdentityThatPanicsCostsTheIdentityAlone(t *testing.T) {
	tests := []struct {
		name     string
		identity func(context.Context) causality.Identity
		ctx      context.Context
	}{
		{"the function", func(context.Context) causality.Identity { panic("no") }, context.Background()},
		{"the context", nil, (*ginContext)(nil)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			var book logbook
			client := newClient(t, g, func(cfg *causality.Config) { cfg.Identity, cfg.Logger = tt.identity, slog.New(&book) })
			for range 3 {
				client.TrackContext(tt.ctx, causality.Event{EventType: "e", UserID: "mine"})
			}
			flush(t, client)
			if got := identity(g.events()[2]); got != (causality.Identity{DeviceID: "web-3", UserID: "mine"}) {
				t.Errorf("%+v", got)
			}
			if s := balanced(t, client); s.Delivered != 3 {
				t.Errorf("%+v", s)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
			if lines := book.about("Config.Identity panicked"); len(lines) == 0 || len(lines) > 2 {
				t.Errorf("%d lines", len(lines))
			}
		})
	}
}

func TestBeforeTrackGetsTheContext(t *testing.T) {
	var seen []any
	g := newGateway(t)
	client := newClient(t, g, func(cfg *causality.Config) {
		cfg.BeforeTrack = func(ctx context.Context, e causality.Event) (causality.Event, bool) {
			seen = append(seen, ctx.Value(tenantKey{}))
			if e.EventType == "of a context" && e.UserID != "u" {
				t.Errorf("the identity is not filled in yet: %+v", e)
			}
			return e, true
		}
	})
	ctx := causality.ContextWithIdentity(context.WithValue(context.Background(), tenantKey{}, "t-1"), causality.Identity{UserID: "u"})
	client.TrackContext(ctx, causality.Event{EventType: "of a context"})
	client.TrackContext(nil, causality.Event{EventType: "of none"}) //lint:ignore SA1012 a logger may have been given no context
	client.Track(causality.Event{EventType: "of none"})
	if len(seen) != 3 || seen[0] != "t-1" || seen[1] != nil || seen[2] != nil {
		t.Errorf("%v", seen)
	}
}
