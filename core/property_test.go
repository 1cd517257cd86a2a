package causality_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"math/big"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// sent tracks events and returns them as the gateway got them.
func sent(t testing.TB, change func(*causality.Config), events ...causality.Event) []event {
	t.Helper()
	g := newGateway(t)
	client := newClient(t, g, func(cfg *causality.Config) {
		if change != nil {
			change(cfg)
		}
	})
	for _, e := range events {
		client.Track(e)
	}
	flush(t, client)
	return g.events()
}

// params returns the properties of an event as "int 5", "string x" and so on,
// without the server context.
func (e event) params() map[string]string {
	all := map[string]string{}
	for key, v := range e.Strings {
		if !strings.HasPrefix(key, "_server_") {
			all[key] = "string " + v
		}
	}
	for key, v := range e.Ints {
		all[key] += "int " + strconv.FormatInt(v, 10)
	}
	for key, v := range e.Floats {
		all[key] += "float " + strconv.FormatFloat(v, 'g', -1, 64)
	}
	for key, v := range e.Bools {
		all[key] += "bool " + strconv.FormatBool(v)
	}
	return all
}

type (
	ownInt    int
	ownString string
	ownBytes  []byte
	status    int // a Stringer
	level     int // a TextMarshaler
	badText   int // a TextMarshaler that fails
	isoCode   int // a json.Marshaler of a simple kind
	point     struct {
		X int `json:"x"`
		Y int `json:"y,omitempty"`
		z int
	}
	money        struct{ cents int } // a json.Marshaler
	odd          struct{}            // a json.Marshaler that fails
	node         struct{ Next *node }
	valuer       func() slog.Value
	pointerError struct{}
	panicError   struct{}
)

func (s status) String() string              { return "status-" + strconv.Itoa(int(s)) }
func (l level) MarshalText() ([]byte, error) { return []byte("level-" + strconv.Itoa(int(l))), nil }
func (badText) MarshalText() ([]byte, error) { return nil, errors.New("no text") }
func (isoCode) MarshalJSON() ([]byte, error) { return []byte(`"EUR"`), nil }
func (m money) MarshalJSON() ([]byte, error) {
	return []byte(fmt.Sprintf(`{"cents":%d,"currency":"EUR"}`, m.cents)), nil
}
func (odd) MarshalJSON() ([]byte, error) { return nil, errors.New("odd") }
func (f valuer) LogValue() slog.Value    { return f() }
func (*pointerError) Error() string      { return "a pointer's error" }
func (panicError) Error() string         { panic("in Error") }

func endless() slog.Value { return slog.AnyValue(valuer(endless)) }

func pointerTo[T any](v T) *T { return &v }

func TestWhatAValueBecomes(t *testing.T) {
	at := time.Date(2026, 11, 23, 11, 52, 55, 123456789, time.FixedZone("CET", 3600))
	var nilError *pointerError
	var nilMap map[string]any
	var nilStatus *status
	cyclic := map[string]any{"n": 1}
	cyclic["self"] = cyclic
	loop := &node{}
	loop.Next = loop
	n := 7
	pn := &n
	deep := strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300)

	tests := []struct {
		name  string
		value any
		want  map[string]string // by key; the value itself is under "v"
	}{
		{"string", "text", one("string text")},
		{"empty string", "", one("string ")},
		{"string with controls and quotes", "a\"\\\n\t\r\x00\x1f\x7f/<>&\u2028", one("string a\"\\\n\t\r\x00\x1f\x7f/<>&\u2028")},
		{"string that is not UTF-8", "a\xffb\xc3", one("string a\uFFFDb\uFFFD")},
		{"string with a surrogate half", "\xed\xa0\x80", one("string \uFFFD\uFFFD\uFFFD")},
		{"emoji", "🧾", one("string 🧾")},
		{"int", -5, one("int -5")},
		{"int8", int8(math.MinInt8), one("int -128")},
		{"int16", int16(math.MaxInt16), one("int 32767")},
		{"int32", int32(math.MinInt32), one("int -2147483648")},
		{"int64", int64(math.MinInt64), one("int -9223372036854775808")},
		{"uint", uint(5), one("int 5")},
		{"uint8", uint8(255), one("int 255")},
		{"uint16", uint16(65535), one("int 65535")},
		{"uint32", uint32(math.MaxUint32), one("int 4294967295")},
		{"uint64 that is an int64", uint64(math.MaxInt64), one("int 9223372036854775807")},
		{"uint64 beyond", uint64(math.MaxInt64) + 1, one("string 9223372036854775808")},
		{"uintptr", uintptr(9), one("int 9")},
		{"float64", 1.5, one("float 1.5")},
		{"whole float", 3.0, one("float 3")},
		{"1e21", 1e21, one("float 1e+21")},
		{"1e-9", 1e-9, one("float 1e-09")},
		{"largest float", math.MaxFloat64, one("float 1.7976931348623157e+308")},
		{"smallest float", math.SmallestNonzeroFloat64, one("float 5e-324")},
		{"-0", math.Copysign(0, -1), one("float -0")},
		{"NaN", math.NaN(), one("string NaN")},
		{"+Inf", math.Inf(1), one("string +Inf")},
		{"-Inf", math.Inf(-1), one("string -Inf")},
		{"float32", float32(0.5), one("float 0.5")},
		{"float32 NaN", float32(math.NaN()), one("string NaN")},
		{"bool", true, one("bool true")},
		{"complex", complex(1, -2), one("string (1-2i)")},
		{"complex64", complex64(1), one("string (1+0i)")},
		{"duration", 1500 * time.Microsecond, one("float 1.5")},
		{"negative duration", -time.Second, one("float -1000")},
		{"time with a zone", at, one("string 2026-11-23T10:52:55.123456789Z")},
		{"zero time", time.Time{}, one("string 0001-01-01T00:00:00Z")},
		{"month, a Stringer", time.November, one("string November")},
		{"bytes", []byte("raw\x00"), one("string cmF3AA==")},
		{"no bytes", []byte{}, one("string ")},
		{"named bytes", ownBytes("raw"), one("string cmF3")},
		{"named int", ownInt(7), one("int 7")},
		{"named string", ownString("s"), one("string s")},
		{"Stringer", status(3), one("string status-3")},
		{"TextMarshaler", level(3), one("string level-3")},
		{"TextMarshaler that fails", badText(3), one("string !ERROR: no text")},
		{"TextMarshaler and Stringer of the library", netip.MustParseAddr("10.0.0.7"), one("string 10.0.0.7")},
		{"pointer that is a Stringer", &url.URL{Scheme: "https", Host: "a.test"}, one("string https://a.test")},
		{"big number, a Stringer", big.NewInt(1 << 40), one("string 1099511627776")},
		{"named int with MarshalJSON is its kind", isoCode(978), one("int 978")},
		{"error", fs.ErrNotExist, one("string file does not exist")},
		{"joined error", errors.Join(errors.New("a"), errors.New("b")), one("string a\nb")},
		{"error that panics", panicError{}, one("string !PANIC: in Error")},
		{"nil error in a typed pointer", error(nilError), nil},
		{"nil", nil, nil},
		{"nil pointer", (*int)(nil), nil},
		{"nil pointer to a Stringer", nilStatus, nil},
		{"nil map", nilMap, nil},
		{"nil slice", []string(nil), nil},
		{"nil bytes", []byte(nil), nil},
		{"nil channel", (chan int)(nil), nil},
		{"pointer", pn, one("int 7")},
		{"pointer to a pointer", &pn, one("int 7")},
		{"pointer to a duration", pointerTo(time.Second), one("float 1000")},
		{"pointer to a time", &at, one("string 2026-11-23T10:52:55.123456789Z")},
		{"pointer to a nil pointer", new(*int), nil},
		{"channel", make(chan int), one("string !ERROR: json: unsupported type: chan int")},
		{"func", func() {}, one("string !ERROR: json: unsupported type: func()")},
		{"struct with tags", point{X: 1, z: 3}, map[string]string{"v_x": "int 1"}},
		{"pointer to a struct", &point{X: 1, Y: 2}, map[string]string{"v_x": "int 1", "v_y": "int 2"}},
		{"empty struct", struct{}{}, nil},
		{"struct with MarshalJSON", money{5}, map[string]string{"v_cents": "int 5", "v_currency": "string EUR"}},
		{"MarshalJSON that fails", odd{}, one("string !ERROR: json: error calling MarshalJSON for type causality_test.odd: odd")},
		{"array", [2]int{1, 2}, one("string [1,2]")},
		{"slice", []any{1, "a", nil, map[string]int{"b": 2}, "<&>"}, one(`string [1,"a",null,{"b":2},"<&>"]`)},
		{"empty slice", []int{}, one("string []")},
		{"map", map[string]any{"b": 2, "a": time.Second, "c": map[string]any{"d": errors.New("e")}},
			map[string]string{"v_a": "float 1000", "v_b": "int 2", "v_c_d": "string e"}},
		{"empty map", map[string]any{}, nil},
		{"map with named keys", map[ownString]int{"a": 1}, map[string]string{"v_a": "int 1"}},
		{"map with int keys", map[int]string{7: "x"}, map[string]string{"v_7": "string x"}},
		{"cyclic map", cyclic, map[string]string{"v_n": "int 1", "v_self": "string !ERROR: contains itself"}},
		{"group", slog.GroupValue(slog.Int("a", 1), slog.Group("g", slog.Bool("b", true))), map[string]string{"v_a": "int 1", "v_g_b": "bool true"}},
		{"empty group", slog.GroupValue(), nil},
		{"attributes", []slog.Attr{slog.Int("a", 1)}, map[string]string{"v_a": "int 1"}},
		{"slog.Value", slog.IntValue(3), one("int 3")},
		{"json.RawMessage", json.RawMessage(`{"a":1,"b":{"c":[1, 2]},"d":null,"e":1.0,"f":18446744073709551616}`),
			map[string]string{"v_a": "int 1", "v_b_c": "string [1,2]", "v_e": "float 1", "v_f": "string 18446744073709551616"}},
		{"json.RawMessage with a key twice", json.RawMessage(`{"a":1,"\u0061":"two"}`), map[string]string{"v_a": "string two"}},
		{"json.RawMessage with a lone surrogate", json.RawMessage(`"\ud800"`), one("string \uFFFD")},
		{"json.RawMessage that is no JSON", json.RawMessage(`{"a":`), one("string !ERROR: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input")},
		{"json.RawMessage that nests deep", json.RawMessage(deep),
			map[string]string{"v" + strings.Repeat("_a", 64): "string " + deep[64*5:len(deep)-64]}},
		{"json.Number, a Stringer", json.Number("12"), one("string 12")},
		{"LogValuer", valuer(func() slog.Value { return slog.IntValue(3) }), one("int 3")},
		{"LogValuer of a LogValuer", valuer(func() slog.Value { return slog.AnyValue(valuer(func() slog.Value { return slog.StringValue("in") })) }), one("string in")},
		{"LogValuer of a group", valuer(func() slog.Value { return slog.GroupValue(slog.Any("a", status(1))) }), map[string]string{"v_a": "string status-1"}},
		{"LogValuer of nil", valuer(func() slog.Value { return slog.AnyValue(nil) }), nil},
		{"LogValuer that panics", valuer(func() slog.Value { panic("in LogValue") }), one("string !PANIC: in LogValue")},
		{"LogValuer without end", valuer(endless), one("string !ERROR: nested too deep")},
		{"nil LogValuer", valuer(nil), nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sent(t, nil,
				causality.Event{EventType: "Properties", Properties: map[string]any{"v": tt.value}},
				causality.Event{EventType: "Attrs", Attrs: []slog.Attr{slog.Any("v", tt.value)}},
				causality.Event{EventType: "a group without name", Attrs: []slog.Attr{{Value: slog.GroupValue(slog.Any("v", tt.value))}}},
			)
			if strings.Contains(tt.name, "deep") {
				got = got[:2] // the others begin one level deeper
			} else if len(got) != 3 {
				t.Fatalf("%d events", len(got))
			}
			for _, e := range got {
				if params := e.params(); !maps.Equal(params, tt.want) {
					t.Errorf("in %s\ngot  %v\nwant %v", e.Name, params, tt.want)
				}
			}
		})
	}
	got := sent(t, nil, causality.Event{EventType: "e", Properties: map[string]any{"v": loop}})
	if text := got[0].params()["v_Next"]; text != "string !ERROR: contains itself" {
		t.Errorf("a pointer cycle is %s", got[0].params())
	}
}

func one(v string) map[string]string { return map[string]string{"v": v} }

func TestWhatAKeyBecomes(t *testing.T) {
	tests := []struct{ name, key, want string }{
		{"plain", "order_id", "order_id"},
		{"a dot", "http.route.name", "http_route_name"},
		{"only dots", "..", "__"},
		{"empty", "", ""},
		{"spaces", " a b ", " a b "},
		{"quotes and backslashes", `a"b\c`, `a"b\c`},
		{"controls", "a\n\x00\tb", "a\n\x00\tb"},
		{"not UTF-8", "a\xff.b", "a\uFFFD_b"},
		{"not Latin", "ключ.名", "ключ_名"},
		{"dollar and slash", "$/a", "$/a"},
		{"long", strings.Repeat("k", 70_000), strings.Repeat("k", 70_000)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, e := range []causality.Event{
				{EventType: "e", Properties: map[string]any{tt.key: 1}},
				{EventType: "e", Attrs: []slog.Attr{slog.Int(tt.key, 1)}},
			} {
				if got := sent(t, nil, e)[0].params(); !maps.Equal(got, map[string]string{tt.want: "int 1"}) {
					t.Errorf("got %.100q", fmt.Sprint(got))
				}
			}
		})
	}
}

func TestGroupsFlattenWithAnUnderscore(t *testing.T) {
	tests := []struct {
		name  string
		attrs []slog.Attr
		want  map[string]string
	}{
		{"a group", []slog.Attr{slog.Group("req", "method", "GET", "size", 3)}, map[string]string{"req_method": "string GET", "req_size": "int 3"}},
		{"a dot in its name", []slog.Attr{slog.Group("http.req", "a.b", 1)}, map[string]string{"http_req_a_b": "int 1"}},
		{"a group without a name", []slog.Attr{slog.Group("", "a", 1, "b", 2)}, map[string]string{"a": "int 1", "b": "int 2"}},
		{"a group without members", []slog.Attr{slog.Group("g"), slog.Int("a", 1)}, map[string]string{"a": "int 1"}},
		{"a member without a name", []slog.Attr{slog.Group("g", "", 1)}, map[string]string{"g_": "int 1"}},
		{"groups in groups", []slog.Attr{slog.Group("a", slog.Group("b", slog.Group("", slog.Int("c", 1))), slog.Int("d", 2))},
			map[string]string{"a_b_c": "int 1", "a_d": "int 2"}},
		{"what follows a group is outside", []slog.Attr{slog.Group("a", "b", 1), slog.Int("b", 2)}, map[string]string{"a_b": "int 1", "b": "int 2"}},
		{"an attribute without key and value", []slog.Attr{{}, slog.Int("a", 1)}, map[string]string{"a": "int 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sent(t, nil, causality.Event{EventType: "e", Attrs: tt.attrs})[0].params(); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}

func TestOfEqualKeysTheLastOneWins(t *testing.T) {
	tests := []struct {
		name  string
		event causality.Event
		want  map[string]string
	}{
		{"among attributes", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1), slog.Int("a", 2)}}, map[string]string{"a": "int 2"}},
		{"of different kinds", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1), slog.Bool("a", true), slog.String("a", "x"), slog.Float64("a", 2)}}, map[string]string{"a": "float 2"}},
		{"Attrs after Properties", causality.Event{Properties: map[string]any{"a": 1}, Attrs: []slog.Attr{slog.String("a", "attr")}}, map[string]string{"a": "string attr"}},
		{"a dotted key and the same with underscore", causality.Event{Properties: map[string]any{"a.b": 1, "a_b": 2}}, map[string]string{"a_b": "int 2"}},
		{"a group and the flat key", causality.Event{Properties: map[string]any{"a": map[string]any{"b": 1}, "a_b": 2}}, map[string]string{"a_b": "int 2"}},
		{"two keys that are not UTF-8", causality.Event{Attrs: []slog.Attr{slog.Int("\xff", 1), slog.Int("\xfe", 2)}}, map[string]string{"\uFFFD": "int 2"}},
		{"nil does not win", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1), slog.Any("a", nil)}}, map[string]string{"a": "int 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.event.EventType = "e"
			if got := sent(t, nil, tt.event)[0].params(); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
}
