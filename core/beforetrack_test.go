package causality_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

type address struct {
	Street string
	Tags   []string
	inner  int
}

type card struct {
	address
	Number *string
}

// everyShape returns properties in all the forms that memory of the caller's can
// have.
func everyShape() map[string]any {
	number := "4111"
	street := &address{Street: "s", Tags: []string{"a"}, inner: 1}
	link, _ := url.Parse("https://example.com/?token=1")
	loop := map[string]any{"a": 1}
	loop["loop"] = loop
	return map[string]any{
		"scalar": 1, "none": nil, "text": "t", "at": time.UnixMilli(1), "took": time.Second,
		"map":     map[string]any{"email": "ada", "deep": map[string]any{"list": []any{1, map[string]string{"k": "v"}}}},
		"strings": map[string]string{"a": "b"}, "ints": map[int]string{1: "b"}, "list": []string{"a", "b"}, "bytes": []byte("ab"),
		"times": []time.Time{time.UnixMilli(1)}, "array": [2][]int{{1}, {2}},
		"pointer": street, "pointers": []*address{street, nil}, "struct": card{*street, &number}, "structs": []card{{*street, &number}},
		"group": slog.GroupValue(slog.String("email", "ada"), slog.Any("m", map[string]any{"k": 1})),
		"attrs": []slog.Attr{slog.Int("a", 1)}, "value": slog.AnyValue(map[string]int{"a": 1}),
		"valuer": valuer(func() slog.Value { return slog.GroupValue(slog.Int("a", 1)) }),
		"link":   link, "links": []*url.URL{link}, "err": io.EOF, "errs": []error{io.EOF, nil}, "loop": loop, "pn": &number, "ppn": new(*string),
	}
}

// scramble overwrites all that v refers to.
func scramble(v reflect.Value) {
	switch v.Kind() {
	case reflect.Interface:
		scramble(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || v.Type().Implements(reflect.TypeFor[error]()) {
			return
		}
		scramble(v.Elem())
		v.Elem().SetZero()
	case reflect.Map:
		var members []reflect.Value
		for it := v.MapRange(); it.Next(); {
			members = append(members, it.Value())
		}
		v.Clear() // first: it may contain itself
		for _, member := range members {
			scramble(member)
		}
	case reflect.Slice:
		for i := range v.Len() {
			scramble(v.Index(i))
			v.Index(i).SetZero()
		}
	case reflect.Array:
		for i := range v.Len() {
			scramble(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[slog.Value]() {
			scrambleValue(v.Interface().(slog.Value))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				scramble(v.Field(i))
			}
		}
	}
}

func scrambleValue(v slog.Value) {
	switch v.Kind() {
	case slog.KindGroup:
		scramble(reflect.ValueOf(v.Group()))
	case slog.KindAny, slog.KindLogValuer:
		scramble(reflect.ValueOf(v.Any()))
	}
}

func TestBeforeTrackCannotChangeTheCallersMemory(t *testing.T) {
	event := causality.Event{EventType: "e", Properties: everyShape(), Attrs: []slog.Attr{
		slog.Any("m", everyShape()), slog.Group("g", slog.String("email", "ada"), slog.Any("m", everyShape())),
	}}
	want := sent(t, nil, event)[0]
	calls := 0
	client := newClient(t, newGateway(t), func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			calls++
			for i := range e.Attrs {
				scrambleValue(e.Attrs[i].Value)
				e.Attrs[i] = slog.Attr{}
			}
			return e, true
		}
	})
	client.Track(event)
	if calls != 1 {
		t.Fatalf("%d calls", calls)
	}
	if got := sent(t, nil, event)[0]; !maps.Equal(got.params(), want.params()) {
		t.Errorf("the caller's event is another one now:\n%v\n%v", got.params(), want.params())
	}
}

// An event is the same whether BeforeTrack looked at it or not.
func TestBeforeTrackThatLooksChangesNothing(t *testing.T) {
	looks := func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, true }
	}
	for name, v := range everyShape() {
		t.Run(name, func(t *testing.T) {
			for form, event := range map[string]causality.Event{
				"property":  {EventType: "e", Properties: map[string]any{"v": v, "b": 2, "a": 1}, Attrs: []slog.Attr{slog.Int("a", 3)}},
				"member":    {EventType: "e", Attrs: []slog.Attr{slog.Group("g", slog.Any("v", v), slog.Int("a", 3))}},
				"in a map":  {EventType: "e", Attrs: []slog.Attr{slog.Any("m", map[string]any{"v": v})}},
				"in a list": {EventType: "e", Attrs: []slog.Attr{slog.Any("m", []any{v})}},
			} {
				if want, got := sent(t, nil, event)[0].params(), sent(t, looks, event)[0].params(); !maps.Equal(got, want) {
					t.Errorf("%s\ngot  %v\nwant %v", form, got, want)
				}
			}
		})
	}
}

func TestBeforeTrackGetsEveryPropertyInAttrs(t *testing.T) {
	var seen causality.Event
	got := sent(t, func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			seen = e
			e.Attrs = slices.DeleteFunc(slices.Clone(e.Attrs), func(a slog.Attr) bool { return a.Key == "email" })
			return e, true
		}
	}, causality.Event{EventType: "e", Properties: map[string]any{"email": "from the map", "b": 2, "a": 1}, Attrs: []slog.Attr{slog.String("email", "from a log line"), slog.Int("c", 3)}})
	keys := []string{}
	for _, a := range seen.Attrs {
		keys = append(keys, a.Key)
	}
	if seen.Properties != nil || !slices.Equal(keys, []string{"a", "b", "email", "email", "c"}) {
		t.Errorf("Properties %v, Attrs %v", seen.Properties, keys)
	}
	if params := got[0].params(); !maps.Equal(params, map[string]string{"a": "int 1", "b": "int 2", "c": "int 3"}) {
		t.Errorf("%v", params)
	}
}

type secret string

// A ReplaceAttr that looks for a type must find it with a BeforeTrack too.
func TestBeforeTrackKeepsTypesForReplaceAttr(t *testing.T) {
	params := sent(t, func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, true }
		cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
			if a.Value.Kind() != slog.KindAny {
				return a
			}
			switch v := a.Value.Any().(type) {
			case secret, *address, map[string]any:
				return slog.Attr{}
			case error:
				return slog.Bool(a.Key, errors.Is(v, io.EOF))
			}
			return a
		}
	}, causality.Event{EventType: "e", Properties: map[string]any{
		"secret": secret("s"), "pointer": &address{Street: "s"}, "map": map[string]any{"a": 1}, "err": io.EOF, "list": []int{1},
	}})[0].params()
	if want := map[string]string{"err": "bool true", "list": "string [1]"}; !maps.Equal(params, want) {
		t.Errorf("%v", params)
	}
}
