package causality_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestTypedTheUserAndTheSessionAreGivenAPlace(t *testing.T) {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "unknown"
	}
	const withUser, withoutUser = causality.EventUserLogin, causality.EventCheckoutStart
	nobody, chosen := "", "web-3"
	for _, tt := range []struct {
		what     string
		deviceID string // in the Config
		event    causality.Event
		want     causality.Identity
		dropped  int64
	}{
		{"the payload has user_id", nobody, causality.Event{EventType: withUser, UserID: "u-1"},
			causality.Identity{UserID: "u-1", DeviceID: host}, 0},
		{"the payload has user_id and the device is chosen", chosen, causality.Event{EventType: withUser, UserID: "u-1"},
			causality.Identity{UserID: "u-1", DeviceID: "web-3"}, 0},
		{"the payload has user_id and the event has a property of the name", nobody, causality.Event{EventType: withUser, UserID: "u-1", Properties: props{"user_id": "u-2"}},
			causality.Identity{UserID: "u-1", DeviceID: host}, 1},
		{"only a property names the user", nobody, causality.Event{EventType: withUser, Properties: props{"user_id": 7}},
			causality.Identity{UserID: "7", DeviceID: host}, 0},
		{"the payload has no user_id", nobody, causality.Event{EventType: withoutUser, UserID: "u-1"},
			causality.Identity{DeviceID: "u-1"}, 0},
		{"the payload has no user_id and the Config a device", chosen, causality.Event{EventType: withoutUser, UserID: "u-1"},
			causality.Identity{DeviceID: "web-3"}, 1},
		{"the payload has no user_id and the event a device", nobody, causality.Event{EventType: withoutUser, UserID: "u-1", DeviceID: "web-4"},
			causality.Identity{DeviceID: "web-4"}, 1},
		{"the payload has no user_id and Config and event a device", chosen, causality.Event{EventType: withoutUser, UserID: "u-1", DeviceID: "web-4"},
			causality.Identity{DeviceID: "web-4"}, 1},
		{"the device is the user already", chosen, causality.Event{EventType: withoutUser, UserID: "u-1", DeviceID: "u-1"},
			causality.Identity{DeviceID: "u-1"}, 0},
		{"the payload has no user_id and the event a property of the name", nobody, causality.Event{EventType: withoutUser, UserID: "u-1", Properties: props{"user_id": "u-2"}},
			causality.Identity{DeviceID: "u-1"}, 1},
		{"a property alone is no user where the payload has no field for it", nobody, causality.Event{EventType: withoutUser, Properties: props{"user_id": "u-2", "session_id": "s-2"}},
			causality.Identity{DeviceID: host}, 2},
		{"the session is the correlation", nobody, causality.Event{EventType: withUser, SessionID: "s-9"},
			causality.Identity{DeviceID: host, CorrelationID: "s-9"}, 0},
		{"the session beside a correlation", nobody, causality.Event{EventType: withUser, SessionID: "s-9", CorrelationID: "req-7"},
			causality.Identity{DeviceID: host, CorrelationID: "req-7"}, 1},
		{"the session that is the correlation already", nobody, causality.Event{EventType: withUser, SessionID: "s-9", CorrelationID: "s-9"},
			causality.Identity{DeviceID: host, CorrelationID: "s-9"}, 0},
		{"both, in their places", nobody, causality.Event{EventType: withoutUser, UserID: "u-1", SessionID: "s-9"},
			causality.Identity{DeviceID: "u-1", CorrelationID: "s-9"}, 0},
		{"both, and neither has a place", chosen, causality.Event{EventType: withoutUser, UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"},
			causality.Identity{DeviceID: "web-3", CorrelationID: "req-7"}, 2},
		{"nobody", nobody, causality.Event{EventType: withoutUser}, causality.Identity{DeviceID: host}, 0},
		{"a hostile user", nobody, causality.Event{EventType: withoutUser, UserID: "\"\xff\n\",\"id\":\"x"},
			causality.Identity{DeviceID: "\"\uFFFD\n\",\"id\":\"x"}, 0},
		{"a hostile user in the payload", nobody, causality.Event{EventType: withUser, UserID: "\"\xff\n\",\"id\":\"x", SessionID: "\xfe\\"},
			causality.Identity{UserID: "\"\uFFFD\n\",\"id\":\"x", DeviceID: host, CorrelationID: "\uFFFD\\"}, 0},
	} {
		t.Run(tt.what, func(t *testing.T) {
			g := newTyped(t, func(cfg *causality.Config) { cfg.DeviceID = tt.deviceID })
			got := g.send(t, tt.event)
			got.wantTyped(t, tt.event.EventType, nil)
			id := causality.Identity{DeviceID: got.DeviceID, UserID: got.UserID, SessionID: got.SessionID, CorrelationID: got.CorrelationID}
			if id != tt.want {
				t.Errorf("the identity is %+v, want %+v", id, tt.want)
			}
			if got.dropped != tt.dropped {
				t.Errorf("%d properties are counted as left out, want %d", got.dropped, tt.dropped)
			}
		})
	}
}

func TestTypedAUserFieldIsTheFirstWhereThereIsOne(t *testing.T) {
	kinds := kindLeaves()
	g := newTyped(t, func(cfg *causality.Config) { cfg.DeviceID = "" })
	for kind, leaves := range kinds {
		event := causality.Event{EventType: kind, UserID: "u-1", Properties: props{}}
		for _, l := range leaves {
			if l.Required {
				event.Properties[l.path] = "required"
			}
		}
		got := g.send(t, event)
		if has := leaves[0].path == "user_id"; got.payload != kind || (got.UserID == "u-1") != has || (got.DeviceID == "u-1") == has {
			t.Errorf("the user of %s is misplaced: %s", kind, got.raw)
		}
	}
}

func TestTypedPropertiesWithoutAFieldAreLeftOutAndCounted(t *testing.T) {
	g := newTyped(t)
	for _, tt := range []struct {
		what    string
		event   causality.Event
		want    props
		dropped int64
	}{
		{"one of each kind", causality.Event{Properties: props{"order_id": "o", "a": "b", "c": 1, "d": 0.5, "e": true, "f": []int{1}, "g": props{"h": 1, "i": 2}}},
			props{"order_id": "o"}, 7},
		{"nil is nothing", causality.Event{Properties: props{"order_id": "o", "a": nil, "b": props{"c": nil}}}, props{"order_id": "o"}, 0},
		{"one that begins like a field", causality.Event{Properties: props{"order_id": "o", "currency_code": "EUR", "items_total": 3, "order_id_2": 1}}, props{"order_id": "o"}, 3},
		{"one that begins like a field that is there", causality.Event{Properties: props{"order_id": "o", "currency": "EUR", "currency_code": "EUR"}},
			props{"order_id": "o", "currency": "EUR"}, 1},
		{"one that begins like a field that is nil", causality.Event{Properties: props{"order_id": "o", "currency": nil, "currency_code": "EUR"}}, props{"order_id": "o"}, 1},
		{"another case", causality.Event{Properties: props{"order_id": "o", "Currency": "EUR", "cartId": "c"}}, props{"order_id": "o"}, 2},
		{"a name with escapes", causality.Event{Properties: props{"order_id": "o", "cart_id\x00": "c", "cart_id\"": "c", "": 1, "\xff": 1}}, props{"order_id": "o"}, 4},
		{"members of an item", causality.Event{Properties: props{"order_id": "o", "items": []props{{"product_id": "p", "color": "red", "size": nil}, {"color": props{"r": 1}, "Quantity": 2}}}},
			props{"order_id": "o", "items": []any{props{"product_id": "p"}, props{}}}, 3},
		{"the earlier of equal keys is none", causality.Event{Properties: props{"order_id": "o"}, Attrs: []slog.Attr{slog.Int("a", 1), slog.Int("a", 2)}}, props{"order_id": "o"}, 1},
	} {
		t.Run(tt.what, func(t *testing.T) {
			tt.event.EventType = causality.EventPurchaseComplete
			got := g.send(t, tt.event)
			got.wantTyped(t, causality.EventPurchaseComplete, tt.want)
			if got.dropped != tt.dropped {
				t.Errorf("%d properties are counted as left out, want %d", got.dropped, tt.dropped)
			}
		})
	}
	t.Run("members of coordinates", func(t *testing.T) {
		got := g.send(t, causality.Event{EventType: causality.EventDoubleTap, Properties: props{"coordinates": props{"x": 1, "z": 2}}})
		got.wantTyped(t, causality.EventDoubleTap, props{"coordinates": props{"x": 1.0}})
		if got.dropped != 1 {
			t.Errorf("%d properties are counted as left out, want 1", got.dropped)
		}
	})
	if renamed := g.Stats().Properties.Renamed; renamed != 0 {
		t.Errorf("%d properties are counted as renamed", renamed)
	}
}

// leftOutLines are the lines that a client logs of a session of events.
func leftOutLines(t *testing.T, events ...causality.Event) (lines []map[string]any) {
	t.Helper()
	var text bytes.Buffer
	g := newTyped(t, func(cfg *causality.Config) { cfg.Logger = slog.New(slog.NewJSONHandler(&text, nil)) })
	for _, event := range events {
		g.Track(event)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fields)
	}
	return lines
}

func TestTypedTheFirstPropertyThatIsLeftOutIsNamedInOneLine(t *testing.T) {
	for _, tt := range []struct {
		what  string
		event causality.Event
		name  string
		count float64
	}{
		{"in the order of the properties", causality.Event{EventType: causality.EventAppStart, Properties: props{"b": 1, "a": 2}, Attrs: []slog.Attr{slog.Int("_", 3)}}, "a", 3},
		{"with its groups", causality.Event{EventType: causality.EventAppStart, Properties: props{"g": props{"h.i": 1}}}, "g_h_i", 1},
		{"the user", causality.Event{EventType: causality.EventAppStart, UserID: "u"}, "user_id", 1},
		{"the session", causality.Event{EventType: causality.EventAppStart, SessionID: "s", CorrelationID: "c"}, "session_id", 1},
		{"a member of an item", causality.Event{EventType: causality.EventPurchaseComplete, Properties: props{"order_id": "o", "items": []props{{"color": "red"}}}}, "items_color", 1},
	} {
		t.Run(tt.what, func(t *testing.T) {
			lines := leftOutLines(t, tt.event)
			if len(lines) != 1 || lines[0]["property"] != tt.name || lines[0]["count"] != tt.count {
				t.Errorf("logged %v, want one line of %v properties that names %s", lines, tt.count, tt.name)
			}
		})
	}
	if lines := leftOutLines(t, causality.Event{EventType: causality.EventAppStart, Properties: props{"launch_source": "icon"}},
		causality.Event{EventType: causality.EventPurchaseComplete, Properties: props{"color": "red", "items": []props{{"color": "red"}}}}); len(lines) != 0 {
		t.Errorf("logged %v where nothing is left out", lines)
	}
}

func TestTypedTheLineSaysWhatHappened(t *testing.T) {
	lines := leftOutLines(t, causality.Event{EventType: causality.EventAppStart, Properties: props{"a": 1}})
	if len(lines) != 1 || lines[0]["level"] != "WARN" || !strings.HasPrefix(lines[0]["msg"].(string), "causality: ") {
		t.Errorf("logged %v, want a warning in words", lines)
	}
}
