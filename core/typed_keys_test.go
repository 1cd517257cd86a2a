package causality_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestTypedAFieldTakesThePropertyThatFlattensToItsName(t *testing.T) {
	g := newTyped(t)
	many := make([]slog.Attr, 200)
	for i := range many {
		many[i] = slog.Int(fmt.Sprint("extra_", i), i)
	}
	for _, tt := range []struct {
		what    string
		event   causality.Event
		want    props
		dropped int64
	}{
		{"a dot", causality.Event{Properties: props{"order.id": "o-42", "total.cents": 5}}, props{"order_id": "o-42", "total_cents": int64(5)}, 0},
		{"a group", causality.Event{Attrs: []slog.Attr{slog.Group("order", "id", "o-42"), slog.Group("total", "cents", 5)}}, props{"order_id": "o-42", "total_cents": int64(5)}, 0},
		{"a map", causality.Event{Properties: props{"order": map[string]string{"id": "o-42"}}}, props{"order_id": "o-42"}, 0},
		{"a struct", causality.Event{Properties: props{"order": struct {
			ID    string `json:"id"`
			Color string
		}{"o-42", "red"}}}, props{"order_id": "o-42"}, 1},
		{"a group without a name", causality.Event{Attrs: []slog.Attr{slog.Group("", slog.String("order_id", "o-42"))}}, props{"order_id": "o-42"}, 0},
		{"a list of attributes", causality.Event{Properties: props{"order": []slog.Attr{slog.String("id", "o-42")}}}, props{"order_id": "o-42"}, 0},
		{"items in a group", causality.Event{Attrs: []slog.Attr{slog.String("order_id", "o-42"), slog.Group("", slog.Any("items", []props{{"quantity": 1}}))}},
			props{"order_id": "o-42", "items": []any{props{"quantity": int64(1)}}}, 0},
		{"the last of equal keys", causality.Event{Properties: props{"order_id": "first"}, Attrs: []slog.Attr{slog.String("order_id", "second"), slog.Int("order_id", 3)}}, props{"order_id": "3"}, 0},
		{"the last of equal keys in other spellings", causality.Event{Properties: props{"order_id": "first", "order.id": "second"}, Attrs: []slog.Attr{slog.Group("order", "id", "third")}}, props{"order_id": "third"}, 2},
		{"the last converts", causality.Event{Properties: props{"order_id": "o-42", "total_cents": 1.5}, Attrs: []slog.Attr{slog.Int("total_cents", 5)}}, props{"order_id": "o-42", "total_cents": int64(5)}, 0},
		{"nil does not take the place of another", causality.Event{Properties: props{"order_id": "o-42"}, Attrs: []slog.Attr{slog.Any("order_id", nil)}}, props{"order_id": "o-42"}, 0},
		{"among many others, first", causality.Event{Properties: props{"order_id": "o-42", "cart_id": "c"}, Attrs: many}, props{"order_id": "o-42", "cart_id": "c"}, 200},
		{"among many others, last", causality.Event{Attrs: append(many[:len(many):len(many)], slog.String("order_id", "o-42"))}, props{"order_id": "o-42"}, 200},
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
}

func TestTypedOtherPlacesAreNotTheField(t *testing.T) {
	g := newTyped(t)
	for _, tt := range []struct {
		what  string
		event causality.Event
		want  props
	}{
		{"in another group", causality.Event{Attrs: []slog.Attr{slog.Group("http", slog.String("order_id", "o-42"))}}, props{"http_order_id": "o-42"}},
		{"a group of its name", causality.Event{Attrs: []slog.Attr{slog.Group("order_id", slog.String("order_id", "o-42"))}}, props{"order_id_order_id": "o-42"}},
		{"another case", causality.Event{Properties: props{"Order_ID": "o-42"}}, props{"Order_ID": "o-42"}},
		{"camelCase", causality.Event{Properties: props{"orderId": "o-42"}}, props{"orderId": "o-42"}},
		{"an escape", causality.Event{Properties: props{"order_id\x00": "o-42", "order\\u005fid": "o-42"}}, props{"order_id\x00": "o-42", "order\\u005fid": "o-42"}},
		{"the last does not convert", causality.Event{Properties: props{"order_id": "o-42", "total_cents": 5}, Attrs: []slog.Attr{slog.String("total_cents", "many")}},
			props{"order_id": "o-42", "total_cents": "many"}},
		{"the last is empty", causality.Event{Properties: props{"order_id": "o-42"}, Attrs: []slog.Attr{slog.String("order_id", "")}}, props{"order_id": ""}},
		{"an object that repeats a field", causality.Event{Properties: props{"order_id": "o-42"}, Attrs: []slog.Attr{slog.Group("cart_id", slog.Int("n", 1))}},
			props{"order_id": "o-42", "cart_id_n": int64(1)}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			tt.event.EventType = causality.EventPurchaseComplete
			got := g.send(t, tt.event)
			got.wantCustom(t, causality.EventPurchaseComplete, tt.want)
		})
	}
}

func TestTypedMessagesAndMapsMergeWhatFlattensIntoThem(t *testing.T) {
	g := newTyped(t)
	got := g.send(t, causality.Event{EventType: causality.EventDoubleTap,
		Properties: props{"coordinates": props{"x": 1}, "coordinates.y": 2, "coordinates_x": 3},
		Attrs:      []slog.Attr{slog.Group("coordinates", "y", 4)}})
	got.wantTyped(t, causality.EventDoubleTap, props{"coordinates": props{"x": 3.0, "y": 4.0}})

	got = g.send(t, causality.Event{EventType: causality.EventScreenView, Properties: props{
		"screen_name": "cart", "params_a": 1, "params.b": 0.5, "params": props{"a": true, "c": props{"d.e": []string{"f"}}, "nil": nil}, "params_": "no name", "paramsx": 1,
	}})
	// Sorted: params, params., params_a and so on; the last of equal names wins.
	got.wantTyped(t, causality.EventScreenView, props{"screen_name": "cart", "params": props{"a": "1", "b": "0.5", "c_d_e": `["f"]`, "": "no name"}})
	if got.dropped != 2 {
		t.Errorf("%d properties are counted as left out, want paramsx and the params_a that another hides", got.dropped)
	}
}

func TestTypedReplaceAttrComesFirst(t *testing.T) {
	g := newTyped(t, func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			switch a.Key {
			case "order":
				a.Key = "order_id"
			case "currency", "token":
				return slog.Attr{}
			case "cart_id":
				a.Value = slog.StringValue("[redacted]")
			case "total":
				return slog.Int("total_cents", 5)
			case "x":
				if len(groups) == 1 && groups[0] == "coordinates" {
					a.Value = slog.Float64Value(9)
				}
			case "panics":
				panic("broken")
			case "params", "wrapped":
				return slog.Group("params", slog.String("a", "b"))
			}
			return a
		}
	})
	got := g.send(t, causality.Event{EventType: causality.EventPurchaseComplete, Properties: props{
		"order": "o-42", "currency": props{"code": "EUR"}, "cart_id": "secret", "total": "?", "token": "secret",
	}})
	got.wantTyped(t, causality.EventPurchaseComplete, props{"order_id": "o-42", "cart_id": "[redacted]", "total_cents": int64(5)})
	if got.dropped != 0 {
		t.Errorf("%d properties are counted as left out that ReplaceAttr removed", got.dropped)
	}

	got = g.send(t, causality.Event{EventType: causality.EventDoubleTap, Properties: props{"coordinates": props{"x": "?", "y": 2}}})
	got.wantTyped(t, causality.EventDoubleTap, props{"coordinates": props{"x": 9.0, "y": 2.0}})

	got = g.send(t, causality.Event{EventType: causality.EventDoubleTap, Properties: props{"element_id": "e", "panics": 1, "extra": 1}})
	got.wantTyped(t, causality.EventDoubleTap, props{"element_id": "e"})
	if got.dropped != 2 {
		t.Errorf("%d properties are counted, want the one that panicked and the one without a field", got.dropped)
	}

	got = g.send(t, causality.Event{EventType: causality.EventScreenView, Properties: props{"screen_name": "cart", "wrapped": 1}})
	got.wantTyped(t, causality.EventScreenView, props{"screen_name": "cart", "params": props{"a": "b"}})
}

func TestTypedBeforeTrackDecidesTheType(t *testing.T) {
	g := newTyped(t, func(cfg *causality.Config) {
		cfg.DeviceID = ""
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			switch e.EventType {
			case "old_name":
				e.EventType = causality.EventPurchaseComplete
			case causality.EventAppCrash:
				e.EventType = "crash"
			case causality.EventAppStart:
				e.UserID, e.DeviceID = "u-1", ""
			case causality.EventAppForeground:
				e.UserID, e.DeviceID = "u-1", "web-4"
			}
			return e, true
		}
	})
	got := g.send(t, causality.Event{EventType: "old_name", Properties: props{"order_id": "o-42"}})
	got.wantTyped(t, causality.EventPurchaseComplete, props{"order_id": "o-42"})
	got = g.send(t, causality.Event{EventType: causality.EventAppCrash, Properties: props{"crash_type": "oom"}})
	got.wantCustom(t, "crash", props{"crash_type": "oom"})
	got = g.send(t, causality.Event{EventType: causality.EventAppStart})
	if got.DeviceID != "u-1" {
		t.Errorf("device_id is %q, want the user", got.DeviceID)
	}
	got = g.send(t, causality.Event{EventType: causality.EventAppForeground})
	if got.DeviceID != "web-4" || got.dropped != 1 {
		t.Errorf("device_id is %q and %d left out, want the chosen device and the user left out", got.DeviceID, got.dropped)
	}
}

func TestTypedTheEventOfTheCallerIsNotChanged(t *testing.T) {
	g := newTyped(t, func(cfg *causality.Config) { cfg.DeviceID = "" })
	event := causality.Event{EventType: causality.EventAppStart, UserID: "u-1", SessionID: "s-9", Properties: props{"extra": 1}, Attrs: []slog.Attr{slog.Int("launch_duration_ms", 5)}}
	for range 3 {
		got := g.send(t, event)
		got.wantTyped(t, causality.EventAppStart, props{"launch_duration_ms": int64(5)})
	}
	if len(event.Properties) != 1 || event.DeviceID != "" || event.CorrelationID != "" || event.Attrs[0].Value.Int64() != 5 {
		t.Errorf("the event was changed: %+v", event)
	}
}
