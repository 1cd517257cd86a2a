package slogcausality_test

import (
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// Where the event attribute is allowed, and which of several counts.
func TestPlaceOfTheEvent(t *testing.T) {
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
		want causality.Event
	}{
		{
			"the plain form sends every attribute of the line, bound ones too",
			func(l *slog.Logger) { l.With("a", 1).Info("m", "b", 2, "event", "x", "c", 3) },
			causality.Event{EventType: "x", Properties: props{"a": int64(1), "b": int64(2), "c": int64(3)}},
		},
		{
			"an event without attributes has no properties",
			func(l *slog.Logger) { l.Info("m", "event", "x") },
			causality.Event{EventType: "x"},
		},
		{
			"the message is not a property",
			func(l *slog.Logger) { l.Info("order placed", "event", "x") },
			causality.Event{EventType: "x"},
		},
		{
			"a bound event makes every line an event",
			func(l *slog.Logger) { l.With("event", "x", "a", 1).Info("m", "b", 2) },
			causality.Event{EventType: "x", Properties: props{"a": int64(1), "b": int64(2)}},
		},
		{
			"a bound event needs nothing on the record",
			func(l *slog.Logger) { l.With("event", "x").Info("m") },
			causality.Event{EventType: "x"},
		},
		{
			"the record's event wins over a bound one",
			func(l *slog.Logger) { l.With("event", "bound").Info("m", "event", "own") },
			causality.Event{EventType: "own"},
		},
		{
			"the record's plain form wins over a bound group form",
			func(l *slog.Logger) {
				l.With(slogcausality.Event("bound", slog.Int("a", 1))).Info("m", "event", "own", "b", 2)
			},
			causality.Event{EventType: "own", Properties: props{"b": int64(2)}},
		},
		{
			"the record's group form wins over a bound plain form",
			func(l *slog.Logger) {
				l.With("event", "bound", "a", 1).Info("m", slogcausality.Event("own", slog.Int("b", 2)))
			},
			causality.Event{EventType: "own", Properties: props{"b": int64(2)}},
		},
		{
			"the event bound later wins",
			func(l *slog.Logger) { l.With("event", "first").With("event", "second").Info("m") },
			causality.Event{EventType: "second"},
		},
		{
			"an event bound outside WithGroup is found inside",
			func(l *slog.Logger) { l.With("event", "x").WithGroup("g").Info("m", "a", 1) },
			causality.Event{EventType: "x", Properties: props{"g_a": int64(1)}},
		},
		{
			"an event bound inside WithGroup is found",
			func(l *slog.Logger) { l.WithGroup("g").With("event", "x").Info("m", "a", 1) },
			causality.Event{EventType: "x", Properties: props{"g_a": int64(1)}},
		},
		{
			"an event logged inside WithGroup is found",
			func(l *slog.Logger) { l.WithGroup("g").WithGroup("h").Info("m", "event", "x", "a", 1) },
			causality.Event{EventType: "x", Properties: props{"g_h_a": int64(1)}},
		},
		{
			"of two plain events on one line the last wins",
			func(l *slog.Logger) { l.Info("m", "event", "first", "a", 1, "event", "second") },
			causality.Event{EventType: "second", Properties: props{"a": int64(1)}},
		},
		{
			"of two group forms on one line the last wins, whole",
			func(l *slog.Logger) {
				l.Info("m",
					slogcausality.Event("first", slog.Int("a", 1), slog.String("user_id", "u-1")),
					slogcausality.Event("second", slog.Int("b", 2)))
			},
			causality.Event{EventType: "second", Properties: props{"b": int64(2)}},
		},
		{
			"a plain form after a group form wins",
			func(l *slog.Logger) {
				l.Info("m", slogcausality.Event("first", slog.Int("a", 1)), "event", "second", "b", 2)
			},
			causality.Event{EventType: "second", Properties: props{"b": int64(2)}},
		},
		{
			"a group form after a plain form wins",
			func(l *slog.Logger) {
				l.Info("m", "event", "first", "b", 2, slogcausality.Event("second", slog.Int("a", 1)))
			},
			causality.Event{EventType: "second", Properties: props{"a": int64(1)}},
		},
		{
			"a group form is not undone by a group that is none",
			func(l *slog.Logger) {
				l.Info("m", slogcausality.Event("x", slog.Int("a", 1)), slog.Group("event", "b", 2, "c", 3, "d", 4))
			},
			causality.Event{EventType: "x", Properties: props{"a": int64(1)}},
		},
		{
			"the last event_type of a group wins",
			func(l *slog.Logger) { l.Info("m", slog.Group("event", "event_type", "first", "event_type", "second")) },
			causality.Event{EventType: "second"},
		},
		{
			"an event in a group without a name is the record's own",
			func(l *slog.Logger) { l.Info("m", slog.Group("", "event", "x", "user_id", "u-1", "a", 1)) },
			causality.Event{EventType: "x", UserID: "u-1", Properties: props{"a": int64(1)}},
		},
		{
			"an event in a nest of groups without names is the record's own",
			func(l *slog.Logger) { l.Info("m", slog.Group("", slog.Group("", "event", "x"))) },
			causality.Event{EventType: "x"},
		},
		{
			"an event in a bound group without a name is the logger's own",
			func(l *slog.Logger) { l.With(slog.Group("", "event", "x", "a", 1)).Info("m") },
			causality.Event{EventType: "x", Properties: props{"a": int64(1)}},
		},
		{
			"an event in a LogValuer's group without a name is the record's own",
			func(l *slog.Logger) {
				group := slog.GroupValue(slog.String("event", "x"), slog.String("user_id", "u-1"), slog.Int("a", 1))
				l.Info("m", slog.Any("", valuer(func() slog.Value { return group })))
			},
			causality.Event{EventType: "x", UserID: "u-1", Properties: props{"a": int64(1)}},
		},
		{
			"a LogValuer that gives a group of itself ends",
			func(l *slog.Logger) {
				self := valuer(nil)
				self = func() slog.Value { return slog.GroupValue(slog.Int("a", 1), slog.Any("", self)) }
				l.Info("m", "event", "x", slog.Any("", self))
			},
			causality.Event{EventType: "x", Properties: props{"a": int64(1), "": "!ERROR: nested too deep"}},
		},
		{
			"WithGroup without a name opens no group",
			func(l *slog.Logger) { l.WithGroup("").Info("m", "event", "x", "a", 1) },
			causality.Event{EventType: "x", Properties: props{"a": int64(1)}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) { wantEvent(t, loggedOne(t, tc.log), tc.want) })
	}

	t.Run("a line without an event attribute is no event", func(t *testing.T) {
		wantEvents(t, logged(t, func(l *slog.Logger) {
			l.Info("event")
			l.Info("m", "a", 1, "Event", "x", "events", "y")
			l.With("a", 1).WithGroup("events").Info("m", "event_type", "x")
			l.Info("m", slog.Group("", "a", 1), slog.Attr{})
		}))
	})
}

func TestWithEventKeys(t *testing.T) {
	key := slogcausality.WithEventKeys("track")
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
		want []causality.Event
	}{
		{
			"a string under the key is an event",
			func(l *slog.Logger) { l.Info("m", "track", "x", "a", 1) },
			[]causality.Event{{EventType: "x", Properties: props{"a": int64(1)}}},
		},
		{
			"a string under \"event\" is no event",
			func(l *slog.Logger) { l.Info("m", "event", "x") },
			nil,
		},
		{
			"a string under \"event\" is an ordinary attribute",
			func(l *slog.Logger) { l.Info("m", "event", "x", "track", "y") },
			[]causality.Event{{EventType: "y", Properties: props{"event": "x"}}},
		},
		{
			"the group form stays under \"event\"",
			func(l *slog.Logger) { l.Info("m", slogcausality.Event("x", slog.Int("a", 1))) },
			[]causality.Event{{EventType: "x", Properties: props{"a": int64(1)}}},
		},
		{
			"the group form under the key is no event",
			func(l *slog.Logger) { l.Info("m", slog.Group("track", "event_type", "x")) },
			nil,
		},
		{
			"a bound key is found",
			func(l *slog.Logger) { l.With("track", "x").WithGroup("g").Info("m") },
			[]causality.Event{{EventType: "x"}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) { wantEvents(t, logged(t, tc.log, key), tc.want...) })
	}

	t.Run("an identity key as the event key is the event", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "user_id", "x") }, slogcausality.WithEventKeys("user_id"))
		wantEvent(t, got, causality.Event{EventType: "x"})
	})
}
