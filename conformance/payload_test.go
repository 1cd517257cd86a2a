package conformance

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// What the SDK sends of the catalogue must be what the gateway's messages hold,
// in both directions.

// typedBench is a client that sends typed payloads, and its gateway.
func typedBench(t *testing.T) *bench {
	t.Helper()
	return newBench(t, setup{appID: "a", deviceID: "d", typed: true})
}

// store tracks one event and returns what was stored of it: the payload's kind
// and the fields in it.
func (b *bench) store(t *testing.T, e causality.Event) (kind string, fields storedMessage) {
	t.Helper()
	b.client.Track(e)
	if err := b.client.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := b.wire.takeRefusals(); err != nil {
		t.Errorf("%+v:\n%v", e, err)
		b.gateway.Reset()
		return "", nil
	}
	stored := b.gateway.Stored()
	if len(stored) != 1 {
		t.Fatalf("%d events were stored of %+v", len(stored), e)
	}
	b.gateway.Reset()
	envelope, err := readStored(stored[0])
	if err != nil {
		t.Fatal(err)
	}
	for name := range payloads {
		if message, ok := envelope[name].(storedMessage); ok {
			return name, message
		}
	}
	t.Fatalf("no payload was stored of %+v", e)
	return "", nil
}

// minimal is an event of a kind with what the gateway requires of it.
func minimal(kind string) causality.Event {
	e := causality.Event{EventType: kind, Properties: make(map[string]any)}
	for name := range required(kind) {
		e.Properties[name] = "required"
	}
	return e
}

// filled is a value for a field, as a user gives it, and as it is stored.
type filled struct{ give, want any }

// fillings are values of a field's kind, its limits among them.
func fillings(fd protoreflect.FieldDescriptor) (all []filled) {
	switch {
	case fd.IsMap():
		return []filled{{map[string]string{"k": "v", "": "", "a/b": "\x00"}, storedMap{"k": "v", "": "", "a/b": "\x00"}}}
	case fd.IsList() && fd.Kind() == protoreflect.MessageKind:
		for i := range fd.Message().Fields().Len() {
			member := fd.Message().Fields().Get(i)
			for _, f := range fillings(member) {
				name := string(member.Name())
				all = append(all, filled{
					[]map[string]any{{name: f.give}, {}},
					[]any{storedMessage{name: f.want}, storedMessage{}},
				})
			}
		}
		return all
	case fd.IsList():
		return []filled{{[]string{"a", "", "\u2028"}, []any{"a", "", "\u2028"}}}
	}
	switch fd.Kind() {
	case protoreflect.MessageKind:
		for i := range fd.Message().Fields().Len() {
			member := fd.Message().Fields().Get(i)
			for _, f := range fillings(member) {
				name := string(member.Name())
				all = append(all, filled{map[string]any{name: f.give}, storedMessage{name: f.want}})
			}
		}
	case protoreflect.StringKind:
		all = []filled{{"text", "text"}, {"\"\\\n\x00é\U0001f600", "\"\\\n\x00é\U0001f600"}}
	case protoreflect.BoolKind:
		all = []filled{{true, true}, {"true", true}}
	case protoreflect.Int32Kind:
		all = []filled{{7, int64(7)}, {math.MaxInt32, int64(math.MaxInt32)}, {math.MinInt32, int64(math.MinInt32)}}
	case protoreflect.Int64Kind:
		all = []filled{{7, int64(7)}, {math.MaxInt64, int64(math.MaxInt64)}, {math.MinInt64, int64(math.MinInt64)}}
	case protoreflect.FloatKind:
		all = []filled{{1.5, float32(1.5)}, {-3, float32(-3)}, {math.MaxFloat32, float32(math.MaxFloat32)}}
	case protoreflect.EnumKind:
		prefix := strings.TrimSuffix(string(fd.Enum().Values().Get(0).Name()), "UNSPECIFIED")
		for i := 1; i < fd.Enum().Values().Len(); i++ {
			value := fd.Enum().Values().Get(i)
			name := string(value.Name())
			short := strings.TrimPrefix(name, prefix)
			all = append(all, filled{name, name}, filled{short, name}, filled{strings.ToLower(short), name}, filled{int(value.Number()), name})
		}
	}
	return all
}

// misfits are values that a field's kind does not hold.
func misfits(fd protoreflect.FieldDescriptor) []any {
	switch {
	case fd.IsMap():
		return []any{"text", 1}
	case fd.IsList():
		return []any{"text", 1, []any{nil}, []any{[]int{1}}, map[string]any{"a": 1}}
	}
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return []any{"text", 1, []int{1}}
	case protoreflect.BoolKind:
		return []any{"yes", 1, "True", 0.5}
	case protoreflect.Int32Kind:
		return []any{1.5, "abc", math.MaxInt32 + 1, math.MinInt32 - 1, true, math.NaN(), []int{1}}
	case protoreflect.Int64Kind:
		return []any{1.5, "abc", uint64(math.MaxInt64 + 1), 1e19, true, math.Inf(1), ""}
	case protoreflect.FloatKind:
		return []any{"abc", true, math.MaxFloat32 * 2, math.NaN(), "Infinity"}
	case protoreflect.EnumKind:
		return []any{"nonsense", -1, fd.Enum().Values().Len(), true, 0.5, ""}
	}
	return nil // all is text
}

func TestEveryFieldOfTheMessagesIsSent(t *testing.T) {
	b := typedBench(t)
	for kind, message := range payloads {
		if kind == "custom_event" {
			continue
		}
		for i := range message.Fields().Len() {
			fd := message.Fields().Get(i)
			name := string(fd.Name())
			values := fillings(fd)
			if len(values) == 0 {
				t.Errorf("%s.%s: no value is tried", kind, name)
			}
			for _, f := range values {
				e := minimal(kind)
				e.Properties[name] = f.give
				want := storedMessage{name: f.want}
				for needed := range required(kind) {
					if needed != name {
						want[needed] = "required"
					}
				}
				got, fields := b.store(t, e)
				if got != kind || fmt.Sprintf("%#v", fields) != fmt.Sprintf("%#v", want) {
					t.Errorf("%s.%s of %#v is stored as %s %#v, want %#v", kind, name, f.give, got, fields, want)
				}
			}
			for _, v := range misfits(fd) {
				e := minimal(kind)
				e.Properties[name] = v
				if got, fields := b.store(t, e); got != "custom_event" {
					t.Errorf("%s.%s of %#v is stored as %s %#v, want a custom event", kind, name, v, got, fields)
				}
			}
		}
	}
}

func TestTheRequiredFieldsAreTheMessages(t *testing.T) {
	b := typedBench(t)
	for kind, message := range payloads {
		if kind == "custom_event" {
			continue
		}
		if got, _ := b.store(t, minimal(kind)); got != kind {
			t.Errorf("%s with what is required is stored as %s", kind, got)
		}
		for name := range required(kind) {
			for _, v := range []any{nil, "", "\x00"} {
				e := minimal(kind)
				e.Properties[name] = v
				want := "custom_event"
				if v == "\x00" {
					want = kind
				}
				if got, _ := b.store(t, e); got != want {
					t.Errorf("%s with %s %q is stored as %s", kind, name, v, got)
				}
			}
		}
		if message.Fields().ByName("user_id") == nil {
			continue
		}
		e := minimal(kind)
		e.UserID = "u"
		if _, fields := b.store(t, e); fields["user_id"] != "u" {
			t.Errorf("%s holds no UserID: %v", kind, fields)
		}
	}
}

// The name of every field of every payload, each tried in each payload: one that
// the message does not have would be refused as an unknown field.
func TestNoFieldIsSentThatTheMessagesLack(t *testing.T) {
	names := make(map[string]bool)
	for kind, message := range payloads {
		names[kind] = true
		for i := range message.Fields().Len() {
			fd := message.Fields().Get(i)
			names[string(fd.Name())] = true
			for j := 0; fd.Message() != nil && j < fd.Message().Fields().Len(); j++ {
				names[string(fd.Message().Fields().Get(j).Name())] = true
			}
		}
	}
	b := typedBench(t)
	for kind := range payloads {
		for _, value := range []any{"text", 1, true, []string{"a"}, []map[string]any{{}}, map[string]any{"x": 1}} {
			e := minimal(kind)
			for _, name := range slices.Sorted(maps.Keys(names)) {
				if payloads[kind].Fields().ByName(protoreflect.Name(name)) == nil {
					e.Attrs = append(e.Attrs, slog.Any(name, value))
				}
			}
			got, fields := b.store(t, e)
			if got != kind || len(fields) != len(required(kind)) && kind != "custom_event" {
				t.Errorf("%s with properties it has no fields for is stored as %s %v", kind, got, fields)
			}
		}
	}
}
