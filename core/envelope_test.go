package causality_test

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// body returns the request that these events make.
func body(t *testing.T, events ...causality.Event) string {
	t.Helper()
	g := newGateway(t)
	client := newClient(t, g)
	for _, e := range events {
		client.Track(e)
	}
	flush(t, client)
	return string(g.got()[0].body)
}

// The line that DESIGN.md shows, byte for byte, with what changes from one
// machine to the next masked.
func TestTheBytesOfAnEvent(t *testing.T) {
	got := body(t, causality.Event{
		EventType: "purchase_complete", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7", TimestampMs: 1795421601849,
		Attrs: []slog.Attr{slog.String("order_id", "o-42"), slog.Int("total_cents", 1999), slog.Bool("gift", true)},
	})
	for pattern, masked := range map[string]string{
		`"id":"[0-9a-f-]{36}"`:              `"id":"019a…"`,
		`"idempotency_key":"[0-9a-f-]{36}"`: `"idempotency_key":"5f0c…"`,
		`"app_version":"[^"]*",`:            ``,
		`"_server_hostname":"[^"]*"`:        `"_server_hostname":"web-3"`,
	} {
		got = regexp.MustCompile(pattern).ReplaceAllString(got, masked)
	}
	want := "{\"events\":[\n" +
		`{"id":"019a…","idempotency_key":"5f0c…","app_id":"checkout","device_id":"web-3","timestamp_ms":1795421601849,"correlation_id":"req-7",` +
		`"device_context":{"os_version":"` + runtime.GOOS + "/" + runtime.GOARCH + `","sdk_version":"go/0.1.0"},` +
		`"custom_event":{"event_name":"purchase_complete","string_params":{"order_id":"o-42","user_id":"u-1","session_id":"s-9",` +
		`"_server_hostname":"web-3","_server_go_version":"` + runtime.Version() + `","_server_sdk_version":"0.1.0"},` +
		`"int_params":{"total_cents":1999},"bool_params":{"gift":true}}}` + "\n]}"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestWhatAnEventTakesFromTheConfig(t *testing.T) {
	before := time.Now().UnixMilli()
	got := sent(t, nil,
		causality.Event{EventType: "e", IdempotencyKey: "mine"},
		causality.Event{EventType: "e", AppID: "other-app", DeviceID: "phone", TimestampMs: 1795421601849},
		causality.Event{EventType: "e", TimestampMs: -5},
	)
	if e := got[0]; e.AppID != "checkout" || e.DeviceID != "web-3" || e.TimestampMs < before || e.TimestampMs > time.Now().UnixMilli() || e.Key == "mine" {
		t.Errorf("%+v", e)
	}
	if e := got[1]; e.AppID != "other-app" || e.DeviceID != "phone" || e.TimestampMs != 1795421601849 {
		t.Errorf("%+v", e)
	}
	if e := got[2]; e.TimestampMs < before {
		t.Errorf("%+v", e)
	}
}

func TestTheDeviceIsTheHostWhereNothingElseIsSaid(t *testing.T) {
	got := sent(t, func(cfg *causality.Config) { cfg.DeviceID = "" }, causality.Event{EventType: "e"})
	if host := got[0].Strings["_server_hostname"]; host == "" || got[0].DeviceID != host {
		t.Errorf("device %q, host %q", got[0].DeviceID, host)
	}
}

func TestEveryEventHasAnIDAndAKeyOfItsOwn(t *testing.T) {
	before := time.Now()
	g := newGateway(t)
	client := newClient(t, g)
	track(client, 0, 1000)
	flush(t, client)
	seen := map[string]bool{}
	for _, e := range g.events() {
		id, err := uuid.Parse(e.ID)
		if err != nil || id.Version() != 7 || id.Variant() != uuid.RFC4122 {
			t.Errorf("id %s: version %d, variant %v (%v)", e.ID, id.Version(), id.Variant(), err)
		}
		seconds, nanos := id.Time().UnixTime()
		// An event of another test may have been of up to a second later already.
		if at := time.Unix(seconds, nanos); at.UnixMilli() < e.TimestampMs || at.UnixMilli() > e.TimestampMs+1000 || at.Before(before.Truncate(time.Millisecond)) {
			t.Errorf("id %s is of %v, the event of %d", e.ID, at, e.TimestampMs)
		}
		key, err := uuid.Parse(e.Key)
		if err != nil || key.Version() != 4 || key.Variant() != uuid.RFC4122 {
			t.Errorf("key %s: version %d, variant %v (%v)", e.Key, key.Version(), key.Variant(), err)
		}
		if seen[e.ID] || seen[e.Key] {
			t.Errorf("%s or %s comes twice", e.ID, e.Key)
		}
		seen[e.ID], seen[e.Key] = true, true
	}
	if len(seen) != 2000 {
		t.Errorf("%d ids and keys", len(seen))
	}
}

func TestTheEventTypeIsMadeValid(t *testing.T) {
	tests := []struct{ name, eventType, want string }{
		{"plain", "purchase_complete", "purchase_complete"},
		{"spaces and dots stay", "Order placed. Twice", "Order placed. Twice"},
		{"quotes stay", `say "hi" \ bye`, `say "hi" \ bye`},
		{"not Latin", "注文", "注文"},
		{"a line feed", "a\nb", "a_b"},
		{"a tab", "a\tb", "a_b"},
		{"a carriage return", "a\rb", "a_b"},
		{"DEL alone", "abcdefgh\x7f", "abcdefgh_"},
		{"NUL, DEL and C1", "\x00a\x7fb\u0085", "_a_b_"},
		{"only controls", "\n\n", "__"},
		{"not UTF-8", "a\xffb", "a\uFFFDb"},
		{"256 bytes", strings.Repeat("x", 256), strings.Repeat("x", 256)},
		{"257 bytes", strings.Repeat("x", 257), strings.Repeat("x", 256)},
		{"cut at a rune", strings.Repeat("x", 255) + "é", strings.Repeat("x", 255)},
		{"cut at a rune of four bytes", strings.Repeat("x", 253) + "🧾", strings.Repeat("x", 253)},
		{"no cut within the limit", strings.Repeat("x", 252) + "🧾", strings.Repeat("x", 252) + "🧾"},
		{"bytes that are longer once they are valid UTF-8", strings.Repeat("x\xff", 128), strings.Repeat("x\uFFFD", 64)},
		{"a megabyte", strings.Repeat("é\n", 400_000), strings.Repeat("é_", 85)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sent(t, nil, causality.Event{EventType: tt.eventType})[0].Name
			if got != tt.want || len(got) > 256 || !utf8.ValidString(got) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnInvalidEventIsDropped(t *testing.T) {
	tests := []struct {
		name  string
		event causality.Event
	}{
		{"no type", causality.Event{}},
		{"a time after the year 9999", causality.Event{EventType: "e", TimestampMs: 253_402_300_800_000}},
		{"a time in nanoseconds", causality.Event{EventType: "e", TimestampMs: time.Now().UnixNano()}},
		{"an app with white space", causality.Event{EventType: "e", AppID: "my app"}},
		{"an app with a line feed", causality.Event{EventType: "e", AppID: "a\n"}},
		{"an app with a quote", causality.Event{EventType: "e", AppID: `a","x":"`}},
		{"an app that is too long", causality.Event{EventType: "e", AppID: strings.Repeat("a", 257)}},
		{"a string over the limit", causality.Event{EventType: "e", Attrs: []slog.Attr{slog.String("a", strings.Repeat("x", 1_000_000))}}},
		{"strings that are together", causality.Event{EventType: "e", Properties: map[string]any{"a": strings.Repeat("x", 500_000), "b": strings.Repeat("x", 500_000)}}},
		{"a string whose escapes are", causality.Event{EventType: "e", Attrs: []slog.Attr{slog.String("a", strings.Repeat("\x00", 200_000))}}},
		{"a key that is", causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Int(strings.Repeat("k", 1_000_000), 1)}}},
		{"a user that is", causality.Event{EventType: "e", UserID: strings.Repeat("u", 1_000_000)}},
		{"a device that is", causality.Event{EventType: "e", DeviceID: strings.Repeat("u", 1_000_000)}},
		{"a list that is", causality.Event{EventType: "e", Properties: map[string]any{"a": make([]int, 500_000)}}},
		{"groups whose names are", causality.Event{EventType: "e", Attrs: []slog.Attr{nest(slog.Int("a", 1), 20, strings.Repeat("g", 100_000))}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t)
			client := newClient(t, g)
			client.Track(tt.event)
			flush(t, client)
			if s := balanced(t, client); s.Dropped.Invalid != 1 || s.Dropped.Total() != 1 || g.count() != 0 {
				t.Errorf("%d requests, %+v", g.count(), s)
			}
		})
	}
}

// nest puts an attribute into so many groups.
func nest(a slog.Attr, depth int, name string) slog.Attr {
	for range depth {
		a = slog.Attr{Key: name, Value: slog.GroupValue(a)}
	}
	return a
}

func TestAnEventJustWithinTheLimitsIsSent(t *testing.T) {
	got := sent(t, nil,
		causality.Event{EventType: "e", TimestampMs: 253_402_300_799_999},
		causality.Event{EventType: "e", Attrs: []slog.Attr{slog.String("a", strings.Repeat("x", 999_000))}},
		causality.Event{EventType: "e", AppID: strings.Repeat("a", 256)},
	)
	if len(got) != 3 {
		t.Errorf("%d events", len(got))
	}
}

func TestAPropertyWhoseNameTheEventUsesIsRenamed(t *testing.T) {
	tests := []struct {
		name  string
		event causality.Event
		want  map[string]string
	}{
		{"user_id", causality.Event{UserID: "u", Properties: map[string]any{"user_id": 7}}, map[string]string{"user_id": "string u", "user_id_2": "int 7"}},
		{"user_id by a group", causality.Event{UserID: "u", Attrs: []slog.Attr{slog.Group("user", "id", 7)}}, map[string]string{"user_id": "string u", "user_id_2": "int 7"}},
		{"session_id", causality.Event{SessionID: "s", Properties: map[string]any{"session_id": "mine"}}, map[string]string{"session_id": "string s", "session_id_2": "string mine"}},
		{"where the next name is taken", causality.Event{UserID: "u", Properties: map[string]any{"user_id": 7, "user_id_2": 8, "user_id_3": 9}},
			map[string]string{"user_id": "string u", "user_id_2": "int 8", "user_id_3": "int 9", "user_id_4": "int 7"}},
		{"where the next name comes later", causality.Event{UserID: "u", Attrs: []slog.Attr{slog.Int("user_id", 7), slog.Int("user_id_2", 8)}},
			map[string]string{"user_id": "string u", "user_id_2": "int 8", "user_id_3": "int 7"}},
		{"not where the event has none", causality.Event{Properties: map[string]any{"user_id": 7, "session_id": 8}}, map[string]string{"user_id": "int 7", "session_id": "int 8"}},
		{"both", causality.Event{UserID: "u", SessionID: "s", Properties: map[string]any{"user_id": 7, "session_id": 8}},
			map[string]string{"user_id": "string u", "user_id_2": "int 7", "session_id": "string s", "session_id_2": "int 8"}},
		{"device_id and correlation_id are no properties", causality.Event{DeviceID: "d", CorrelationID: "c", Properties: map[string]any{"device_id": 1, "correlation_id": 2}},
			map[string]string{"device_id": "int 1", "correlation_id": "int 2"}},
		{"among so many that a table finds them", causality.Event{UserID: "u", Properties: many(100, map[string]any{"user_id": 7, "user_id_2": 8})},
			many2(100, map[string]string{"user_id": "string u", "user_id_2": "int 8", "user_id_3": "int 7"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.event.EventType = "e"
			if got := sent(t, nil, tt.event)[0].params(); !maps.Equal(got, tt.want) {
				t.Errorf("got  %v\nwant %v", got, tt.want)
			}
		})
	}
	t.Run("the server context", func(t *testing.T) {
		e := sent(t, nil, causality.Event{EventType: "e", Properties: map[string]any{
			"_server_hostname": "mine", "_server": map[string]any{"go_version": 1, "sdk_version": true},
		}})[0]
		if e.Strings["_server_hostname_2"] != "mine" || e.Ints["_server_go_version_2"] != 1 || !e.Bools["_server_sdk_version_2"] ||
			e.Strings["_server_sdk_version"] != "0.1.0" || e.Strings["_server_go_version"] != runtime.Version() {
			t.Errorf("%+v", e)
		}
	})
	t.Run("and counted", func(t *testing.T) {
		client := newClient(t, newGateway(t))
		client.Track(causality.Event{EventType: "e", UserID: "u", SessionID: "s", Properties: map[string]any{"user_id": 7, "session_id": 8}})
		if s := client.Stats(); s.Properties.Renamed != 2 {
			t.Errorf("%+v", s)
		}
	})
}

// many adds n properties p0 … to m.
func many(n int, m map[string]any) map[string]any {
	for i := range n {
		m[fmt.Sprint("p", i)] = i
	}
	return m
}

func many2(n int, m map[string]string) map[string]string {
	for i := range n {
		m[fmt.Sprint("p", i)] = fmt.Sprint("int ", i)
	}
	return m
}

func TestTheSamePropertiesGiveTheSameBytes(t *testing.T) {
	keyed := regexp.MustCompile(`"custom_event".*`)
	var want string
	for range 50 {
		properties := map[string]any{}
		for i := range 60 {
			properties[fmt.Sprint("key", i)] = map[string]any{"b": i, "a": "x", "c.d": map[string]any{"z": 1, "y": 2}}
		}
		got := keyed.FindString(body(t, causality.Event{EventType: "e", Properties: properties}))
		if want == "" {
			want = got
		}
		if got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func TestNothingOfAnEventIsKeptByReference(t *testing.T) {
	g := newGateway(t)
	client := newClient(t, g)
	raw := []byte("first")
	inner := map[string]any{"a": "first"}
	list := []string{"first"}
	properties := map[string]any{"raw": raw, "inner": inner, "list": list}
	attrs := []slog.Attr{slog.String("attr", "first"), slog.Any("group", []slog.Attr{slog.String("b", "first")})}
	client.Track(causality.Event{EventType: "e", Properties: properties, Attrs: attrs})
	copy(raw, "XXXXX")
	inner["a"], inner["new"] = "X", "X"
	list[0] = "X"
	properties["later"] = "X"
	attrs[0] = slog.String("attr", "X")
	attrs[1].Value.Any().([]slog.Attr)[0] = slog.String("b", "X")
	flush(t, client)
	want := map[string]string{"raw": "string Zmlyc3Q=", "inner_a": "string first", "list": `string ["first"]`, "attr": "string first", "group_b": "string first"}
	if got := g.events()[0].params(); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestManyProperties(t *testing.T) {
	for _, n := range []int{31, 32, 33, 34, 63, 64, 65, 1000, 20_000} {
		got := sent(t, nil, causality.Event{EventType: "e", Properties: many(n, map[string]any{})})[0].params()
		if len(got) != n {
			t.Errorf("%d of %d properties arrived", len(got), n)
		}
		// Each twice: the later value wins, whether a table finds it or not.
		var attrs []slog.Attr
		for i := range n {
			attrs = append(attrs, slog.Int(fmt.Sprint("p", i), -1))
		}
		for i := range n {
			attrs = append(attrs, slog.Int(fmt.Sprint("p", i), i))
		}
		e := sent(t, nil, causality.Event{EventType: "e", Attrs: attrs})[0]
		if len(e.Ints) != n || slices.Contains(slices.Collect(maps.Values(e.Ints)), -1) {
			t.Errorf("%d properties twice: %d arrived", n, len(e.Ints))
		}
	}
}

// Duplicates must not pile up where the later one looks for the earlier.
func TestAKeyThatComesOftenIsNotSlow(t *testing.T) {
	attrs := []slog.Attr{}
	for i := range 150_000 {
		attrs = append(attrs, slog.Int("a", i%10))
	}
	start := time.Now()
	got := sent(t, nil, causality.Event{EventType: "e", Properties: many(100, map[string]any{}), Attrs: attrs})
	if took := time.Since(start); took > 5*time.Second || len(got) != 1 || got[0].Ints["a"] != 9 {
		t.Errorf("it took %v", took)
	}
}

// The same group in two places of the next, and so on: few attributes in memory,
// more than anybody can count when they are walked.
func TestGroupsThatMultiplyEnd(t *testing.T) {
	leaves := map[string]slog.Value{
		"a number":       slog.IntValue(1),
		"nil":            slog.AnyValue(nil),
		"an empty group": slog.AnyValue([]slog.Attr{}),
		"a dropped one":  slog.StringValue("secret"),
	}
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Value.Kind() == slog.KindString && a.Value.String() == "secret" {
			return slog.Attr{}
		}
		return a
	}
	for name, leaf := range leaves {
		v := slog.GroupValue(slog.Attr{Key: "l", Value: leaf})
		for range 50 {
			v = slog.GroupValue(slog.Attr{Key: "x", Value: v}, slog.Attr{Key: "y", Value: v})
		}
		for place, value := range map[string]any{"bare": v, "from a LogValuer": valuer(func() slog.Value { return v }), "in a map": map[string]any{"m": v}} {
			for _, replace := range []func([]string, slog.Attr) slog.Attr{nil, drop} {
				t.Run(fmt.Sprintf("%s, %s, ReplaceAttr %v", name, place, replace != nil), func(t *testing.T) {
					client := newClient(t, newGateway(t), func(cfg *causality.Config) { cfg.ReplaceAttr = replace })
					done := make(chan bool)
					go func() {
						client.Track(causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Any("v", value)}})
						close(done)
					}()
					select {
					case <-done:
						balanced(t, client)
					case <-time.After(20 * time.Second):
						t.Fatal("Track does not end")
					}
				})
			}
		}
	}
}
