package zerologcausality_test

import (
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

type logFunc = func(l zerolog.Logger)

func TestWhichLinesAreEvents(t *testing.T) {
	checkout := func(e *zerolog.Event) { e.Str("order_id", "o-42").Int("total_cents", 1999) }
	for _, tc := range []struct {
		name string
		log  logFunc
		want []causality.Event
	}{
		{
			name: "a line without the event key is none",
			log:  func(l zerolog.Logger) { l.Info().Str("addr", ":8080").Msg("listening") },
		},
		{
			name: "the event key in the message or in a value is none",
			log: func(l zerolog.Logger) {
				l.Info().Str("s", `"event":"e"`).RawJSON("o", []byte(`{"event":"e"}`)).Msg(`{"event":"e"}`)
			},
		},
		{
			name: "a number, a bool, null or a list under the event key is an ordinary field",
			log: func(l zerolog.Logger) {
				l.Info().Int("event", 7).Send()
				l.Info().Bool("event", true).Send()
				l.Info().Interface("event", nil).Send()
				l.Info().Strs("event", []string{"e"}).Send()
			},
		},
		{
			name: "an object without an event_type is an ordinary field",
			log:  func(l zerolog.Logger) { l.Info().Dict("event", zerolog.Dict().Str("type", "e")).Send() },
		},
		{
			name: "a string under the event key makes every field a property",
			log: func(l zerolog.Logger) {
				l = l.With().Str("service", "checkout").Logger()
				l.Info().Str("event", "purchase_complete").EmbedObject(fields(checkout)).Msg("order placed")
			},
			want: []causality.Event{{EventType: "purchase_complete", Properties: props{
				"service": "checkout", "order_id": "o-42", "total_cents": int64(1999)}}},
		},
		{
			name: "a bound event key makes every line an event",
			log: func(l zerolog.Logger) {
				l = l.With().Str("event", "heartbeat").Logger()
				l.Info().Int("n", 1).Msg("one")
				l.Info().Send()
				l.Info().Str("event", "other").Msg("three")
			},
			want: []causality.Event{
				{EventType: "heartbeat", Properties: props{"n": int64(1)}},
				{EventType: "heartbeat"},
				{EventType: "other"},
			},
		},
		{
			name: "the last of two events on a line wins",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "first").Str("event", "second").Send() },
			want: []causality.Event{{EventType: "second"}},
		},
		{
			name: "Event sends exactly what it lists",
			log: func(l zerolog.Logger) {
				l.Info().Str("email", "ada@example.com").Object("event", zerologcausality.Event("purchase_complete", checkout)).Int("n", 1).Msg("order placed")
			},
			want: []causality.Event{{EventType: "purchase_complete", Properties: props{"order_id": "o-42", "total_cents": int64(1999)}}},
		},
		{
			name: "Event without fields",
			log: func(l zerolog.Logger) {
				l.Info().Str("email", "ada@example.com").Object("event", zerologcausality.Event("ping", nil)).Send()
			},
			want: []causality.Event{{EventType: "ping"}},
		},
		{
			name: "Event bound to the logger",
			log: func(l zerolog.Logger) {
				l = l.With().Object("event", zerologcausality.Event("purchase_complete", checkout)).Logger()
				l.Info().Int("n", 1).Msg("order placed")
			},
			want: []causality.Event{{EventType: "purchase_complete", Properties: props{"order_id": "o-42", "total_cents": int64(1999)}}},
		},
		{
			name: "Event through Interface and Any",
			log: func(l zerolog.Logger) {
				l.Info().Interface("event", zerologcausality.Event("a", nil)).Send()
				l.Info().Any("event", zerologcausality.Event("b", nil)).Send()
			},
			want: []causality.Event{{EventType: "a"}, {EventType: "b"}},
		},
		{
			name: "the group form by hand",
			log: func(l zerolog.Logger) {
				l.Info().Int("n", 1).Dict("event", zerolog.Dict().Str("order_id", "o-42").Str("event_type", "purchase_complete")).Msg("order placed")
				l.Info().RawJSON("event", []byte(`{ "event_type": "signup", "plan": {"name": "pro"} }`)).Send()
			},
			want: []causality.Event{
				{EventType: "purchase_complete", Properties: props{"order_id": "o-42"}},
				{EventType: "signup", Properties: props{"plan_name": "pro"}},
			},
		},
		{
			name: "an empty key inlines its object, as slog does with a group",
			log: func(l zerolog.Logger) {
				l.Info().Dict("", zerolog.Dict().Str("event", "e").Int("n", 1)).Send()
			},
			want: []causality.Event{{EventType: "e", Properties: props{"n": int64(1)}}},
		},
		{
			name: "the last of two equal keys wins, whatever their kinds",
			log: func(l zerolog.Logger) {
				l = l.With().Str("k", "bound").Logger()
				l.Info().Str("event", "e").Int("k", 1).Str("k", "two").Int("a.b", 1).Bool("a_b", true).Send()
			},
			want: []causality.Event{{EventType: "e", Properties: props{"k": "two", "a_b": true}}},
		},
		{
			name: "objects flatten with an underscore, lists are their JSON text, null is left out",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").
					Dict("http", zerolog.Dict().Str("method", "GET").Dict("route", zerolog.Dict().Str("na.me", "cart")).Dict("none", zerolog.Dict())).
					Strs("tags", []string{"a", "b"}).
					RawJSON("list", []byte(`[ 1, {"a": [ true ] } ]`)).
					Interface("nil", nil).Send()
			},
			want: []causality.Event{{EventType: "e", Properties: props{
				"http_method": "GET", "http_route_na_me": "cart", "tags": `["a","b"]`, "list": `[1,{"a":[true]}]`}}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				wantEvents(t, logged(tc.log), tc.want...)
			})
		})
	}
}

// fields is an object made of one function.
type fields func(*zerolog.Event)

func (f fields) MarshalZerologObject(e *zerolog.Event) { f(e) }

func TestWithEventKeys(t *testing.T) {
	for _, tc := range []struct {
		name string
		key  string
		log  logFunc
		want []causality.Event
	}{
		{
			name: "it replaces the plain key",
			key:  "track",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Send()
				l.Info().Str("track", "t").Str("event", "e").Send()
			},
			want: []causality.Event{{EventType: "t", Properties: props{"event": "e"}}},
		},
		{
			name: "the group form stays under event",
			key:  "track",
			log: func(l zerolog.Logger) {
				l.Info().Object("track", zerologcausality.Event("t", nil)).Send()
				l.Info().Object("event", zerologcausality.Event("e", nil)).Send()
			},
			want: []causality.Event{{EventType: "e"}},
		},
		{
			name: "a key that needs an escape",
			key:  "the \"event\"\n",
			log:  func(l zerolog.Logger) { l.Info().Str("the \"event\"\n", "e").Int("n", 1).Send() },
			want: []causality.Event{{EventType: "e", Properties: props{"n": int64(1)}}},
		},
		{
			name: "a key that is not ASCII",
			key:  "événement\u2028",
			log:  func(l zerolog.Logger) { l.Info().Str("événement\u2028", "e").Send() },
			want: []causality.Event{{EventType: "e"}},
		},
		{
			name: "a key with a delete character",
			key:  "a\x7fb",
			log:  func(l zerolog.Logger) { l.Info().Str("a\x7fb", "e").Send() },
			want: []causality.Event{{EventType: "e"}},
		},
		{
			name: "an empty key is none, so the group form alone is an event",
			key:  "",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Str("", "f").Send()
				l.Info().Object("event", zerologcausality.Event("g", nil)).Send()
			},
			want: []causality.Event{{EventType: "g"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				wantEvents(t, logged(tc.log, zerologcausality.WithEventKeys(tc.key)), tc.want...)
			})
		})
	}
}

func TestIdentityOnTheLine(t *testing.T) {
	withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
		wantEvents(t, logged(func(l zerolog.Logger) {
			l = l.With().Str("user_id", "bound").Str("session_id", "s-1").Logger()
			l.Info().Str("event", "plain").Str("user_id", "u-2").Str("device_id", "kiosk").Send()
			l.Info().Str("event", "number").Int("user_id", 7).Str("correlation_id", "req-7").Send()
			l.Info().Str("user_id", "line").Object("event", zerologcausality.Event("group", func(e *zerolog.Event) {
				e.Str("user_id", "member").Int("n", 1)
			})).Send()
		}),
			causality.Event{EventType: "plain", UserID: "u-2", SessionID: "s-1", DeviceID: "kiosk"},
			causality.Event{EventType: "number", UserID: "7", SessionID: "s-1", CorrelationID: "req-7"},
			causality.Event{EventType: "group", UserID: "member", SessionID: "s-1", Properties: props{"n": int64(1)}},
		)
	})
}
