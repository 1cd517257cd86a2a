package causality_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// hostileTexts are strings that would break a careless encoder.
var hostileTexts = []string{
	`"`, `\`, `\\`, `\"`, `","order_id":"x`, `"}}]}`, `\u0000`, `\ud800`, `\ud83d\ude00`, `</script>`, `'`, "`",
	"\x00", "\x1f", "\x7f", "\n", "\r\n", "\t", "\u0085", "\u2028", "\uFEFF", "\uFFFD", "\U0010FFFF", "😀",
	"\xff", "\xc3", "\xed\xa0\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xf8\x88\x80\x80\x80", "a\xffb\xfe", "\xffend", "\xc0\x80", "\xe2\x82",
	"null", "true", "NaN", "Infinity", "-0", "1e999", "0x1p4", "{}", "[]", `["a"]`, `[{}]`, `{"a":1}`, "[null]", "[", "\u00a05", " ", ".", "_", "a.b",
	strings.Repeat("\"\\\n\xff", 1000), strings.Repeat("[", 20_000), strings.Repeat(`{"a":`, 2_000),
	strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), `[{"product_id":` + strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000) + "}]",
	`[{"product_id":"a","product_id":"b"}]`, `[{"product_id":"\ud800"}]`, "[{\"product_id\":\"\xff\"}]", `[{"quantity":1e400}]`, `[{"quantity":-0}]`, `[{"price_cents":9223372036854775807.0}]`,
}

// hostileFor is the texts for the fields of a kind: the long ones only where a
// field is parsed.
func hostileFor(kind string) []string {
	switch kind {
	case causality.EventPurchaseComplete, causality.EventUserProfileUpdate, causality.EventScreenView:
		return hostileTexts
	}
	return slices.DeleteFunc(slices.Clone(hostileTexts), func(text string) bool { return len(text) > 1000 })
}

// valid is a text as it is stored: each byte that is not UTF-8 is replaced.
func valid(s string) string { return string([]rune(s)) }

func TestTypedHostileTextsArriveInEveryTextField(t *testing.T) {
	kinds := kindLeaves()
	for kind, leaves := range kinds {
		t.Run(kind, func(t *testing.T) {
			g := newTyped(t)
			for _, text := range hostileFor(kind) {
				give, want := make(props), make(props)
				for _, l := range leaves {
					if l.Kind == catalogue.StringKind {
						l.put(give, text)
						l.put(want, valid(text))
					}
				}
				userID, _ := want["user_id"].(string)
				delete(want, "user_id")
				got := g.send(t, causality.Event{EventType: kind, Properties: give})
				got.wantTyped(t, kind, want)
				if got.UserID != userID {
					t.Errorf("user_id is %q, want %q", got.UserID, userID)
				}
				got = g.send(t, causality.Event{EventType: kind, UserID: text, SessionID: text, CorrelationID: text, DeviceID: text, Properties: give})
				got.wantTyped(t, kind, want)
				if got.CorrelationID != valid(text) || got.DeviceID != valid(text) {
					t.Errorf("stored %+v of %q", got.Event, text)
				}
			}
		})
	}
}

func TestTypedHostileTextsInOtherFieldsMakeNoBadRequest(t *testing.T) {
	kinds := kindLeaves()
	g := newTyped(t)
	for kind, leaves := range kinds {
		for _, l := range leaves {
			field, _, _ := strings.Cut(l.path, ".")
			field, _, _ = strings.Cut(field, "[")
			field, _, _ = strings.Cut(field, "{")
			texts := hostileFor(kind)
			for _, text := range texts {
				give := make(props)
				for _, other := range leaves {
					if other.Required {
						give[other.path] = "required"
					}
				}
				l.put(give, text)
				g.Track(causality.Event{EventType: kind, Properties: give})
				g.Track(causality.Event{EventType: kind, Attrs: []slog.Attr{slog.String(field, text), slog.String(text, text)}})
				give[field] = json.RawMessage(text)
				g.Track(causality.Event{EventType: kind, Properties: give})
			}
			if err := g.Flush(); err != nil || g.rec.Len() != 3*len(texts) {
				t.Fatalf("%s %s: %v, %d of %d events are stored", kind, l.path, err, g.rec.Len(), 3*len(texts))
			}
			for _, req := range g.rec.Requests() {
				if req.Status != 200 {
					t.Errorf("%s %s: %s", kind, l.path, req.Reply)
				}
			}
			g.rec.Reset()
		}
	}
}

func TestTypedHostileKeysOfParams(t *testing.T) {
	g := newTyped(t)
	give, want := make(map[string]string), make(props)
	for _, text := range hostileTexts {
		give[text] = text
	}
	// As they are stored, the last in the order of the map's own keys wins.
	for _, text := range sortedKeys(give) {
		want[strings.ReplaceAll(valid(text), ".", "_")] = valid(text)
	}
	got := g.send(t, causality.Event{EventType: causality.EventScreenView, Properties: props{"screen_name": "cart", "params": give}})
	got.wantTyped(t, causality.EventScreenView, props{"screen_name": "cart", "params": want})
	if hidden := len(give) - len(want); int(got.dropped) != hidden {
		t.Errorf("%d properties are counted as left out, %d have the name of another", got.dropped, hidden)
	}
}

func TestTypedHostileItems(t *testing.T) {
	g := newTyped(t)
	deep := any("end")
	for range 5_000 {
		deep = []any{deep}
	}
	veryDeep := deep
	for range 20_000 {
		veryDeep = []any{veryDeep}
	}
	cycle := props{}
	cycle["product_id"] = cycle
	for _, tt := range []struct {
		what  string
		items any
		want  any // nil: a custom event
	}{
		{"an unknown member is deep", []any{props{"product_id": "p", "x": deep}}, []any{props{"product_id": "p"}}},
		{"a known member is deep", []any{props{"product_id": deep}}, nil},
		{"deeper than JSON may be", []any{props{"product_id": "p", "x": veryDeep}}, []any{props{"product_id": "p"}}},
		{"a list that is all depth", veryDeep, nil},
		{"raw JSON is deep", json.RawMessage(`[{"x":` + strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990) + `}]`), []any{props{}}},
		{"raw objects are deep", json.RawMessage(`[` + strings.Repeat(`{"x":`, 9_990) + "1" + strings.Repeat("}", 9_990) + `]`), []any{props{}}},
		{"raw JSON is broken", json.RawMessage(`[{"product_id":"p"}`), nil},
		{"raw JSON with bad UTF-8", json.RawMessage("[{\"product_id\":\"\xff\",\"\xff\":1}]"), []any{props{"product_id": "\uFFFD"}}},
		{"raw JSON with half a surrogate pair", json.RawMessage(`[{"product_id":"\ud800","product_name":"\udc00x"}]`), []any{props{"product_id": "\uFFFD", "product_name": "\uFFFDx"}}},
		{"a cycle", []any{cycle}, []any{props{"product_id": "!ERROR: contains itself"}}},
		{"a method panics", []any{panicMarshaler{}}, nil},
		{"a method writes an array", []any{rawMarshaler(`[]`)}, nil},
		{"a method writes an object", []any{objectMarshaler{`{"product_id":1}`}}, []any{props{"product_id": "1"}}},
		{"keys in two spellings", json.RawMessage(`[{"product_id":"a","product\u005fid":"b"}]`), []any{props{"product_id": "b"}}},
		{"the other spelling of a field", json.RawMessage(`[{"productId":"a","product_id":"b"}]`), []any{props{"product_id": "b"}}},
		{"a hundred thousand of them", json.RawMessage("[" + strings.Repeat("{},", 99_999) + "{}]"), repeated(100_000)},
	} {
		t.Run(tt.what, func(t *testing.T) {
			got := g.send(t, causality.Event{EventType: causality.EventPurchaseComplete, Properties: props{"order_id": "o-42", "items": tt.items}})
			if tt.want != nil {
				got.wantTyped(t, causality.EventPurchaseComplete, props{"order_id": "o-42", "items": tt.want})
				return
			}
			if got.payload != "custom_event" || got.Properties["order_id"] != "o-42" || got.Properties["items"] == nil && got.Properties["items_product_id"] == nil {
				t.Errorf("want a custom event that keeps the items: %.300s", got.raw)
			}
		})
	}
}

func repeated(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = props{}
	}
	return list
}

type panicMarshaler struct{}

func (panicMarshaler) MarshalJSON() ([]byte, error) { panic("broken") }

type rawMarshaler string

// objectMarshaler is no string but for its method.
type objectMarshaler struct{ text string }

func (m objectMarshaler) MarshalJSON() ([]byte, error) { return []byte(m.text), nil }

func (m rawMarshaler) MarshalJSON() ([]byte, error) { return []byte(m), nil }

// A payload about as large as an event may be is stored or Invalid, and never
// refused.
func TestTypedTheLargestEvents(t *testing.T) {
	const most = 1_000_000
	g := newTyped(t)
	for _, tt := range []struct {
		what  string
		event func(n int) causality.Event
	}{
		{"one text", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventAppCrash, Properties: props{"stack_trace": strings.Repeat("x", n)}}
		}},
		{"bytes that are not UTF-8", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventAppCrash, Properties: props{"stack_trace": strings.Repeat("\xff", n)}}
		}},
		{"control characters", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventAppCrash, Properties: props{"stack_trace": strings.Repeat("\x00", n)}}
		}},
		{"params", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventScreenView, Properties: props{"screen_name": "cart", "params": props{"\"\n": strings.Repeat("\n", n)}}}
		}},
		{"the user", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventUserLogin, UserID: strings.Repeat("u", n)}
		}},
		{"the session", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventUserLogin, SessionID: strings.Repeat("s", n)}
		}},
		{"the device", func(n int) causality.Event {
			return causality.Event{EventType: causality.EventUserLogin, DeviceID: strings.Repeat("d", n)}
		}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			size := func(n int) int { return len(g.send(t, tt.event(n)).raw) }
			unit := size(2) - size(1)
			limit := (most-size(1))/unit + 1
			if got := size(limit); got > most || got <= most-unit {
				t.Errorf("the largest has %d bytes, want %d", got, most)
			}
			for _, n := range []int{limit + 1, limit + 2, 4 * limit} {
				before := g.Stats()
				g.Track(tt.event(n))
				if err := g.Flush(); err != nil || g.rec.Len() != 0 || g.Stats().Dropped.Invalid != before.Dropped.Invalid+1 {
					t.Errorf("%d is not Invalid: %v, %d stored, %+v", n, err, g.rec.Len(), g.Stats())
				}
			}
			g.rec.Reset()
		})
	}
	// A list counts as the text that it is on the way into its field.
	for _, n := range []int{900, 990, 997, 998, 999, 1000, 4000} {
		g.Track(causality.Event{EventType: causality.EventUserProfileUpdate, Properties: props{"fields_updated": slices.Repeat([]string{strings.Repeat("x", 997)}, n)}})
		if err := g.Flush(); err != nil {
			t.Errorf("%d: %v", n, err)
		}
		if stored := g.rec.Take(); len(stored) > 1 || len(stored) == 1 != (n < 998) {
			t.Errorf("%d elements: %d events are stored", n, len(stored))
		}
	}
}

// FuzzTyped tracks an event of the catalogue with one arbitrary value in one of
// its fields, and a property of an arbitrary name: whatever they are, the gateway
// takes it, and it is stored once.
func FuzzTyped(f *testing.F) {
	kinds := kindLeaves()
	names := sortedKeys(kinds)
	rec := fakegateway.New()
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "fuzz", TypedPayloads: true,
		Transport: rec, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = client.Close() })

	for i, text := range hostileTexts {
		f.Add(uint8(i), uint8(i/3), uint8(i), text, int64(i), float64(i)/2)
	}
	for i := range 28 * 20 {
		f.Add(uint8(i%28), uint8(i/28), uint8(i), "5", int64(math.MaxInt32)+int64(i%3)-1, math.MaxFloat32*float64(i%3))
	}
	f.Fuzz(func(t *testing.T, kind, field, form uint8, text string, n int64, x float64) {
		if len(text) > 40_000 {
			t.Skip("it may be too large for an event")
		}
		values := []any{
			text, n, x, n%2 == 0, uint64(n), int32(n), float32(x), time.Duration(n), time.UnixMilli(n % 1e14), nil, []byte(text), errors.New(text),
			json.RawMessage(text), json.Number(text), []string{text, text}, []any{text, n, nil}, []any{text, n, n%2 == 0},
			props{"x": x, "y": text}, props{"x": n, text: text}, map[string]string{text: text, "": text}, props{"": props{text: n}},
			[]props{{"product_id": text, "quantity": n, "price_cents": x}}, []props{{text: text, "quantity": n % 100}}, []any{props{"product_id": n}, text},
			logValuer(func() slog.Value { panic(text) }), rawMarshaler(text), slog.GroupValue(slog.String("x", text), slog.Float64("y", x)),
		}
		name := names[int(kind)%len(names)]
		leaves := kinds[name]
		l := leaves[int(field)%len(leaves)]
		event := causality.Event{EventType: name, UserID: text[:len(text)/2], Properties: props{text: values[int(n&0xff)%len(values)]}}
		for _, required := range leaves {
			if required.Required {
				event.Properties[required.path] = "required"
			}
		}
		path, _, _ := strings.Cut(l.path, "[")
		path, _, _ = strings.Cut(path, "{")
		event.Attrs = []slog.Attr{slog.Any(path, values[int(form)%len(values)])}

		rec.Reset()
		before := client.Stats()
		client.Track(event)
		if err := client.Flush(); err != nil {
			t.Fatalf("%v: %s", err, rec.Requests()[0].Body)
		}
		stored := rec.Envelopes()
		after := client.Stats()
		if len(stored) != 1 || len(rec.Requests()) != 1 || after.Delivered != before.Delivered+1 || rec.Duplicates() != 0 {
			t.Fatalf("%d events are stored in %d requests: %+v", len(stored), len(rec.Requests()), after)
		}
		if e := stored[0]; e.Payload != name && (e.Payload != "custom_event" || after.Properties.Dropped != before.Properties.Dropped) {
			t.Fatalf("stored as %s, %d properties left out: %s", e.Payload, after.Properties.Dropped-before.Properties.Dropped, e.Raw)
		}
	})
}
