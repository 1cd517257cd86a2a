package causality_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// props is an event's properties; most rows are one line with it.
type props = map[string]any

type namedInt int

type namedText string

type stringer struct{ text string }

func (s stringer) String() string { return s.text }

func TestTypedWhatConvertsIsConverted(t *testing.T) {
	five, text := 5, "o-42"
	at := time.Date(2026, 11, 23, 10, 52, 55, 123456789, time.FixedZone("CET", 3600))
	g := newTyped(t)
	for _, group := range []struct {
		kind, field string
		needed      props
		rows        []row
	}{
		{kind: causality.EventScreenExit, field: "duration_ms", needed: props{"screen_name": "cart"}, rows: []row{
			{"a whole number as text", "5", int64(5)},
			{"a negative one as text", "-5", int64(-5)},
			{"the largest as text", "9223372036854775807", int64(math.MaxInt64)},
			{"a whole float", 5.0, int64(5)},
			{"a large whole float", 1e18, int64(1e18)},
			{"the largest float within int64", float64(1<<63 - 1024), int64(1<<63 - 1024)},
			{"the smallest float within int64", float64(math.MinInt64), int64(math.MinInt64)},
			{"minus zero", math.Copysign(0, -1), int64(0)},
			{"a float32", float32(5), int64(5)},
			{"json.Number", json.Number("5"), int64(5)},
			{"a whole JSON number with a fraction", json.RawMessage("5.0"), int64(5)},
			{"a whole JSON number with an exponent", json.RawMessage("5e3"), int64(5000)},
			{"a uint64 within int64", uint64(math.MaxInt64), int64(math.MaxInt64)},
			{"a named int", namedInt(5), int64(5)},
			{"a pointer", &five, int64(5)},
			{"a big.Int", big.NewInt(5), int64(5)},
			{"a Stringer of digits", stringer{"5"}, int64(5)},
			{"a LogValuer", slog.AnyValue(logValuer(func() slog.Value { return slog.IntValue(5) })), int64(5)},
			{"milliseconds", 1500 * time.Millisecond, int64(1500)},
			{"a duration rounded up", 1500 * time.Microsecond, int64(2)},
			{"a duration rounded down", 1499 * time.Microsecond, int64(1)},
			{"a nanosecond", time.Nanosecond, int64(0)},
			{"a negative duration", -1600 * time.Microsecond, int64(-2)},
			{"the longest duration", time.Duration(math.MaxInt64), int64(9223372036855)},
		}},
		{kind: causality.EventAddToCart, field: "quantity", needed: props{"product_id": "p-1"}, rows: []row{
			{"a whole number as text", "5", int64(5)},
			{"the largest as text", "2147483647", int64(math.MaxInt32)},
			{"a whole float", 5.0, int64(5)},
			{"the smallest as a float", float64(math.MinInt32), int64(math.MinInt32)},
			{"json.Number", json.Number("-7"), int64(-7)},
			{"a uint8", uint8(255), int64(255)},
			{"a duration", 1600 * time.Microsecond, int64(2)},
		}},
		{kind: causality.EventPurchaseComplete, field: "order_id", rows: []row{
			{"an int", 42, "42"},
			{"the largest uint64", uint64(math.MaxUint64), "18446744073709551615"},
			{"a bool", true, "true"},
			{"a float", 0.5, "0.5"},
			{"a large float", 1e300, "1e+300"},
			{"NaN", math.NaN(), "NaN"},
			{"an infinity", math.Inf(-1), "-Inf"},
			{"a time", at, "2026-11-23T09:52:55.123456789Z"},
			{"a duration", 1500 * time.Microsecond, "1.5"},
			{"an error", errors.New("no stock"), "no stock"},
			{"a Stringer", &url.URL{Scheme: "https", Host: "shop", RawQuery: "a=1&b=2"}, "https://shop?a=1&b=2"},
			{"bytes", []byte("raw"), "cmF3"},
			{"a named text", namedText("o-42"), "o-42"},
			{"a pointer", &text, "o-42"},
			{"a list", []int{1, 2}, "[1,2]"},
			{"what panics", logValuer(func() slog.Value { panic("broken") }), "!PANIC: broken"},
			{"what cannot be read", make(chan int), "!ERROR: json: unsupported type: chan int"},
		}},
		{kind: causality.EventAppStart, field: "is_cold_start", rows: []row{
			{"true as text", "true", true},
			{"false as text", "false", false},
			{"a JSON bool", json.RawMessage("true"), true},
		}},
		{kind: causality.EventSwipeGesture, field: "direction", rows: []row{
			{"its full name", "SWIPE_DIRECTION_LEFT", "SWIPE_DIRECTION_LEFT"},
			{"its short name", "LEFT", "SWIPE_DIRECTION_LEFT"},
			{"its short name in another case", "lEfT", "SWIPE_DIRECTION_LEFT"},
			{"a number", 2, "SWIPE_DIRECTION_RIGHT"},
			{"a whole float", 2.0, "SWIPE_DIRECTION_RIGHT"},
			{"a number as text", "2", "SWIPE_DIRECTION_RIGHT"},
			{"zero", 0, "SWIPE_DIRECTION_UNSPECIFIED"},
			{"no direction", "unspecified", "SWIPE_DIRECTION_UNSPECIFIED"},
			{"a Stringer", stringer{"down"}, "SWIPE_DIRECTION_DOWN"},
		}},
		{kind: causality.EventNetworkChange, field: "current_type", rows: []row{
			{"a short name with an underscore", "cellular_5g", "NETWORK_TYPE_CELLULAR_5G"},
			{"the last number", 7, "NETWORK_TYPE_OFFLINE"},
		}},
		{kind: causality.EventPermissionResult, field: "status", rows: []row{
			{"a name that begins like another", "denied_permanently", "PERMISSION_STATUS_DENIED_PERMANENTLY"},
		}},
		{kind: causality.EventDoubleTap, field: "coordinates", rows: []row{
			{"ints", map[string]int{"x": 1, "y": -2}, props{"x": 1.0, "y": -2.0}},
			{"texts", map[string]string{"x": "1.5", "y": "1e3"}, props{"x": 1.5, "y": 1000.0}},
			{"one of the two", props{"x": 1}, props{"x": 1.0}},
			{"one that is nil", props{"x": 1, "y": nil}, props{"x": 1.0}},
			{"a struct", struct {
				X, Y float32 `json:"-"`
				A    float64 `json:"x"`
			}{A: 0.25}, props{"x": 0.25}},
		}},
		{kind: causality.EventUserProfileUpdate, field: "fields_updated", rows: []row{
			{"strings", []string{"mail", ""}, []any{"mail", ""}},
			{"none", []string{}, []any{}},
			{"an array", [2]string{"a", "b"}, []any{"a", "b"}},
			{"numbers and bools", []any{1, 2.5, true, uint64(math.MaxUint64), int64(1<<53 + 1)}, []any{"1", "2.5", "true", "18446744073709551615", "9007199254740993"}},
			{"times", []time.Time{at.UTC()}, []any{"2026-11-23T09:52:55.123456789Z"}},
			{"JSON text", " [ \"a\" , \"b\"\n] ", []any{"a", "b"}},
			{"raw JSON", json.RawMessage("[\n\"a\",\n1e400]"), []any{"a", "1e400"}},
		}},
		{kind: causality.EventPurchaseComplete, field: "items", needed: props{"order_id": "o-42"}, rows: []row{
			{"none", []props{}, []any{}},
			{"an empty one", []props{{}}, []any{props{}}},
			{"texts for numbers and numbers for texts", []props{{"product_id": 7, "quantity": "2", "price_cents": 5.0}},
				[]any{props{"product_id": "7", "quantity": int64(2), "price_cents": int64(5)}}},
			{"a nil member", []props{{"product_id": "p-1", "quantity": nil}}, []any{props{"product_id": "p-1"}}},
			{"the same member twice", json.RawMessage(`[{"quantity":"x","product_id":"a","product\u005fid":"b","quantity":3}]`),
				[]any{props{"product_id": "b", "quantity": int64(3)}}},
			{"JSON text", "[ {\"product_id\" : \"p-1\"} ]", []any{props{"product_id": "p-1"}}},
			{"one pointer", []*purchaseItem{{Quantity: &five}}, []any{props{"quantity": int64(5)}}},
		}},
	} {
		for _, r := range group.rows {
			t.Run(group.kind+"/"+group.field+"/"+r.what, func(t *testing.T) {
				want := props{group.field: r.want}
				attrs := []slog.Attr{slog.Any(group.field, r.value)}
				for key, v := range group.needed {
					want[key] = v
					attrs = append(attrs, slog.Any(key, v))
				}
				got := g.send(t, causality.Event{EventType: group.kind, Attrs: attrs})
				got.wantTyped(t, group.kind, want)
				if got.dropped != 0 {
					t.Errorf("%d properties are counted as left out", got.dropped)
				}
			})
		}
	}
}

// row is a value of a field and what is stored of it.
type row struct {
	what  string
	value any
	want  any
}

type logValuer func() slog.Value

func (f logValuer) LogValue() slog.Value { return f() }

// In each row one value does not convert. The event then keeps all its
// properties: want, or the given ones where that is nil.
func TestTypedWhatDoesNotConvertMakesACustomEventWithAllProperties(t *testing.T) {
	g := newTyped(t)
	for _, tt := range []struct {
		what string
		kind string
		give props
		want props
	}{
		{"a fraction for an int64", causality.EventProductView, props{"product_id": "p", "price_cents": 1.5}, nil},
		{"a fraction for an int32", causality.EventAddToCart, props{"product_id": "p", "quantity": 1.5}, nil},
		{"a fraction as text", causality.EventAddToCart, props{"product_id": "p", "quantity": "1.5"}, nil},
		{"a word for an int64", causality.EventProductView, props{"product_id": "p", "price_cents": "abc", "extra": true}, nil},
		{"a word for an int32", causality.EventAddToCart, props{"product_id": "p", "quantity": "abc", "cart_id": "c"}, nil},
		{"an empty text for an int", causality.EventAddToCart, props{"product_id": "p", "quantity": ""}, nil},
		{"white space around an int", causality.EventAddToCart, props{"product_id": "p", "quantity": " 5"}, nil},
		{"a hexadecimal int", causality.EventAddToCart, props{"product_id": "p", "quantity": "0x5"}, nil},
		{"an int with an underscore", causality.EventAddToCart, props{"product_id": "p", "quantity": "1_000"}, nil},
		{"an int with a tail", causality.EventAddToCart, props{"product_id": "p", "quantity": "5,6"}, nil},
		{"an int of other digits", causality.EventAddToCart, props{"product_id": "p", "quantity": "٥"}, nil},
		{"a bool for an int", causality.EventAddToCart, props{"product_id": "p", "quantity": true}, nil},
		{"2^31 for an int32", causality.EventAddToCart, props{"product_id": "p", "quantity": int64(1) << 31}, nil},
		{"-2^31-1 for an int32", causality.EventAddToCart, props{"product_id": "p", "quantity": int64(math.MinInt32) - 1}, nil},
		{"2^31 as text", causality.EventAddToCart, props{"product_id": "p", "quantity": "2147483648"}, nil},
		{"2^31 as a float", causality.EventAddToCart, props{"product_id": "p", "quantity": float64(1 << 31)}, nil},
		{"a uint64 beyond int64", causality.EventProductView, props{"product_id": "p", "price_cents": uint64(math.MaxUint64)},
			props{"product_id": "p", "price_cents": "18446744073709551615"}},
		{"2^63 as text", causality.EventProductView, props{"product_id": "p", "price_cents": "9223372036854775808"}, nil},
		{"2^63 as a float", causality.EventProductView, props{"product_id": "p", "price_cents": float64(1 << 63)}, nil},
		{"below -2^63", causality.EventProductView, props{"product_id": "p", "price_cents": -9223372036854777856.0}, nil},
		{"NaN for an int", causality.EventProductView, props{"product_id": "p", "price_cents": math.NaN()}, props{"product_id": "p", "price_cents": "NaN"}},
		{"a time for an int", causality.EventProductView, props{"product_id": "p", "price_cents": time.Unix(0, 0)},
			props{"product_id": "p", "price_cents": "1970-01-01T00:00:00Z"}},
		{"a duration beyond int32", causality.EventAddToCart, props{"product_id": "p", "quantity": 1000 * time.Hour}, props{"product_id": "p", "quantity": 3.6e9}},
		{"a list for an int", causality.EventAddToCart, props{"product_id": "p", "quantity": []int{1}}, props{"product_id": "p", "quantity": "[1]"}},
		{"what panics for an int", causality.EventAddToCart, props{"product_id": "p", "quantity": logValuer(func() slog.Value { panic("broken") })},
			props{"product_id": "p", "quantity": "!PANIC: broken"}},
		{"an object for an int", causality.EventAddToCart, props{"product_id": "p", "quantity": props{"value": 5}}, props{"product_id": "p", "quantity_value": int64(5)}},
		{"an object for a string", causality.EventProductView, props{"product_id": "p", "currency": props{"code": "EUR"}}, props{"product_id": "p", "currency_code": "EUR"}},
		{"a struct for a string", causality.EventProductView, props{"product_id": "p", "currency": struct{ Code string }{"EUR"}}, props{"product_id": "p", "currency_Code": "EUR"}},
		{"an object for a required string", causality.EventProductView, props{"product_id": props{"sku": "p"}}, props{"product_id_sku": "p"}},
		{"an object for an enum", causality.EventBatteryChange, props{"state": props{"name": "FULL"}}, props{"state_name": "FULL"}},
		{"an object for a list of strings", causality.EventUserProfileUpdate, props{"fields_updated": props{"mail": true}}, props{"fields_updated_mail": true}},
		{"an object for a list of messages", causality.EventPurchaseComplete, props{"order_id": "o", "items": props{"product_id": "p"}},
			props{"order_id": "o", "items_product_id": "p"}},

		{"a word for a bool", causality.EventAppStart, props{"is_cold_start": "abc"}, nil},
		{"another word for true", causality.EventAppStart, props{"is_cold_start": "True"}, nil},
		{"a number for a bool", causality.EventAppStart, props{"is_cold_start": int64(1)}, nil},
		{"an empty text for a bool", causality.EventAppStart, props{"is_cold_start": ""}, nil},

		{"an unknown name for an enum", causality.EventSwipeGesture, props{"direction": "sideways"}, nil},
		{"a name of another enum", causality.EventSwipeGesture, props{"direction": "SCROLL_DIRECTION_UP"}, nil},
		{"an empty name", causality.EventSwipeGesture, props{"direction": ""}, nil},
		{"the prefix alone", causality.EventSwipeGesture, props{"direction": "SWIPE_DIRECTION_"}, nil},
		{"an unknown number for an enum", causality.EventSwipeGesture, props{"direction": int64(5)}, nil},
		{"a negative number for an enum", causality.EventSwipeGesture, props{"direction": int64(-1)}, nil},
		{"a number beyond int32 for an enum", causality.EventSwipeGesture, props{"direction": int64(1)<<32 + 1}, nil},
		{"a fraction for an enum", causality.EventSwipeGesture, props{"direction": 1.5}, nil},
		{"a bool for an enum", causality.EventSwipeGesture, props{"direction": true}, nil},
		{"a duration for an enum", causality.EventSwipeGesture, props{"direction": time.Millisecond}, props{"direction": 1.0}},

		{"NaN for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": math.NaN(), "y": 1.5}}, props{"coordinates_x": "NaN", "coordinates_y": 1.5}},
		{"an infinity for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": math.Inf(1)}}, props{"coordinates_x": "+Inf"}},
		{"NaN as text for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": "NaN"}}, props{"coordinates_x": "NaN"}},
		{"an infinity as text for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": "Infinity"}}, props{"coordinates_x": "Infinity"}},
		{"1e39 for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": 1e39}}, props{"coordinates_x": 1e39}},
		{"just over 32 bits for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": math.Nextafter(math.MaxFloat32, math.Inf(1)) * -1}},
			props{"coordinates_x": -math.Nextafter(math.MaxFloat32, math.Inf(1))}},
		{"a word for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": "left"}}, props{"coordinates_x": "left"}},
		{"a bool for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": true}}, props{"coordinates_x": true}},
		{"an object for a coordinate", causality.EventDoubleTap, props{"coordinates": props{"x": props{"px": 1}, "y": 1.5}}, props{"coordinates_x_px": int64(1), "coordinates_y": 1.5}},
		{"a list for coordinates", causality.EventDoubleTap, props{"coordinates": []int{1, 2}}, props{"coordinates": "[1,2]"}},
		{"a text for coordinates", causality.EventDoubleTap, props{"coordinates": "1,2"}, nil},
		{"a text for params", causality.EventScreenView, props{"screen_name": "s", "params": "a=b"}, nil},
		{"a list for params", causality.EventScreenView, props{"screen_name": "s", "params": []string{"a"}}, props{"screen_name": "s", "params": `["a"]`}},

		{"a text for a list", causality.EventUserProfileUpdate, props{"fields_updated": "mail"}, nil},
		{"an empty text for a list", causality.EventUserProfileUpdate, props{"fields_updated": ""}, nil},
		{"null as text for a list", causality.EventUserProfileUpdate, props{"fields_updated": "null"}, nil},
		{"white space and null as text for a list", causality.EventUserProfileUpdate, props{"fields_updated": " null\n"}, nil},
		{"null as text for a list of messages", causality.EventPurchaseComplete, props{"order_id": "o", "items": "null"}, nil},
		{"an object as text for a list", causality.EventUserProfileUpdate, props{"fields_updated": "{}"}, nil},
		{"a number for a list", causality.EventUserProfileUpdate, props{"fields_updated": int64(1)}, nil},
		{"broken JSON for a list", causality.EventUserProfileUpdate, props{"fields_updated": `["a"`}, nil},
		{"a list and more", causality.EventUserProfileUpdate, props{"fields_updated": `["a"] ["b"]`}, nil},
		{"null in a list", causality.EventUserProfileUpdate, props{"fields_updated": []any{"a", nil}}, props{"fields_updated": `["a",null]`}},
		{"a list in a list", causality.EventUserProfileUpdate, props{"fields_updated": []any{"a", []string{"b"}}}, props{"fields_updated": `["a",["b"]]`}},
		{"an object in a list", causality.EventUserProfileUpdate, props{"fields_updated": []any{"a", props{}}}, props{"fields_updated": `["a",{}]`}},
		{"null in a list of messages", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{}, nil}}, props{"order_id": "o", "items": `[{},null]`}},
		{"a text in a list of messages", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{}, "p-1"}}, props{"order_id": "o", "items": `[{},"p-1"]`}},
		{"a list in a list of messages", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{[]int{}}}, props{"order_id": "o", "items": `[[]]`}},
		{"a fraction in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"quantity": 1.5}}}, props{"order_id": "o", "items": `[{"quantity":1.5}]`}},
		{"2^31 in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"quantity": int64(1) << 31}}}, props{"order_id": "o", "items": `[{"quantity":2147483648}]`}},
		{"2^63 in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"price_cents": uint64(1 << 63)}}}, props{"order_id": "o", "items": `[{"price_cents":9223372036854775808}]`}},
		{"an object in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"product_id": props{"a": 1}}}}, props{"order_id": "o", "items": `[{"product_id":{"a":1}}]`}},
		{"a list in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"product_id": []int{}}}}, props{"order_id": "o", "items": `[{"product_id":[]}]`}},
		{"NaN in a message", causality.EventPurchaseComplete, props{"order_id": "o", "items": []any{props{"quantity": math.NaN()}}}, props{"order_id": "o", "items": `[{"quantity":"NaN"}]`}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if tt.want == nil {
				tt.want = tt.give
			}
			got := g.send(t, causality.Event{EventType: tt.kind, Properties: tt.give})
			got.wantCustom(t, tt.kind, tt.want)
			var attrs []slog.Attr
			for key, v := range tt.give {
				attrs = append(attrs, slog.Any(key, v))
			}
			got = g.send(t, causality.Event{EventType: tt.kind, Attrs: attrs, UserID: "u-1", SessionID: "s-9"})
			got.wantCustom(t, tt.kind, tt.want)
			if got.UserID != "u-1" || got.SessionID != "s-9" || got.DeviceID != "test-device" || got.CorrelationID != "" {
				t.Errorf("the identity is placed as for a typed event: %+v", got.Event)
			}
		})
	}
}

// One value of the whole payload decides, wherever it is.
func TestTypedAMisfitAmongManyPropertiesLosesNone(t *testing.T) {
	g := newTyped(t)
	give, want := props{"order_id": "o-42", "item_count": "many", "items": []props{{"color": "red"}}}, props{"order_id": "o-42", "item_count": "many", "items": `[{"color":"red"}]`}
	for i := range 500 {
		key := strings.Repeat("k", i+1)
		give[key], want[key] = i, int64(i)
	}
	got := g.send(t, causality.Event{EventType: causality.EventPurchaseComplete, Properties: give})
	got.wantCustom(t, causality.EventPurchaseComplete, want)
}
