package slogcausality_test

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// What under "event" makes a record an event in the plain form.
func TestPlainForm(t *testing.T) {
	text := "login"
	for _, tc := range []struct {
		name  string
		value any
	}{
		{"a string", "login"},
		{"a named string", eventName("login")},
		{"a LogValuer that gives a string", valuer(func() slog.Value { return slog.StringValue("login") })},
		{"a LogValuer that gives a named string", valuer(func() slog.Value { return slog.AnyValue(eventName("login")) })},
		{"a pointer to a string", &text},
		{"a Stringer", shown{"login"}},
		{"an error", errors.New("login")},
		{"a LogValuer that gives a Stringer", valuer(func() slog.Value { return slog.AnyValue(shown{"login"}) })},
		{"a LogValuer that gives an error", valuer(func() slog.Value { return slog.AnyValue(errors.New("login")) })},
		{"a LogValuer that gives another", valuer(func() slog.Value {
			return slog.AnyValue(valuer(func() slog.Value { return slog.StringValue("login") }))
		})},
	} {
		t.Run(tc.name+" is the event's type", func(t *testing.T) {
			got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", tc.value, "n", 1) })
			wantEvent(t, got, causality.Event{EventType: "login", Properties: props{"n": int64(1)}})
		})
	}

	loop := valuer(nil)
	loop = func() slog.Value { return slog.AnyValue(loop) }
	for _, tc := range []struct {
		name  string
		value any
		as    any // the property that comes of it
	}{
		{"an int", 7, int64(7)},
		{"a float", 1.5, 1.5},
		{"a bool", true, true},
		{"nil", nil, nil},
		{"a duration", time.Second, 1000.0},
		{"a time", time.Unix(0, 0), "1970-01-01T00:00:00Z"},
		{"a []byte", []byte("login"), "bG9naW4="},
		{"a slice of strings", []string{"login"}, `["login"]`},
		{"a LogValuer that panics", valuer(func() slog.Value { panic("login") }), "!PANIC: login"},
		{"a LogValuer that never ends", loop, "!ERROR: nested too deep"},
	} {
		t.Run(tc.name+" is no event", func(t *testing.T) {
			wantEvents(t, logged(t, func(l *slog.Logger) { l.Info("m", "event", tc.value, "n", 1) }))
		})
		t.Run(tc.name+" is an ordinary attribute", func(t *testing.T) {
			want := causality.Event{EventType: "bound", Properties: props{"n": int64(1)}}
			if tc.as != nil {
				want.Properties["event"] = tc.as
			}
			got := loggedOne(t, func(l *slog.Logger) { l.With("event", "bound").Info("m", "event", tc.value, "n", 1) })
			wantEvent(t, got, want)
		})
	}
}

func TestAnAttributeThatIsNoEventIsReadOnce(t *testing.T) {
	asked := 0
	count := valuer(func() slog.Value { asked++; return slog.IntValue(7) })
	loggedOne(t, func(l *slog.Logger) { l.With("event", "bound").Info("m", "event", count) })
	if asked != 1 {
		t.Errorf("LogValue was called %d times, want 1", asked)
	}
}

// What under "event" makes a record an event in the group form.
func TestGroupForm(t *testing.T) {
	type order struct {
		Type string `json:"event_type"`
		ID   string `json:"order_id"`
	}
	type ptr = *order
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
	}{
		{"built by Event", func(l *slog.Logger) {
			l.Info("m", slogcausality.Event("purchase", slog.String("order_id", "o-1")), "n", 1)
		}},
		{"built by Event for LogAttrs", func(l *slog.Logger) {
			l.LogAttrs(t.Context(), slog.LevelInfo, "m", slogcausality.Event("purchase", slog.String("order_id", "o-1")), slog.Int("n", 1))
		}},
		{"a group written by hand", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", "event_type", "purchase", "order_id", "o-1"), "n", 1)
		}},
		{"a group whose type comes last", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", "order_id", "o-1", "event_type", "purchase"), "n", 1)
		}},
		{"a group whose type is a named string", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", "event_type", eventName("purchase"), "order_id", "o-1"), "n", 1)
		}},
		{"a group whose type is a Stringer", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", "event_type", shown{"purchase"}, "order_id", "o-1"), "n", 1)
		}},
		{"a group whose type is given by a LogValuer", func(l *slog.Logger) {
			name := valuer(func() slog.Value { return slog.StringValue("purchase") })
			l.Info("m", slog.Group("event", "event_type", name, "order_id", "o-1"), "n", 1)
		}},
		{"a group whose members are in a group without a name", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", slog.Group("", "event_type", "purchase", "order_id", "o-1")), "n", 1)
		}},
		{"a map", func(l *slog.Logger) {
			l.Info("m", "event", map[string]any{"event_type": "purchase", "order_id": "o-1"}, "n", 1)
		}},
		{"a map of strings", func(l *slog.Logger) {
			l.Info("m", "event", map[string]string{"event_type": "purchase", "order_id": "o-1"}, "n", 1)
		}},
		{"a struct", func(l *slog.Logger) { l.Info("m", "event", order{"purchase", "o-1"}, "n", 1) }},
		{"a pointer to a struct", func(l *slog.Logger) { l.Info("m", "event", ptr(&order{"purchase", "o-1"}), "n", 1) }},
		{"a list of attributes", func(l *slog.Logger) {
			l.Info("m", "event", []slog.Attr{slog.String("event_type", "purchase"), slog.String("order_id", "o-1")}, "n", 1)
		}},
		{"a LogValuer that gives a group", func(l *slog.Logger) {
			group := slog.GroupValue(slog.String("event_type", "purchase"), slog.String("order_id", "o-1"))
			l.Info("m", "event", valuer(func() slog.Value { return group }), "n", 1)
		}},
		{"a LogValuer that gives a map", func(l *slog.Logger) {
			v := slog.AnyValue(map[string]any{"event_type": "purchase", "order_id": "o-1"})
			l.Info("m", "event", valuer(func() slog.Value { return v }), "n", 1)
		}},
		{"in a group without a name", func(l *slog.Logger) {
			l.Info("m", slog.Group("", slogcausality.Event("purchase", slog.String("order_id", "o-1")), "n", 1))
		}},
		{"under WithGroup", func(l *slog.Logger) {
			l.WithGroup("req").Info("m", slogcausality.Event("purchase", slog.String("order_id", "o-1")), "n", 1)
		}},
		{"on a logger with bound attributes", func(l *slog.Logger) {
			l.With("bound", 2).Info("m", slogcausality.Event("purchase", slog.String("order_id", "o-1")), "n", 1)
		}},
		{"bound with With", func(l *slog.Logger) {
			l.With(slogcausality.Event("purchase", slog.String("order_id", "o-1"))).Info("m", "n", 1)
		}},
		{"bound with With under WithGroup", func(l *slog.Logger) {
			l.WithGroup("req").With(slogcausality.Event("purchase", slog.String("order_id", "o-1")), "b", 2).WithGroup("x").Info("m", "n", 1)
		}},
	} {
		t.Run(tc.name+" sends its members and nothing else", func(t *testing.T) {
			wantEvent(t, loggedOne(t, tc.log), causality.Event{EventType: "purchase", Properties: props{"order_id": "o-1"}})
		})
	}

	for _, tc := range []struct {
		name  string
		attr  slog.Attr
		props props
	}{
		{"a group without event_type", slog.Group("event", "a", 1), props{"event_a": int64(1)}},
		{"a map without event_type", slog.Any("event", map[string]any{"a": 1}), props{"event_a": int64(1)}},
		{"a group whose event_type is an int", slog.Group("event", "event_type", 7, "a", 1), props{"event_event_type": int64(7), "event_a": int64(1)}},
		{"a group whose event_type panics", slog.Group("event", "event_type", valuer(func() slog.Value { panic("x") })), props{"event_event_type": "!PANIC: x"}},
		{"a group whose event_type is nil", slog.Group("event", "event_type", nil, "a", 1), props{"event_a": int64(1)}},
		{"a group whose event_type is in another", slog.Group("event", slog.Group("x", "event_type", "y")), props{"event_x_event_type": "y"}},
		{"an empty group", slog.Group("event"), nil},
		{"a nil map", slog.Any("event", map[string]any(nil)), nil},
		{"the group form under another key", slog.Group("evt", "event_type", "x"), props{"evt_event_type": "x"}},
		{"event_type outside a group", slog.String("event_type", "x"), props{"event_type": "x"}},
		{"the event key in another group", slog.Group("x", "event", "y"), props{"x_event": "y"}},
	} {
		t.Run(tc.name+" is no event", func(t *testing.T) {
			wantEvents(t, logged(t, func(l *slog.Logger) { l.Info("m", tc.attr) }))
		})
		t.Run(tc.name+" is an ordinary attribute", func(t *testing.T) {
			wantProps(t, loggedOne(t, func(l *slog.Logger) { l.With("event", "bound").Info("m", tc.attr) }), tc.props)
		})
	}
}

func TestAnEmptyTypeIsAnInvalidEvent(t *testing.T) {
	client, _ := newClient(t)
	l := slog.New(slogcausality.NewHandler(client))
	l.Info("m", "event", "")
	l.Info("m", slogcausality.Event(""))
	if got := client.Stats().Dropped.Invalid; got != 2 {
		t.Errorf("%d events dropped as Invalid, want 2: neither is sent, neither is passed over in silence", got)
	}
}
