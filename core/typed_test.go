package causality_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// typedGateway is a client that sends typed payloads, and the gateway it sends
// them to.
type typedGateway struct {
	*causality.Client
	rec *causalitytest.Recorder
}

func newTyped(t testing.TB, changes ...func(*causality.Config)) *typedGateway {
	t.Helper()
	client, rec := causalitytest.New(t, causalitytest.AllowDrops(), causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.TypedPayloads = true
		for _, change := range changes {
			change(cfg)
		}
	}))
	return &typedGateway{client, rec}
}

// typedStored is what the gateway has stored of one event.
type typedStored struct {
	causality.Event
	payload string // custom_event, or the kind
	raw     string
	dropped int64 // properties
}

// send tracks one event, which the gateway must take and store.
func (g *typedGateway) send(t testing.TB, event causality.Event) typedStored {
	t.Helper()
	before := g.Stats()
	g.Track(event)
	if err := g.Flush(); err != nil {
		t.Fatalf("the gateway refuses the event: %v", err)
	}
	envelopes, requests := g.rec.Envelopes(), g.rec.Requests()
	if events := g.rec.Take(); len(events) != 1 {
		t.Fatalf("%d events are stored of one: %+v", len(events), g.Stats())
	}
	events := requests[len(requests)-1].Events() // with all that was sent
	return typedStored{events[0], envelopes[0].Payload, string(envelopes[0].Raw), g.Stats().Properties.Dropped - before.Properties.Dropped}
}

func (s *typedStored) wantTyped(t *testing.T, kind string, properties map[string]any) {
	t.Helper()
	if s.payload != kind || s.EventType != kind {
		t.Errorf("is sent as %s %s, want a typed %s: %s", s.payload, s.EventType, kind, s.raw)
	}
	s.wantProperties(t, properties)
}

func (s *typedStored) wantCustom(t *testing.T, kind string, properties map[string]any) {
	t.Helper()
	if s.payload != "custom_event" || s.EventType != kind {
		t.Errorf("is sent as %s %s, want a custom event %s: %s", s.payload, s.EventType, kind, s.raw)
	}
	s.wantProperties(t, properties)
	if s.dropped != 0 {
		t.Errorf("%d properties are counted as left out of a custom event", s.dropped)
	}
}

func (s *typedStored) wantProperties(t *testing.T, want map[string]any) {
	t.Helper()
	if len(want)+len(s.Properties) > 0 && !reflect.DeepEqual(s.Properties, want) {
		t.Errorf("the properties are\n%#v, want\n%#v in %s", s.Properties, want, s.raw)
	}
}

// leaf is a field of a payload that holds a plain value.
type leaf struct {
	*catalogue.Field
	path string // screen_name, coordinates.x, params{}, fields_updated[], items[].quantity
}

// kindLeaves returns the leaves of every kind of the catalogue.
func kindLeaves() map[string][]leaf {
	kinds := make(map[string][]leaf)
	for _, f := range catalogue.Envelope.Fields {
		if f.Payload && f.Name != "custom_event" {
			kinds[f.Name] = leavesOf("", f.Message)
		}
	}
	return kinds
}

func leavesOf(prefix string, m *catalogue.Message) (leaves []leaf) {
	for i := range m.Fields {
		f := &m.Fields[i]
		path := prefix + f.Name + map[catalogue.Form]string{catalogue.List: "[]", catalogue.Map: "{}"}[f.Form]
		if f.Message != nil {
			leaves = append(leaves, leavesOf(path+".", f.Message)...)
		} else {
			leaves = append(leaves, leaf{f, path})
		}
	}
	return leaves
}

// values are values that the gateway stores in a leaf as they are.
func (l *leaf) values() (values []any) {
	switch l.Kind {
	case catalogue.StringKind:
		return []any{"of " + l.path, "\"quoted\\\" \n\t\x00\x7f <é> 😀\u2028", " "}
	case catalogue.Int32Kind:
		return []any{int64(42), int64(math.MaxInt32), int64(math.MinInt32), int64(0), int64(-1)}
	case catalogue.Int64Kind:
		return []any{int64(1 << 40), int64(math.MaxInt64), int64(math.MinInt64), int64(0), int64(1<<53 + 1)}
	case catalogue.FloatKind:
		return []any{12.5, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, 0.0, 1e-7, 1e21}
	case catalogue.BoolKind:
		return []any{true, false}
	}
	for _, name := range l.Enum.Names {
		values = append(values, name)
	}
	return values
}

// put sets the leaf in the tree of an event's properties.
func (l *leaf) put(tree map[string]any, v any) {
	name := l.path
	switch {
	case strings.Contains(name, "[]."):
		name, member, _ := strings.Cut(name, "[].")
		items, _ := tree[name].([]any)
		if items == nil {
			items = []any{map[string]any{}, map[string]any{}}
			tree[name] = items
		}
		items[1].(map[string]any)[member] = v
		if v != "" {
			items[0].(map[string]any)[member] = v
		}
	case strings.HasSuffix(name, "[]"):
		tree[strings.TrimSuffix(name, "[]")] = []any{v, "", "two", v}
	case strings.HasSuffix(name, "{}"):
		tree[strings.TrimSuffix(name, "{}")] = map[string]any{"key": v, "": "no name", "a b\"\\\n": "two", "dåtum_€": v}
	case strings.Contains(name, "."):
		name, member, _ := strings.Cut(name, ".")
		members, _ := tree[name].(map[string]any)
		if members == nil {
			members = map[string]any{}
			tree[name] = members
		}
		members[member] = v
	default:
		tree[name] = v
	}
}

// purchaseItem is an item as a service would state it.
type purchaseItem struct {
	ProductID   *string `json:"product_id,omitempty"`
	ProductName *string `json:"product_name,omitempty"`
	Quantity    *int    `json:"quantity,omitempty"`
	PriceCents  *int64  `json:"price_cents,omitempty"`
}

// forms are the ways in which a service may state the same properties.
var forms = []struct {
	name  string
	event func(t *testing.T, tree map[string]any) causality.Event
}{
	{"Properties", func(_ *testing.T, tree map[string]any) causality.Event {
		properties := make(map[string]any)
		for key, v := range tree {
			if list, ok := v.([]any); ok && key == "items" {
				items := make([]map[string]any, len(list))
				for i := range list {
					items[i] = list[i].(map[string]any)
				}
				v = items
			}
			properties[key] = v
		}
		return causality.Event{Properties: properties}
	}},
	{"Attrs", func(t *testing.T, tree map[string]any) causality.Event {
		var attrs []slog.Attr
		for key, v := range tree {
			switch v := v.(type) {
			case map[string]any:
				var members []any
				for name, member := range v {
					members = append(members, slog.Any(name, member))
				}
				attrs = append(attrs, slog.Group(key, members...))
			case []any:
				if key == "items" {
					var items []purchaseItem
					if err := json.Unmarshal(marshal(t, v), &items); err != nil {
						t.Fatal(err)
					}
					attrs = append(attrs, slog.Any(key, items))
					continue
				}
				var texts []string
				for _, text := range v {
					texts = append(texts, text.(string))
				}
				attrs = append(attrs, slog.Any(key, texts))
			default:
				attrs = append(attrs, slog.Any(key, v))
			}
		}
		return causality.Event{Attrs: attrs}
	}},
	{"one struct", func(t *testing.T, tree map[string]any) causality.Event {
		return causality.Event{Attrs: []slog.Attr{slog.Any("", json.RawMessage(marshal(t, tree)))}}
	}},
	{"flat keys", func(t *testing.T, tree map[string]any) causality.Event {
		properties := make(map[string]any)
		for key, v := range tree {
			switch v := v.(type) {
			case map[string]any:
				for name, member := range v {
					properties[key+"."+name] = member
				}
			case []any:
				properties[key] = string(marshal(t, v))
			default:
				properties[key] = v
			}
		}
		return causality.Event{Properties: properties}
	}},
}

func marshal(t testing.TB, v any) []byte {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// sendForms sends the properties in every form.
func sendForms(t *testing.T, g *typedGateway, kind string, tree map[string]any) {
	for _, form := range forms {
		t.Run("as "+form.name, func(t *testing.T) {
			event := form.event(t, tree)
			event.EventType = kind
			got := g.send(t, event)
			want := maps.Clone(tree)
			// The Recorder shows who did it in the field that Track has for it.
			userID, _ := want["user_id"].(string)
			delete(want, "user_id")
			if got.UserID != userID {
				t.Errorf("user_id is %q, want %q", got.UserID, userID)
			}
			got.wantTyped(t, kind, want)
			if got.dropped != 0 {
				t.Errorf("%d properties are counted as left out", got.dropped)
			}
		})
	}
}

func TestTypedEveryFieldOfEveryKindArrives(t *testing.T) {
	kinds := kindLeaves()
	for _, kind := range sortedKeys(kinds) {
		t.Run(kind, func(t *testing.T) {
			g := newTyped(t)
			minimal := make(map[string]any)
			for _, l := range kinds[kind] {
				if l.Required {
					l.put(minimal, "required")
				}
			}
			t.Run("minimal", func(t *testing.T) { sendForms(t, g, kind, minimal) })

			for _, l := range kinds[kind] {
				t.Run(l.path, func(t *testing.T) {
					for _, v := range l.values() {
						tree := maps.Clone(minimal)
						l.put(tree, v)
						sendForms(t, g, kind, tree)
					}
				})
			}

			// Every field at once, with each value that one of them can have.
			for turn := range 9 {
				full := make(map[string]any)
				for _, l := range kinds[kind] {
					values := l.values()
					l.put(full, values[turn%len(values)])
				}
				t.Run("full", func(t *testing.T) { sendForms(t, g, kind, full) })
			}
		})
	}
}

func TestTypedARequiredFieldThatIsMissingOrEmptyMakesACustomEvent(t *testing.T) {
	kinds := kindLeaves()
	g := newTyped(t)
	found := 0
	for _, kind := range sortedKeys(kinds) {
		full, want := make(map[string]any), make(map[string]any)
		required := ""
		for _, l := range kinds[kind] {
			if l.Required {
				required = l.path
			} else if !strings.ContainsAny(l.path, ".[{") {
				v := l.values()[0]
				l.put(full, v)
				l.put(want, v)
			}
		}
		if required == "" {
			continue
		}
		found++
		for _, v := range []any{nil, "", error(nil), (*string)(nil), slog.Value{}, []string(nil), map[string]any{}} {
			full[required] = v
			delete(want, required)
			if v == "" {
				want[required] = ""
			}
			got := g.send(t, causality.Event{EventType: kind, Properties: full})
			got.wantCustom(t, kind, want)
		}
		delete(full, required)
		got := g.send(t, causality.Event{EventType: kind, Properties: full})
		got.wantCustom(t, kind, want)
	}
	if found != 8 {
		t.Errorf("%d kinds with a required field, want 8", found)
	}
}

func TestTypedOtherNamesAreCustomEvents(t *testing.T) {
	g := newTyped(t)
	for _, eventType := range []string{
		"order_placed", "custom_event", "Purchase_Complete", "PURCHASE_COMPLETE", "purchaseComplete", "purchase_complete ", " purchase_complete",
		"purchase.complete", "purchase_complete_", "device_context", "id", "idempotency_key", "app_id", "timestamp_ms",
	} {
		got := g.send(t, causality.Event{EventType: eventType, Properties: map[string]any{"order_id": "o-42"}})
		got.wantCustom(t, eventType, map[string]any{"order_id": "o-42"})
	}
	// A control character is replaced, and the new name is not looked up again.
	got := g.send(t, causality.Event{EventType: "purchase\ncomplete", Properties: map[string]any{"order_id": "o-42"}})
	got.wantCustom(t, "purchase_complete", map[string]any{"order_id": "o-42"})
}

func TestTypedPayloadsAreSentOnlyWhenAskedFor(t *testing.T) {
	g := newTyped(t, func(cfg *causality.Config) { cfg.TypedPayloads = false })
	got := g.send(t, causality.Event{EventType: causality.EventPurchaseComplete, Properties: map[string]any{"order_id": "o-42"}})
	got.wantCustom(t, causality.EventPurchaseComplete, map[string]any{"order_id": "o-42"})
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
