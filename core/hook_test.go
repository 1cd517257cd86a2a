package causality_test

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestReplaceAttr(t *testing.T) {
	all := causality.Event{EventType: "e", UserID: "u-1",
		Properties: map[string]any{"name": "Ada", "password": "hunter2", "card": map[string]any{"number": "4242", "holder": map[string]any{"name": "Ada"}}},
		Attrs:      []slog.Attr{slog.Int("n", 1), slog.Group("req", slog.String("token", "t-1"), slog.Any("by", valuer(func() slog.Value { return slog.GroupValue(slog.String("token", "t-2")) })))},
	}
	kept := map[string]string{
		"user_id": "string u-1", "name": "string Ada", "password": "string hunter2", "card_number": "string 4242", "card_holder_name": "string Ada",
		"n": "int 1", "req_token": "string t-1", "req_by_token": "string t-2",
	}
	but := func(change map[string]string) map[string]string {
		want := maps.Clone(kept)
		for key, v := range change {
			if want[key] = v; v == "" {
				delete(want, key)
			}
		}
		return want
	}
	tests := []struct {
		name    string
		replace func(groups []string, a slog.Attr) slog.Attr
		want    map[string]string
		dropped int64
	}{
		{"that changes nothing", func(_ []string, a slog.Attr) slog.Attr { return a }, kept, 0},
		{"drops", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "password" || a.Key == "token" {
				return slog.Attr{}
			}
			return a
		}, but(map[string]string{"password": "", "req_token": "", "req_by_token": ""}), 0},
		{"renames", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "n" {
				a.Key = "count.all"
			}
			return a
		}, but(map[string]string{"n": "", "count_all": "int 1"}), 0},
		{"redacts in a nested map by its group", func(groups []string, a slog.Attr) slog.Attr {
			if slices.Equal(groups, []string{"card"}) && a.Key == "number" {
				a.Value = slog.StringValue("****")
			}
			return a
		}, but(map[string]string{"card_number": "string ****"}), 0},
		{"redacts a map whole", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "card" {
				a.Value = slog.StringValue("****")
			}
			return a
		}, but(map[string]string{"card": "string ****", "card_number": "", "card_holder_name": ""}), 0},
		{"knows the groups around", func(groups []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() == slog.KindString {
				a.Value = slog.StringValue(strings.Join(groups, "/"))
			}
			return a
		}, map[string]string{"user_id": "string u-1", "name": "string ", "password": "string ", "card_number": "string card", "card_holder_name": "string card/holder",
			"n": "int 1", "req_token": "string req", "req_by_token": "string req/by"}, 0},
		{"makes a group", func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == "n" && len(groups) == 0 {
				a.Value = slog.GroupValue(slog.Int("n", 2), slog.Bool("even", true))
			}
			return a
		}, but(map[string]string{"n": "", "n_n": "int 2", "n_even": "bool true"}), 0},
		{"returns what must be resolved", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "n" {
				a.Value = slog.AnyValue(valuer(func() slog.Value { return slog.StringValue("late") }))
			}
			return a
		}, but(map[string]string{"n": "string late"}), 0},
		{"panics", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "token" || a.Key == "card" {
				panic("no")
			}
			return a
		}, but(map[string]string{"req_token": "", "req_by_token": "", "card_number": "", "card_holder_name": ""}), 3},
		{"drops everything", func([]string, slog.Attr) slog.Attr { return slog.Attr{} }, map[string]string{"user_id": "string u-1"}, 0},
		{"takes a name that the event uses", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "n" {
				a.Key = "user_id"
			}
			return a
		}, but(map[string]string{"n": "", "user_id_2": "int 1"}), 0},
		{"never ends", func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "n" {
				a.Value = slog.GroupValue(slog.Int("n", 1))
			}
			return a
		}, but(map[string]string{"n": "", "n" + strings.Repeat("_n", 64): "string !ERROR: nested too deep"}), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			client := newClient(t, g, func(cfg *causality.Config) { cfg.ReplaceAttr = tt.replace })
			client.Track(all)
			flush(t, client)
			if got := g.events()[0].params(); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
			if s := client.Stats(); s.Properties.Dropped != tt.dropped {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestReplaceAttrIsNotCalledForAGroupItself(t *testing.T) {
	var seen []string
	sent(t, func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			seen = append(seen, strings.Join(append(slices.Clone(groups), a.Key), "/")+" "+a.Value.Kind().String())
			return a
		}
	}, causality.Event{EventType: "e", Attrs: []slog.Attr{
		slog.Group("g", slog.Int("a", 1), slog.Group("h", slog.Int("b", 2))),
		slog.Any("v", valuer(func() slog.Value { return slog.GroupValue(slog.Int("c", 3)) })),
	}})
	if want := []string{"g/a Int64", "g/h/b Int64", "v/c Int64"}; !slices.Equal(seen, want) {
		t.Errorf("called for %q, want %q", seen, want)
	}
}

func TestBeforeTrack(t *testing.T) {
	tests := []struct {
		name   string
		before func(context.Context, causality.Event) (causality.Event, bool)
		want   []string // the types that are sent
		drops  causality.Drops
	}{
		{"lets all through", func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, true }, []string{"a", "b"}, causality.Drops{}},
		{"refuses some", func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, e.EventType != "a" }, []string{"b"}, causality.Drops{Filtered: 1}},
		{"renames", func(_ context.Context, e causality.Event) (causality.Event, bool) { e.EventType += "2"; return e, true }, []string{"a2", "b2"}, causality.Drops{}},
		{"makes one invalid", func(_ context.Context, e causality.Event) (causality.Event, bool) {
			if e.EventType == "a" {
				e.EventType = ""
			}
			return e, true
		}, []string{"b"}, causality.Drops{Invalid: 1}},
		{"panics", func(_ context.Context, e causality.Event) (causality.Event, bool) {
			if e.EventType == "a" {
				panic("no consent to be had")
			}
			return e, true
		}, []string{"b"}, causality.Drops{Filtered: 1}},
		{"empties what is filled in again", func(_ context.Context, e causality.Event) (causality.Event, bool) {
			return causality.Event{EventType: e.EventType}, true
		}, []string{"a", "b"}, causality.Drops{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			client := newClient(t, g, func(cfg *causality.Config) { cfg.BeforeTrack = tt.before })
			client.Track(causality.Event{EventType: "a", UserID: "u"})
			client.Track(causality.Event{EventType: "b", UserID: "u"})
			flush(t, client)
			var got []string
			for _, e := range g.events() {
				got = append(got, e.Name)
			}
			if s := balanced(t, client); !slices.Equal(got, tt.want) || s.Dropped != tt.drops {
				t.Errorf("sent %q, %+v", got, s)
			}
		})
	}
}

func TestBeforeTrackSeesTheDefaultsFilledIn(t *testing.T) {
	var seen causality.Event
	got := sent(t, func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			seen = e
			e.UserID, e.SessionID, e.CorrelationID = "changed", "s", "c"
			e.Attrs = append(slices.Clone(e.Attrs), slog.Bool("enriched", true))
			return e, true
		}
	}, causality.Event{EventType: "e", UserID: "u", Attrs: []slog.Attr{slog.Int("a", 1)}})
	if seen.AppID != "checkout" || seen.DeviceID != "web-3" || seen.TimestampMs <= 0 || seen.UserID != "u" || len(seen.Attrs) != 1 {
		t.Errorf("%+v", seen)
	}
	want := map[string]string{"user_id": "string changed", "session_id": "string s", "a": "int 1", "enriched": "bool true"}
	if params := got[0].params(); !maps.Equal(params, want) || got[0].CorrelationID != "c" {
		t.Errorf("%v", params)
	}
}

// A user's method may itself log, and so track. That event would be given to the
// method as well.
func TestTrackFromWithinTrackIsDropped(t *testing.T) {
	var client *causality.Client
	inside := func() {
		client.Track(causality.Event{EventType: "inside", Attrs: []slog.Attr{slog.String("where", "inside")}})
	}
	called := false
	g := newGateway(t)
	client = newClient(t, g, func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
			if !called {
				called = true
				inside()
			}
			return a
		}
	})
	client.Track(causality.Event{EventType: "outside", Attrs: []slog.Attr{
		slog.Int("a", 1), slog.Any("b", valuer(func() slog.Value { inside(); return slog.IntValue(2) })), slog.Int("c", 3),
	}})
	flush(t, client)
	var got []string
	for _, e := range g.events() {
		got = append(got, e.Name+" "+fmt.Sprint(e.params()))
	}
	if want := []string{"outside map[a:int 1 b:int 2 c:int 3]"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	if s := client.Stats(); s.Tracked != 3 || s.Dropped.Filtered != 2 {
		t.Errorf("%+v", s)
	}
}

func TestIdentityInAContext(t *testing.T) {
	full := causality.Identity{DeviceID: "d", UserID: "u", SessionID: "s", CorrelationID: "c"}
	ctx := context.Background()
	if id := causality.IdentityFromContext(ctx); id != (causality.Identity{}) {
		t.Errorf("an empty context has %+v", id)
	}
	//lint:ignore SA1012 a logger may be given no context
	if id := causality.IdentityFromContext(nil); id != (causality.Identity{}) {
		t.Errorf("no context has %+v", id)
	}
	outer := causality.ContextWithIdentity(ctx, full)
	inner := causality.ContextWithIdentity(outer, causality.Identity{UserID: "u-2"})
	if id := causality.IdentityFromContext(inner); id != (causality.Identity{DeviceID: "d", UserID: "u-2", SessionID: "s", CorrelationID: "c"}) {
		t.Errorf("the inner context has %+v", id)
	}
	if id := causality.IdentityFromContext(outer); id != full {
		t.Errorf("the outer context has %+v", id)
	}
	if id := (causality.Identity{}).Or(full); id != full {
		t.Errorf("nothing or all is %+v", id)
	}
}
