package zerologcausality_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// call is a call of a method of zerolog.Event, and of zerolog.Context where that
// has it too.
type call struct {
	method string
	args   []any
}

func field(method string, args ...any) call { return call{method, append([]any{"k"}, args...)} }

// everyByte has each byte once, so each escape and what is not UTF-8, and then
// what else needs care.
var everyByte = func() string {
	var b []byte
	for c := range 256 {
		b = append(b, byte(c))
	}
	return string(b) + "\u2028\u2029\ufffd\U0001F600é\xed\xa0\x80\\u0041\\"
}()

type (
	stringer string
	aStruct  struct {
		Name  string         `json:"na.me"`
		Inner map[string]any `json:"inner,omitempty"`
		HTML  string
	}
	nilError struct{}
)

func (s stringer) String() string { return string(s) }
func (*nilError) Error() string   { return "" }
func (a aStruct) MarshalZerologObject(e *zerolog.Event) {
	e.Str("name", a.Name).Interface("inner", a.Inner)
}

var (
	aTime    = time.Date(2026, time.November, 23, 9, 52, 55, 123456789, time.FixedZone("", 3600))
	errStock = errors.New("no stock: " + everyByte)
	ip4      = net.IPv4(192, 0, 2, 1)
	ip6      = net.ParseIP("2001:db8::1")
	anNet    = net.IPNet{IP: net.IPv4(192, 0, 2, 0).To4(), Mask: net.CIDRMask(24, 32)}
	mac      = net.HardwareAddr{0, 0, 0x5e, 0, 0x53, 1}
	obj      = aStruct{Name: everyByte, Inner: map[string]any{"a": map[string]any{"b": []any{1, "x"}}, "c": nil, "d": 1.5}, HTML: "<&>"}
	floats   = []float64{0, math.Copysign(0, -1), 3, 0.1, -1.5, 1e-7, 1e20, 1e21, 1e300, -1e-300, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1)}
)

var calls = []call{
	field("Str", ""), field("Str", "plain"), field("Str", everyByte), {"Str", []any{everyByte, "key"}}, {"Str", []any{"", "no key"}},
	field("Strs", []string(nil)), field("Strs", []string{}), field("Strs", []string{"a", everyByte}), field("StrsV", "a", "b"),
	field("Stringer", stringer(everyByte)), field("Stringer", nil),
	field("Stringers", []fmt.Stringer{stringer("a"), nil}), field("StringersV", stringer("a")),
	field("Bytes", []byte(everyByte)), field("Hex", []byte(everyByte)), field("RawCBOR", []byte{0xa0}),
	field("RawJSON", []byte(`null`)), field("RawJSON", []byte(" \t{ \"a\" : [ 1 , \"x \\\" y\" , { } ] ,\n\"b\\u0041\\/\\ud83d\\ude00\\ud800\\ud800\\u0041\": \"\\ud83d\\ude00\\udc00x\", \"n\": -0.5E+3, \"e\":{}, \"f\": [ ]} ")),
	field("RawJSON", []byte(deep(70))), field("RawJSON", []byte(strings.Repeat("[", 5000)+strings.Repeat("]", 5000))),
	field("RawJSON", []byte(`[1e999,123456789012345678901234567890,{"a":1,"a":2}]`)), field("RawJSON", []byte(`123456789012345678901234567890`)),
	field("RawJSON", []byte(`{"a":1,"a":{"b":-0},"a":1e999}`)), field("RawJSON", []byte("\"\xff\"")),
	field("AnErr", errStock), field("AnErr", error(nil)), field("AnErr", (*nilError)(nil)),
	{"Err", []any{errStock}}, {"Err", []any{nil}},
	field("Errs", []error{errStock, nil, (*nilError)(nil)}),
	field("Bool", true), field("Bool", false), field("Bools", []bool{true, false}), field("Bools", []bool(nil)),
	field("Int", math.MinInt), field("Ints", []int{math.MaxInt, 0}), field("Int8", int8(math.MinInt8)), field("Ints8", []int8{1}),
	field("Int16", int16(math.MinInt16)), field("Ints16", []int16{1}), field("Int32", int32(math.MinInt32)), field("Ints32", []int32{1}),
	field("Int64", int64(math.MinInt64)), field("Int64", int64(math.MaxInt64)), field("Ints64", []int64{1}),
	field("Uint", uint(math.MaxUint)), field("Uints", []uint{math.MaxUint}), field("Uint8", uint8(255)), field("Uints8", []uint8{1}),
	field("Uint16", uint16(math.MaxUint16)), field("Uints16", []uint16{1}), field("Uint32", uint32(math.MaxUint32)), field("Uints32", []uint32{1}),
	field("Uint64", uint64(math.MaxUint64)), field("Uint64", uint64(math.MaxInt64)+1), field("Uints64", []uint64{math.MaxUint64}),
	field("Float32", float32(0.1)), field("Float32", float32(math.Inf(1))), field("Float32", float32(math.MaxFloat32)), field("Floats32", []float32{0.1, 3}),
	field("Floats64", floats), field("Floats64", []float64{}),
	field("Time", aTime), field("Time", time.Time{}), field("Times", []time.Time{aTime, aTime}), field("Times", []time.Time{}),
	field("Dur", 1500*time.Microsecond), field("Dur", 2*time.Second), field("Dur", time.Duration(-1)), field("Durs", []time.Duration{1, time.Hour}),
	field("TimeDiff", aTime, aTime.Add(-time.Second)), field("TimeDiff", aTime, aTime.Add(time.Second)),
	field("Interface", obj), field("Interface", nil), field("Interface", &obj), field("Interface", map[string]any{"<&>": everyByte, "u": uint64(math.MaxUint64)}),
	field("Interface", []any{1, "<&>", nil}), field("Interface", func() {}), field("Interface", json.Number("1e5")), field("Interface", json.RawMessage(`{"a": 1}`)),
	field("Any", struct{ A, B any }{1.5, []int{1}}), field("Type", obj), field("Type", nil),
	field("IPAddr", ip4), field("IPAddr", ip6), field("IPAddr", net.IP(nil)), field("IPAddrs", []net.IP{ip4, ip6}),
	field("IPPrefix", anNet), field("IPPrefixes", []net.IPNet{anNet, anNet}), field("MACAddr", mac),
	field("Object", obj), field("Object", nil), field("Objects", []zerolog.LogObjectMarshaler{obj, obj}), field("ObjectsV", obj),
	{"EmbedObject", []any{obj}}, {"EmbedObject", []any{nil}}, {"EmbedObject", []any{fields(func(*zerolog.Event) {})}},
	field("Array", zerolog.LogArrayMarshaler(array(func(a *zerolog.Array) {
		a.Str(everyByte).Bytes([]byte("b")).Hex([]byte("h")).RawJSON([]byte(" {\"a\" : 1}")).Err(errStock).Errs([]error{errStock}).Bool(true).
			Int(1).Int8(1).Int16(1).Int32(1).Int64(1).Uint(1).Uint8(1).Uint16(1).Uint32(1).Uint64(1).Float32(1.5).Float64(math.NaN()).
			Time(aTime).Dur(time.Second).Interface(obj).IPAddr(ip4).IPPrefix(anNet).MACAddr(mac).Dict(zerolog.Dict().Str("a", "b")).Type(1).Object(obj)
	}))),
	field("Array", zerolog.LogArrayMarshaler(array(func(*zerolog.Array) {}))),
	{"Fields", []any{map[string]any{"b": 1, "a": everyByte, "c": aTime, "d": time.Second, "e": errStock, "f": []error{errStock}, "g": nil, "h": obj, "i": ip4, "j": &aTime}}},
	{"Fields", []any{[]any{"k", 1, "k", "again", 7, "no key", "l", []string{"x"}, "m", json.RawMessage(`[ ]`), "odd"}}},
	{"Stack", nil}, {"Ctx", []any{context.Background()}},
	{"Func", []any{func(e *zerolog.Event) { e.Str("k", "v") }}},
}

func init() {
	for _, f := range floats {
		calls = append(calls, field("Float64", f))
	}
}

func deep(n int) string { return strings.Repeat(`{"a":`, n) + `[1, 2]` + strings.Repeat("}", n) }

// array is a list made of one function.
type array func(*zerolog.Array)

func (f array) MarshalZerologArray(a *zerolog.Array) { f(a) }

// has reports whether a type has the method.
func (c call) has(receiver reflect.Type) bool {
	_, ok := receiver.MethodByName(c.method)
	return ok
}

// on calls the method of receiver.
func on[T any](c call, receiver T) T {
	m := reflect.ValueOf(receiver).MethodByName(c.method)
	args := make([]reflect.Value, len(c.args))
	for i, arg := range c.args {
		if args[i] = reflect.ValueOf(arg); arg == nil {
			args[i] = reflect.Zero(m.Type().In(i))
		}
	}
	return m.Call(args)[0].Interface().(T)
}

var (
	eventType   = reflect.TypeFor[*zerolog.Event]()
	contextType = reflect.TypeFor[zerolog.Context]()
)

// What is not a field: it ends the line, builds something (see checkCall and
// TestWhatEventsAndContextsCreate), or is zerolog's own member (see own_test.go).
var notFields = map[string]bool{
	"Msg": true, "Msgf": true, "MsgFunc": true, "Send": true, "Discard": true, "Enabled": true, "GetCtx": true,
	"CreateDict": true, "CreateArray": true, "Logger": true, "Reset": true, "Dict": true,
	"Timestamp": true, "Caller": true, "CallerSkipFrame": true, "CallerWithSkipFrameCount": true,
}

func TestEveryMethodIsCalled(t *testing.T) {
	called := maps.Clone(notFields)
	for _, c := range calls {
		called[c.method] = true
	}
	for _, receiver := range []reflect.Type{eventType, contextType} {
		for i := range receiver.NumMethod() {
			if name := receiver.Method(i).Name; !called[name] {
				t.Errorf("no test calls %v.%s", receiver, name)
			}
		}
	}
}

// TestEveryMethodReadsBack calls every method with every global that changes how
// it writes.
func TestEveryMethodReadsBack(t *testing.T) {
	for _, tc := range []struct {
		name string
		set  func(t *testing.T)
	}{
		{"with the defaults", func(t *testing.T) {}},
		{"with times in Unix seconds", func(t *testing.T) { set(t, &zerolog.TimeFieldFormat, zerolog.TimeFormatUnix) }},
		{"with times in Unix milliseconds", func(t *testing.T) { set(t, &zerolog.TimeFieldFormat, zerolog.TimeFormatUnixMs) }},
		{"with times in Unix microseconds", func(t *testing.T) { set(t, &zerolog.TimeFieldFormat, zerolog.TimeFormatUnixMicro) }},
		{"with times in Unix nanoseconds", func(t *testing.T) { set(t, &zerolog.TimeFieldFormat, zerolog.TimeFormatUnixNano) }},
		{"with times in a layout", func(t *testing.T) { set(t, &zerolog.TimeFieldFormat, time.Kitchen) }},
		{"with durations in seconds", func(t *testing.T) { set(t, &zerolog.DurationFieldUnit, time.Second) }},
		{"with durations in nanoseconds", func(t *testing.T) { set(t, &zerolog.DurationFieldUnit, time.Nanosecond) }},
		{"with durations as integers", func(t *testing.T) { set(t, &zerolog.DurationFieldInteger, true) }},
		{"with durations in the int format", func(t *testing.T) { set(t, &zerolog.DurationFieldFormat, zerolog.DurationFormatInt) }},
		{"with durations as strings", func(t *testing.T) { set(t, &zerolog.DurationFieldFormat, zerolog.DurationFormatString) }},
		{"with floats to the integer", func(t *testing.T) { set(t, &zerolog.FloatingPointPrecision, 0) }},
		{"with floats to two digits", func(t *testing.T) { set(t, &zerolog.FloatingPointPrecision, 2) }},
		{"with errors as objects", func(t *testing.T) {
			set(t, &zerolog.ErrorMarshalFunc, func(err error) any { return fields(func(e *zerolog.Event) { e.Str("text", fmt.Sprint(err)) }) })
		}},
		{"with errors as anything", func(t *testing.T) {
			set(t, &zerolog.ErrorMarshalFunc, func(err error) any { return map[string]any{"text": fmt.Sprint(err)} })
		}},
		{"with another marshaler", func(t *testing.T) { set(t, &zerolog.InterfaceMarshalFunc, json.Marshal) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.set(t)
			d := newDiffer(t)
			for _, c := range calls {
				checkCall(t, d, c)
			}
		})
	}
}

func checkCall(t *testing.T, d *differ, c call) {
	t.Helper()
	isJSON := true
	if c.has(eventType) {
		isJSON = d.check(t, logEvent(func(e *zerolog.Event) *zerolog.Event { return on(c, e).Str("after", "a") }))
		// The same inside an object.
		isJSON = isJSON && d.check(t, logEvent(func(e *zerolog.Event) *zerolog.Event {
			return e.Dict("outer", on(c, zerolog.Dict()).Str("after", "a"))
		}))
	}
	if c.has(eventType) && isJSON {
		isJSON = d.check(t, func(l zerolog.Logger) {
			l = l.With().Dict("bound", on(c, zerolog.Dict()).Str("after", "a")).Logger()
			l.Info().Str("event", "e").Msg("done")
		})
	}
	if c.has(contextType) {
		isJSON = isJSON && d.check(t, func(l zerolog.Logger) {
			l = on(c, l.With()).Str("after", "a").Logger()
			l.Info().Str("event", "e").Msg("done")
		})
	}
	if !isJSON {
		t.Errorf("%s(%q): zerolog's line is not JSON", c.method, c.args)
	}
}

func TestWhatEventsAndContextsCreate(t *testing.T) {
	d := newDiffer(t)
	d.check(t, logEvent(func(e *zerolog.Event) *zerolog.Event {
		return e.Dict("d", e.CreateDict().Str("k", "v")).Array("a", e.CreateArray().Str("x").Dict(e.CreateDict().Int("n", 1)))
	}))
	d.check(t, func(l zerolog.Logger) {
		c := l.With().Str("gone", "g").Reset()
		l = c.Dict("d", c.CreateDict().Str("k", "v")).Array("a", c.CreateArray().Str("x")).Logger()
		l.Info().Str("event", "e").Msg("done")
	})
}

func TestStackReadsBack(t *testing.T) {
	set(t, &zerolog.ErrorStackMarshaler, func(error) any { return []map[string]string{{"func": "main", "line": "42"}} })
	d := newDiffer(t)
	d.check(t, logEvent(func(e *zerolog.Event) *zerolog.Event { return e.Stack().Err(errStock) }))
	d.check(t, func(l zerolog.Logger) {
		l = l.With().Stack().Err(errStock).Logger()
		l.Info().Str("event", "e").Err(errStock).Msg("done")
	})
	got := hooked(t, func(l zerolog.Logger) { l.Info().Str("event", "e").Stack().Err(errors.New("no stock")).Send() })
	if want := `[{"func":"main","line":"42"}]`; len(got) != 1 || got[0].Properties["stack"] != want || got[0].Properties["error"] != "no stock" {
		t.Errorf("got %+v", got)
	}
}
