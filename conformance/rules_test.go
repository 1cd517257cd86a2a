package conformance

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Each rule by which the SDK makes an event one that the gateway takes, on the
// smallest event that needs it. TestEveryRuleIsNeeded removes them one by one.

type params = map[string]any

// rule is an event and what must be stored of it.
type rule struct {
	name  string
	event causality.Event
	want  params // by the name of the param map: "string a", "int b" …
	// Where it matters:
	eventName string
	ids       [2]string // device and correlation
}

var controls = func() string {
	var all []byte
	for c := range byte(' ') {
		all = append(all, c)
	}
	return string(append(all, 0x7f))
}()

var rules = []rule{
	{name: "bytes that are not UTF-8 in a value", event: with("v", "a\xff\xfeb\xc3"), want: params{"string v": "a\ufffd\ufffdb\ufffd"}},
	{name: "a lone surrogate in a value", event: with("v", "\xed\xa0\x80"), want: params{"string v": "\ufffd\ufffd\ufffd"}},
	{name: "bytes that are not UTF-8 in a key", event: with("k\xff", 1), want: params{"int k\ufffd": int64(1)}},
	{name: "bytes that are not UTF-8 in a group's name", event: withAttrs(slog.Group("g\xff", "a", 1)), want: params{"int g\ufffd_a": int64(1)}},
	{name: "bytes that are not UTF-8 in the identity",
		event: causality.Event{UserID: "u\xff", SessionID: "s\xff", DeviceID: "d\xff", CorrelationID: "c\xff"},
		want:  params{"string user_id": "u\ufffd", "string session_id": "s\ufffd"}, ids: [2]string{"d\ufffd", "c\ufffd"}},
	{name: "bytes that are not UTF-8 in the type", event: causality.Event{EventType: "a\xff\xffb"}, eventName: "a\ufffd\ufffdb"},
	{name: "keys that are equal once they are UTF-8", event: withAttrs(slog.Int("\xff", 1), slog.String("\xfe", "last")), want: params{"string \ufffd": "last"}},

	{name: "control characters in a value", event: with("v", controls), want: params{"string v": controls}},
	{name: "control characters in a key", event: with(controls, true), want: params{"bool " + controls: true}},
	{name: "control characters in the identity", event: causality.Event{UserID: controls, CorrelationID: controls},
		want: params{"string user_id": controls}, ids: [2]string{"", controls}},
	{name: "quotes and backslashes in a value", event: with("v", `"\`), want: params{"string v": `"\`}},
	{name: "what looks like an escape in a value", event: with("v", `\u0061\ud800\n`), want: params{"string v": `\u0061\ud800\n`}},
	{name: "quotes and backslashes in a key", event: with(`"\`, 1), want: params{`int "\`: int64(1)}},
	{name: "quotes and backslashes in the type", event: causality.Event{EventType: `"\`}, eventName: `"\`},
	{name: "line separators are not touched", event: with("\u2028\ufeff", "\u2029\uffff"), want: params{"string \u2028\ufeff": "\u2029\uffff"}},

	{name: "control characters in the type", event: causality.Event{EventType: "a\nb\tc\rd\x00e\x1bf\x7fg\u0085h\u2028"}, eventName: "a_b_c_d_e_f_g_h\u2028"},
	{name: "DEL alone in the type", event: causality.Event{EventType: "deleted\x7f"}, eventName: "deleted_"},
	{name: "a type of 257 bytes", event: causality.Event{EventType: longType + "y"}, eventName: longType},
	{name: "a type whose 256th byte is within a rune", event: causality.Event{EventType: longType[:255] + "é"}, eventName: longType[:255]},
	{name: "a type that is too long once it is valid UTF-8", event: causality.Event{EventType: strings.Repeat("\xff", 200)}, eventName: strings.Repeat("\ufffd", 85)},

	{name: "a dot in a key", event: with("a.b.", 1), want: params{"int a_b_": int64(1)}},
	{name: "a dot in a group's name", event: withAttrs(slog.Group("a.b", "c.d", 1)), want: params{"int a_b_c_d": int64(1)}},

	{name: "the same key twice", event: withAttrs(slog.Int("k", 1), slog.Int("k", 2)), want: params{"int k": int64(2)}},
	{name: "the same key in two kinds", event: withAttrs(slog.Int("k", 1), slog.String("k", "last")), want: params{"string k": "last"}},
	{name: "the same key with a dot", event: withAttrs(slog.Int("a_b", 1), slog.Bool("a.b", true)), want: params{"bool a_b": true}},
	{name: "the same key of a group", event: withAttrs(slog.Group("a", "b", 1), slog.Float64("a_b", 0.5)), want: params{"float a_b": 0.5}},
	{name: "the same key in Properties and Attrs",
		event: causality.Event{Properties: params{"k": 1}, Attrs: []slog.Attr{slog.String("k", "last")}}, want: params{"string k": "last"}},
	{name: "the same keys in JSON", event: with("j", json.RawMessage(`{"a":1,"\u0061":"last"}`)), want: params{"string j_a": "last"}},
	{name: "a hundred keys twice", event: withAttrs(append(hundred(1), hundred(2)...)...), want: hundredWant},
	{name: "a hundred keys three times", event: withAttrs(slices.Concat(hundred(0), hundred(1), hundred(2))...), want: hundredWant},
	{name: "the keys of a map that are equal without their dots", event: causality.Event{Properties: params{"a.b": 1, "a_b": 2, "a.c": 3, "a_c": 4, "d.e": 5, "d_e": 6}},
		want: params{"int a_b": int64(2), "int a_c": int64(4), "int d_e": int64(6)}},
	{name: "keys that differ in case", event: withAttrs(slog.Int("k", 1), slog.Int("K", 2)), want: params{"int k": int64(1), "int K": int64(2)}},

	{name: "a property called user_id", event: causality.Event{UserID: "u", Properties: params{"user_id": 7}},
		want: params{"string user_id": "u", "int user_id_2": int64(7)}},
	{name: "a property called session_id", event: causality.Event{SessionID: "s", Properties: params{"session.id": "x"}},
		want: params{"string session_id": "s", "string session_id_2": "x"}},
	{name: "a property called user_id_2 as well", event: causality.Event{UserID: "u", Properties: params{"user_id": 7, "user_id_2": 8}},
		want: params{"string user_id": "u", "int user_id_2": int64(8), "int user_id_3": int64(7)}},
	{name: "a property called user_id without a UserID", event: with("user_id", 7), want: params{"int user_id": int64(7)}},
	{name: "properties called like the server context",
		event: causality.Event{Properties: params{"_server_hostname": "x", "_server_go_version": 1, "_server_sdk_version": true}},
		want:  params{"string _server_hostname_2": "x", "int _server_go_version_2": int64(1), "bool _server_sdk_version_2": true}},

	{name: "a uint64 beyond int64", event: with("n", uint64(math.MaxUint64)), want: params{"string n": "18446744073709551615"}},
	{name: "the largest int64 as a uint64", event: with("n", uint64(math.MaxInt64)), want: params{"int n": int64(math.MaxInt64)}},
	{name: "NaN", event: with("f", math.NaN()), want: params{"string f": "NaN"}},
	{name: "infinity", event: with("f", math.Inf(-1)), want: params{"string f": "-Inf"}},
	{name: "a number in JSON that is no float64", event: with("j", json.RawMessage(`{"n":1e999}`)), want: params{"string j_n": "1e999"}},
	{name: "floats keep their last bit", event: with("f", math.SmallestNonzeroFloat64), want: params{"float f": math.SmallestNonzeroFloat64}},
	{name: "nil", event: with("n", nil), want: params{}},
	{name: "a nil pointer", event: with("n", (*int)(nil)), want: params{}},
	{name: "null in JSON", event: with("j", json.RawMessage(`{"a":null,"b":1}`)), want: params{"int j_b": int64(1)}},
	{name: "a lone surrogate in JSON", event: with("j", json.RawMessage(`{"\ud800":"\udc00"}`)), want: params{"string j_\ufffd": "\ufffd"}},
	{name: "an array", event: with("l", []any{1, nil, "a"}), want: params{"string l": `[1,null,"a"]`}},
	{name: "a value that panics", event: with("p", bomb{"boom"}), want: params{"string p": "!PANIC: boom"}},
	{name: "a duration", event: with("d", 1500*time.Microsecond), want: params{"float d": 1.5}},
	{name: "a time in another zone", event: with("t", time.Date(2026, 11, 23, 11, 0, 0, 5, time.FixedZone("", 3600))),
		want: params{"string t": "2026-11-23T10:00:00.000000005Z"}},
	{name: "bytes", event: with("b", []byte("\xff\x00")), want: params{"string b": "/wA="}},
	{name: "an error in a map", event: with("m", params{"err": errors.New("gone"), "took": time.Second}),
		want: params{"string m_err": "gone", "float m_took": 1000.0}},
	{name: "a struct", event: with("o", struct {
		ID    string `json:"id"`
		Total int    `json:"total.cents"`
		Tags  []int
	}{"o-1", 1999, []int{1}}), want: params{"string o_id": "o-1", "int o_total_cents": int64(1999), "string o_Tags": "[1]"}},
	{name: "no value at all", event: causality.Event{}, want: params{}},

	{name: "no device", event: causality.Event{}, want: params{}, ids: [2]string{"web-3", ""}},
	{name: "time zero", event: causality.Event{TimestampMs: 0}, want: params{}},
	{name: "a time before 1970", event: causality.Event{TimestampMs: -1}, want: params{}},
	{name: "the first time", event: causality.Event{TimestampMs: firstMoment}, want: params{}},
	{name: "the last time", event: causality.Event{TimestampMs: lastMoment}, want: params{}},
}

var longType = strings.Repeat("t", 256)

func with(key string, v any) causality.Event {
	return causality.Event{Properties: params{key: v}}
}

func withAttrs(attrs ...slog.Attr) causality.Event { return causality.Event{Attrs: attrs} }

// hundred is more keys than are looked at one by one.
func hundred(v int) (attrs []slog.Attr) {
	for i := range 100 {
		attrs = append(attrs, slog.Int(fmt.Sprint("k", i), v))
	}
	return attrs
}

var hundredWant = func() params {
	want := params{}
	for i := range 100 {
		want[fmt.Sprint("int k", i)] = int64(2)
	}
	return want
}()

func TestEachRule(t *testing.T) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			if r.event.EventType == "" {
				r.event.EventType = "e"
			}
			b := newBench(t, setup{appID: "a", deviceID: "web-3"})
			earliest := time.Now().UnixMilli()
			got := b.storeOne(t, r.event)
			if at := got["timestamp_ms"].(int64); at != r.event.TimestampMs && (r.event.TimestampMs > 0 || at < earliest || at > time.Now().UnixMilli()) {
				t.Errorf("timestamp_ms is %d", at)
			}
			if device := r.ids[0]; device != "" && got["device_id"] != device {
				t.Errorf("device_id is %q", got["device_id"])
			}
			if correlation := r.ids[1]; correlation != "" && got["correlation_id"] != correlation {
				t.Errorf("correlation_id is %q", got["correlation_id"])
			}
			custom := got["custom_event"].(storedMessage)
			if r.eventName != "" && custom["event_name"] != r.eventName {
				t.Errorf("event_name is %q, want %q", custom["event_name"], r.eventName)
			}
			if flat := flatParams(custom); r.want != nil && !maps.Equal(flat, r.want) {
				t.Errorf("stored is %q\nwant %q", flat, r.want)
			}
		})
	}
}

// What does not convert makes its event a custom one.
func TestEachRuleOfTypedFields(t *testing.T) {
	for _, x := range []any{math.NaN(), math.Inf(1), math.Inf(-1), 1e39, "NaN", "Inf", json.RawMessage("1e39")} {
		wantCustom(t, fmt.Sprint("coordinate ", x), causality.EventButtonTap, params{"button_id": "buy", "coordinates": params{"x": x, "y": 0.5}})
	}
	for _, v := range []any{time.Millisecond, time.Duration(0), -1, 5, 1.5, true, "sideways"} {
		wantCustom(t, fmt.Sprint("enum ", v), causality.EventSwipeGesture, params{"direction": v})
	}
}

func wantCustom(t *testing.T, name, eventType string, properties params) {
	t.Run(name, func(t *testing.T) {
		b := newBench(t, setup{appID: "a", typed: true})
		got := b.storeOne(t, causality.Event{EventType: eventType, Properties: properties})
		if _, isCustom := got["custom_event"]; !isCustom {
			t.Errorf("stored is %v", got)
		}
	})
}

// storeOne tracks one event, which must be taken.
func (b *bench) storeOne(t *testing.T, e causality.Event) storedMessage {
	t.Helper()
	b.client.Track(e)
	if err := b.client.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := b.wire.takeRefusals(); err != nil {
		t.Fatal(err)
	}
	stored := b.gateway.Stored()
	if len(stored) != 1 {
		t.Fatalf("%d events were stored: %+v", len(stored), b.client.Stats())
	}
	got, err := readStored(stored[0])
	if err != nil {
		t.Fatal(err)
	}
	b.gateway.Reset()
	return got
}

// flatParams is the user's params of a custom event, as "string a", "int b" …
func flatParams(custom storedMessage) params {
	flat := params{}
	for name, v := range custom {
		entries, _ := v.(storedMap)
		for key, value := range entries {
			if text, ok := serverContext[key]; !ok || value != text {
				flat[strings.TrimSuffix(name, "_params")+" "+key] = value
			}
		}
	}
	return flat
}

func TestAnEventThatCannotBeTakenIsInvalid(t *testing.T) {
	tests := map[string]causality.Event{
		"without a type":           {EventType: ""},
		"after the year 9999":      {EventType: "e", TimestampMs: lastMoment + 1},
		"in seconds":               {EventType: "e", TimestampMs: 1795421601},
		"at the end of time":       {EventType: "e", TimestampMs: math.MaxInt64},
		"with a huge value":        {EventType: "e", Properties: params{"v": strings.Repeat("v", 1_000_001)}},
		"with a huge key":          {EventType: "e", Properties: params{strings.Repeat("k", 1_000_001): 1}},
		"with a huge user":         {EventType: "e", UserID: strings.Repeat("u", 1_000_001)},
		"with a huge correlation":  {EventType: "e", CorrelationID: strings.Repeat("u", 1_000_001)},
		"that its escapes enlarge": {EventType: "e", Properties: params{"v": strings.Repeat("\x00", 200_000)}},
		"with a space in AppID":    {EventType: "e", AppID: "a b"},
		"with a tab in AppID":      {EventType: "e", AppID: "a\tb"},
		"with a slash in AppID":    {EventType: "e", AppID: "a/b"},
		"with a letter in AppID":   {EventType: "e", AppID: "é"},
		"with a quote in AppID":    {EventType: "e", AppID: `"`},
		"with a long AppID":        {EventType: "e", AppID: longName + "x"},
	}
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, setup{appID: "a"})
			b.client.Track(tests[name])
			if s := b.client.Stats(); s.Dropped.Invalid != 1 {
				t.Errorf("%+v", s)
			}
			_ = b.client.Flush()
			if n := b.gateway.Len(); n != 0 {
				t.Errorf("%d events were stored", n)
			}
			if err := b.wire.takeRefusals(); err != nil {
				t.Errorf("%.500s", err)
			}
		})
	}
}

func TestTheLargestEventIsTaken(t *testing.T) {
	b := newBench(t, setup{appID: "a"})
	event := func(n int) causality.Event {
		return causality.Event{EventType: "e", TimestampMs: firstMoment, Properties: params{"v": strings.Repeat("v", n)}}
	}
	b.storeOne(t, event(1))
	n := 1 + largestEvent - b.wire.eventBytes
	b.storeOne(t, event(n))
	if b.wire.eventBytes != largestEvent {
		t.Fatalf("the event has %d bytes", b.wire.eventBytes)
	}
	b.client.Track(event(n + 1))
	if s := b.client.Stats(); s.Dropped.Invalid != 1 {
		t.Errorf("an event of %d bytes is not Invalid: %+v", largestEvent+1, s)
	}
}

func TestEveryEventHasAKeyOfItsOwn(t *testing.T) {
	const n = 3000
	b := newBench(t, setup{appID: "a"})
	for range n {
		b.client.Track(causality.Event{EventType: "e", IdempotencyKey: "mine", TimestampMs: firstMoment})
	}
	if err := b.client.Flush(); err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool)
	for _, event := range b.gateway.Stored() {
		ids[event.ID] = true
		ids[event.Key] = true
	}
	if b.gateway.Len() != n || len(ids) != 2*n {
		t.Errorf("%d of %d events were stored under %d names", b.gateway.Len(), n, len(ids))
	}
}
