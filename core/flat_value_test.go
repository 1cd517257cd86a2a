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

func TestFlatEveryKindOfValue(t *testing.T) {
	seven, text := 7, "text"
	at := time.Date(2026, 11, 23, 10, 52, 55, 120_000_000, time.FixedZone("CET", 3600))
	cycle := props{"a": 1}
	cycle["self"] = cycle
	client, g := newFlat(t)
	for _, tt := range []struct {
		what string
		give any
		want string // "" is left out
	}{
		{"a string", "text", `"text"`},
		{"an empty string", "", `""`},
		{"HTML", "<a href='x'>&</a>", `"<a href='x'>&</a>"`},
		{"escapes", "\"\\\n\t\r\b\x00\x1f\x7f", `"\"\\\n\t\r\b\u0000\u001f` + "\x7f\""},
		{"line separators", "\u2028\u2029", "\"\u2028\u2029\""},
		{"other scripts", "é€😀", `"é€😀"`},
		{"bytes that are not UTF-8", "a\xff\xfeb", "\"a\ufffd\ufffdb\""},
		{"a named string", namedText("text"), `"text"`},
		{"an int", 7, `7`},
		{"the least int64", int64(math.MinInt64), `-9223372036854775808`},
		{"an int beyond float64's digits", int64(1<<53 + 1), `9007199254740993`},
		{"the largest uint64", uint64(math.MaxUint64), `18446744073709551615`},
		{"a named int", namedInt(7), `7`},
		{"a rune", 'a', `97`},
		{"a float", 0.5, `0.5`},
		{"a whole float", 5.0, `5`},
		{"a large float", 1e21, `1e+21`},
		{"a small float", 1e-7, `1e-7`},
		{"minus zero", math.Copysign(0, -1), `-0`},
		{"the largest float", math.MaxFloat64, `1.7976931348623157e+308`},
		{"NaN", math.NaN(), `"NaN"`},
		{"infinity", math.Inf(1), `"+Inf"`},
		{"minus infinity", math.Inf(-1), `"-Inf"`},
		{"a bool", true, `true`},
		{"a complex number", 1 + 2i, `"(1+2i)"`},
		{"a duration", 1500 * time.Microsecond, `1.5`},
		{"a long duration", 36 * time.Hour, `129600000`},
		{"a nanosecond", time.Nanosecond, `0.000001`},
		{"a time", at, `"2026-11-23T09:52:55.12Z"`},
		{"a pointer to a time", &at, `"2026-11-23T09:52:55.12Z"`},
		{"the zero time", time.Time{}, `"0001-01-01T00:00:00Z"`},
		{"bytes", []byte("raw<>"), `"cmF3PD4="`},
		{"no bytes", []byte{}, `""`},
		{"an error", errors.New("no \"stock\""), `"no \"stock\""`},
		{"a Stringer", stringer{"it"}, `"it"`},
		{"a URL", &url.URL{Scheme: "https", Host: "shop", RawQuery: "a=1&b=2"}, `"https://shop?a=1&b=2"`},
		{"a big.Int", new(big.Int).Lsh(big.NewInt(1), 100), `"1267650600228229401496703205376"`},
		{"a pointer", &seven, `7`},
		{"a LogValuer", logValuer(func() slog.Value { return slog.GroupValue(slog.Int("b", 2), slog.Int("a", 1)) }), `{"a":1,"b":2}`},
		{"json.Number", json.Number("1e3"), `"1e3"`},

		{"nil", nil, ``},
		{"a nil pointer", (*int)(nil), ``},
		{"a nil error", error(nil), ``},
		{"a nil map", map[string]int(nil), ``},
		{"a nil slice", []int(nil), ``},
		{"no bytes at all", []byte(nil), ``},
		{"raw null", json.RawMessage("null"), ``},
		{"an empty map", props{}, ``},
		{"an empty group", slog.GroupValue(), ``},
		{"a map of nothing", props{"a": nil, "b": props{"c": props{}}}, ``},
		{"an empty struct", struct{}{}, ``},

		{"a map", props{"b": 1, "a": "x", "c": nil, "D": true, "": 0}, `{"":0,"D":true,"a":"x","b":1}`},
		{"a map of maps", props{"b": map[string]time.Duration{"x": time.Second}, "a.b": map[string]error{"e": errors.New("no")}}, `{"a.b":{"e":"no"},"b":{"x":1000}}`},
		{"a struct", struct {
			B    int     `json:"b"`
			A    *string `json:"a,omitempty"`
			C    *string `json:"c"`
			D    string
			skip int
		}{B: 1, A: &text}, `{"D":"","a":"text","b":1}`},
		{"a map with other keys", map[int]string{2: "b", 1: "a"}, `{"1":"a","2":"b"}`},
		{"a list", []string{"b", "a", ""}, `["b","a",""]`},
		{"an empty list", []string{}, `[]`},
		{"an array", [2]bool{true, false}, `[true,false]`},
		{"a list of everything", []any{1, "a", 0.5, true, nil, []int{1}, props{"b": nil, "a": uint64(math.MaxUint64)}}, `[1,"a",0.5,true,null,[1],{"a":18446744073709551615,"b":null}]`},
		{"a list of structs", []struct {
			B int `json:"b"`
			A any `json:"a"`
		}{{1, []any{}}, {2, props{"z": "<&>", "y": 1}}}, `[{"a":[],"b":1},{"a":{"y":1,"z":"<&>"},"b":2}]`},
		{"a list of errors", []error{errors.New("a"), nil}, `["a",null]`},
		{"a list of byte slices", [][]byte{[]byte("raw")}, `["cmF3"]`},
		{"a list of bad UTF-8", []string{"\xff\u2028"}, `["` + "\uFFFD" + `` + "\u2028" + `"]`},
		{"NaN in a list", []float64{math.NaN()}, `["NaN"]`},

		{"raw JSON", json.RawMessage(` { "b" : [ 1.0 , 2e3 ] , "a" : "\u0041" } `), `{"a":"A","b":[1,2000]}`},
		{"a raw list", json.RawMessage("[\n1,\n{\"b\":1,\"a\":2}\n]"), `[1,{"a":2,"b":1}]`},
		{"a raw key twice", json.RawMessage(`{"a":1,"b":2,"a":3,"\u0061":4}`), `{"a":4,"b":2}`},
		{"a raw key twice in a list", json.RawMessage(`[{"a":1,"b":2,"\u0061":3}]`), `[{"a":3,"b":2}]`},
		{"raw integers", json.RawMessage(`[18446744073709551615,9007199254740993,-9223372036854775808]`), `[18446744073709551615,9007199254740993,-9223372036854775808]`},
		{"raw integers beyond all", json.RawMessage(`{"a":123456789012345678901,"b":[-123456789012345678901]}`), `{"a":"123456789012345678901","b":["-123456789012345678901"]}`},
		{"raw floats beyond all", json.RawMessage(`{"a":1e400,"b":[-1E400]}`), `{"a":"1e400","b":["-1E400"]}`},
		{"raw bad UTF-8", json.RawMessage("{\"\xff\":\"\xfe\"}"), "{\"\uFFFD\":\"\uFFFD\"}"},
		{"raw bad UTF-8 in a list", json.RawMessage("[\"a\xff\",{\"\xff\":1}]"), "[\"a\uFFFD\",{\"\uFFFD\":1}]"},
		{"half a surrogate pair", json.RawMessage(`{"a":"\ud800"}`), "{\"a\":\"\uFFFD\"}"},
		{"half a surrogate pair in a list", json.RawMessage(`["\ud800","\udc00x","\ud83d\ude00",{"\ud800":1}]`), "[\"\uFFFD\",\"\uFFFDx\",\"😀\",{\"\uFFFD\":1}]"},
		{"a raw string", json.RawMessage(`"a\/b"`), `"a/b"`},
		{"broken raw JSON", json.RawMessage(`{"a":`), `"!ERROR: json: error calling MarshalJSON for type json.RawMessage: unexpected end of JSON input"`},

		{"a channel", make(chan int), `"!ERROR: json: unsupported type: chan int"`},
		{"what panics", logValuer(func() slog.Value { panic("broken") }), `"!PANIC: broken"`},
		{"a method that panics", panicMarshaler{}, `"!PANIC: broken"`},
		{"a panic in a map", props{"ok": 1, "bad": logValuer(func() slog.Value { panic("broken") })}, `{"bad":"!PANIC: broken","ok":1}`},
		{"a cycle", cycle, `{"a":1,"self":"!ERROR: contains itself"}`},
	} {
		t.Run(tt.what, func(t *testing.T) {
			want := `{"_server":SERVER,"v":` + tt.want + `}`
			if tt.want == "" {
				want = `{"_server":SERVER}`
			}
			if got := flatProperties(t, client, g, causality.Event{Properties: props{"v": tt.give}}); got != want {
				t.Errorf("as a property sent\n%s, want\n%s", got, want)
			}
			if got := flatProperties(t, client, g, causality.Event{Attrs: []slog.Attr{slog.Any("v", tt.give)}}); got != want {
				t.Errorf("as an attribute sent\n%s, want\n%s", got, want)
			}
			want = strings.Replace(want, `"v":`+tt.want, `"g":{"v":`+tt.want+`}`, 1)
			if tt.want == "" {
				want = `{"_server":SERVER}`
			}
			if got := flatProperties(t, client, g, causality.Event{Attrs: []slog.Attr{slog.Group("g", slog.Any("v", tt.give))}}); got != want {
				t.Errorf("in a group sent\n%s, want\n%s", got, want)
			}
		})
	}
	if dropped := client.Stats().Dropped.Total(); dropped != 0 {
		t.Errorf("%d events are dropped", dropped)
	}
}

func TestFlatGroupsMergeAndTheLastOfEqualKeysWins(t *testing.T) {
	client, g := newFlat(t)
	group := func(key string, members ...any) slog.Attr { return slog.Group(key, members...) }
	for _, tt := range []struct {
		what  string
		event causality.Event
		want  string
	}{
		{"sorted", causality.Event{Properties: props{"b": 1, "a": 2, "B": 3, "~": 4, "é": 5}}, `{"B":3,"_server":SERVER,"a":2,"b":1,"~":4,"é":5}`},
		{"dots are kept", causality.Event{Properties: props{"http.route": "cart", "http": props{"route.name": 1}}}, `{"_server":SERVER,"http":{"route.name":1},"http.route":"cart"}`},
		{"flat and nested names are two", causality.Event{Properties: props{"a_b": 1, "a": props{"b": 2}}}, `{"_server":SERVER,"a":{"b":2},"a_b":1}`},
		{"equal keys", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1), slog.String("a", "x")}}, `{"_server":SERVER,"a":"x"}`},
		{"attributes after properties", causality.Event{Properties: props{"a": 1}, Attrs: []slog.Attr{slog.Int("a", 2)}}, `{"_server":SERVER,"a":2}`},
		{"nil does not win", causality.Event{Properties: props{"a": 1}, Attrs: []slog.Attr{slog.Any("a", nil)}}, `{"_server":SERVER,"a":1}`},
		{"the same group twice", causality.Event{Attrs: []slog.Attr{group("a", "x", 1, "y", 1), group("a", "y", 2, "z", 2)}}, `{"_server":SERVER,"a":{"x":1,"y":2,"z":2}}`},
		{"the same group twice, deep", causality.Event{Properties: props{"a": props{"b": props{"x": 1}}}, Attrs: []slog.Attr{group("a", group("b", "y", 2), "c", 3)}}, `{"_server":SERVER,"a":{"b":{"x":1,"y":2},"c":3}}`},
		{"a group, then a scalar", causality.Event{Attrs: []slog.Attr{group("a", "x", 1), slog.Int("a", 2)}}, `{"_server":SERVER,"a":2}`},
		{"a scalar, then a group", causality.Event{Attrs: []slog.Attr{slog.Int("a", 2), group("a", "x", 1)}}, `{"_server":SERVER,"a":{"x":1}}`},
		{"a group, a scalar, a group", causality.Event{Attrs: []slog.Attr{group("a", "x", 1), slog.Int("a", 2), group("a", "y", 3)}}, `{"_server":SERVER,"a":{"y":3}}`},
		{"a scalar, then an empty group", causality.Event{Attrs: []slog.Attr{slog.Int("a", 2), slog.Any("a", props{"x": nil})}}, `{"_server":SERVER,"a":2}`},
		{"a group, then a list", causality.Event{Attrs: []slog.Attr{group("a", "x", 1), slog.Any("a", []int{1})}}, `{"_server":SERVER,"a":[1]}`},
		{"a list, then a group", causality.Event{Attrs: []slog.Attr{slog.Any("a", []int{1}), group("a", "x", 1)}}, `{"_server":SERVER,"a":{"x":1}}`},
		{"a raw object too deep to merge", causality.Event{Attrs: []slog.Attr{slog.Any("a", []any{props{"x": 1}}), slog.Any("a", []any{props{"y": 1}})}}, `{"_server":SERVER,"a":[{"y":1}]}`},
		{"within a group", causality.Event{Attrs: []slog.Attr{group("g", slog.Int("a", 1), group("a", "x", 1), slog.Int("b", 1), slog.Int("b", 2))}}, `{"_server":SERVER,"g":{"a":{"x":1},"b":2}}`},
		{"a group without a name is inline", causality.Event{Attrs: []slog.Attr{slog.Int("a", 1), group("", slog.Int("a", 2), group("", slog.Int("b", 3)))}}, `{"_server":SERVER,"a":2,"b":3}`},
		{"a map without a name is inline", causality.Event{Properties: props{"": props{"a": 1}, "g": props{"": props{"b": 2}}}}, `{"_server":SERVER,"a":1,"g":{"b":2}}`},
		{"a key without a name", causality.Event{Properties: props{"": 1}}, `{"":1,"_server":SERVER}`},
		{"escapes in keys", causality.Event{Properties: props{"\"\\\n<&>": 1, "g\x00": props{"\u2028": 2}}}, `{"\"\\\n<&>":1,"_server":SERVER,"g\u0000":{"` + "\u2028" + `":2}}`},
		{"keys that are equal once they are UTF-8", causality.Event{Attrs: []slog.Attr{slog.Int("\xff", 1), slog.Int("\xfe", 2), slog.Int("\uFFFD", 3)}}, "{\"_server\":SERVER,\"\uFFFD\":3}"},
		{"groups that are equal once they are UTF-8", causality.Event{Attrs: []slog.Attr{group("\xff", "a", 1), group("\xfe", "\xff", 2, "\xfe", 3)}}, "{\"_server\":SERVER,\"\uFFFD\":{\"a\":1,\"\uFFFD\":3}}"},
		{"a map with keys that are equal once they are UTF-8", causality.Event{Properties: props{"m": map[string]int{"\xff": 2, "\xfe": 1}}}, "{\"_server\":SERVER,\"m\":{\"\uFFFD\":2}}"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			if got := flatProperties(t, client, g, tt.event); got != tt.want {
				t.Errorf("sent\n%s, want\n%s", got, tt.want)
			}
		})
	}
}

func TestFlatReplaceAttrIsGivenEveryPropertyWithItsGroups(t *testing.T) {
	var seen []string
	client, g := newFlat(t, func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			path := strings.Join(append(groups[:len(groups):len(groups)], a.Key), "/")
			seen = append(seen, path)
			switch path {
			case "a/b/secret", "token":
				return slog.Attr{}
			case "a/old":
				a.Key = "new"
			case "a/b/n":
				return slog.Group("m", slog.Int("x", 1), slog.Int("y", 2))
			case "panics":
				panic("broken")
			}
			return a
		}
	})
	got := flatProperties(t, client, g, causality.Event{
		Properties: props{"token": "secret", "panics": 1, "list": []props{{"inside": 1}}},
		Attrs:      []slog.Attr{slog.Group("a", slog.Group("b", slog.String("secret", "s"), slog.Int("n", 1)), slog.Int("old", 2), slog.Any("map", props{"c": 3})), slog.Group("", slog.Int("inline", 4)), slog.Int("last", 5)},
	})
	if want := `{"_server":SERVER,"a":{"b":{"m":{"x":1,"y":2}},"map":{"c":3},"new":2},"inline":4,"last":5,"list":[{"inside":1}]}`; got != want {
		t.Errorf("sent\n%s, want\n%s", got, want)
	}
	want := "list panics token a/b/secret a/b/n a/b/m/x a/b/m/y a/old a/map a/map/c inline last"
	if got := strings.Join(seen, " "); got != want {
		t.Errorf("ReplaceAttr saw\n%s, want\n%s", got, want)
	}
	if got := client.Stats().Properties; got != (causality.PropertyStats{Dropped: 1}) {
		t.Errorf("counted %+v, want the one that panicked", got)
	}
}

func TestFlatHostileNesting(t *testing.T) {
	client, g := newFlat(t)
	deepList, deepMap, deepGroup := any("end"), any("end"), slog.String("k", "end")
	for range 20_000 {
		deepList = []any{deepList}
	}
	for range 1_000 {
		deepMap, deepGroup = props{"k": deepMap}, slog.Group("k", deepGroup)
	}
	for what, v := range map[string]any{
		"a list deeper than JSON may be": deepList,
		"a deep map":                     deepMap,
		"a deep group":                   deepGroup.Value,
		"raw lists":                      json.RawMessage(strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999)),
		"raw objects":                    json.RawMessage(strings.Repeat(`{"k":`, 9_999) + "1" + strings.Repeat("}", 9_999)),
		"raw objects that are too deep":  json.RawMessage(strings.Repeat(`{"k":`, 50_000) + "1" + strings.Repeat("}", 50_000)),
	} {
		t.Run(what, func(t *testing.T) {
			got := flatProperties(t, client, g, causality.Event{Properties: props{"other": "stays", "v": v}})
			if !strings.HasPrefix(got, `{"_server":SERVER,"other":"stays","v":`) {
				t.Errorf("sent %.300s", got)
			}
		})
	}

	doubling, h := newFlat(t, func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
			return slog.Group(a.Key+"k", slog.Attr{Key: a.Key, Value: a.Value}, slog.Attr{Key: a.Key + "l", Value: a.Value})
		}
	})
	doubling.Track(causality.Event{EventType: "e", Properties: props{"v": 1}})
	if err := doubling.Flush(); err != nil || len(h.take()) != 0 || doubling.Stats().Dropped.Invalid != 1 {
		t.Errorf("a ReplaceAttr that doubles every property: %v, %+v, want it Invalid", err, doubling.Stats())
	}
}

func TestFlatHostileTexts(t *testing.T) {
	client, g := newFlat(t)
	for _, text := range hostileTexts {
		for _, v := range []any{text, []string{text}, json.RawMessage(text), rawMarshaler(text), props{text: text}, []any{props{text: text}}, errors.New(text), logValuer(func() slog.Value { panic(text) })} {
			flatLine(t, client, g, causality.Event{EventType: "e" + text, UserID: text, SessionID: text, DeviceID: text, CorrelationID: text,
				Properties: props{"v": v, text: v}, Attrs: []slog.Attr{slog.Group(text, slog.Any(text, v))}})
		}
	}
}

// FuzzFlat tracks events of arbitrary texts and raw JSON in the flat form, which
// a strict decoder must be able to read.
func FuzzFlat(f *testing.F) {
	for i, text := range hostileTexts {
		f.Add(text, hostileTexts[(i+7)%len(hostileTexts)], int64(i), float64(i))
	}
	client, g := newFlat(f)
	f.Fuzz(func(t *testing.T, text, key string, n int64, x float64) {
		if len(text)+len(key) > 10_000 {
			t.Skip("it may be too large for an event")
		}
		g.t = t
		client.Track(causality.Event{EventType: "e" + text, UserID: key, SessionID: text, CorrelationID: key, DeviceID: text,
			Properties: props{key: json.RawMessage(text), text: []any{n, x, text, uint64(n)}, "m": map[string]any{text: x, key: n}, "_server": text},
			Attrs:      []slog.Attr{slog.Group(key, slog.Any(text, rawMarshaler("["+text+"]")), slog.Any(key, time.Duration(n)))}})
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		if lines := g.take(); len(lines) != 1 {
			t.Fatalf("%d events are sent of one: %+v", len(lines), client.Stats())
		}
	})
}
