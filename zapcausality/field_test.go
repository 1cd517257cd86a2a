package zapcausality_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type (
	level    int    // a Stringer of a named int
	colour   string // a named string
	fragile  struct{ text string }
	rich     struct{} // an error with more to say
	nilError struct{}
	secret   struct{ token string }
	pair     [2]int // a Stringer that is a group
)

func (l level) String() string      { return fmt.Sprintf("level-%d", int(l)) }
func (f *fragile) String() string   { return f.text } // panics on nil
func (f *fragile) Error() string    { return f.text }
func (rich) Error() string          { return "short" }
func (nilError) Error() string      { return "value receiver" } // panics on a nil pointer
func (secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }
func (p pair) LogValue() slog.Value { return slog.GroupValue(slog.Int("a", p[0]), slog.Int("b", p[1])) }
func (pair) String() string         { return "pair" }
func (s secret) String() string     { return s.token }
func (rich) Format(f fmt.State, verb rune) {
	text := "short"
	if f.Flag('+') {
		text = "short\nand a stack"
	}
	_, _ = f.Write([]byte(text))
}

var (
	paris = time.FixedZone("CET", 3600)
	noon  = time.Date(2026, time.November, 23, 12, 0, 0, 123456789, paris)
	// Beyond what an int64 of nanoseconds can hold: zap keeps such a time whole.
	farAway = time.Date(2500, time.January, 1, 0, 0, 0, 0, time.UTC)
)

// A team must be able to move a log call from log/slog to zap and see the same
// event: each field here is beside the attribute it replaces.
var sameAsSlog = []struct {
	name string
	zap  zap.Field
	slog slog.Attr
	want any // nil: no property
}{
	{"a string", zap.String("k", "v\n\"ü"), slog.String("k", "v\n\"ü"), "v\n\"ü"},
	{"a string with bad UTF-8", zap.String("k", "a\xffb"), slog.String("k", "a\xffb"), "a\uFFFDb"},
	{"bytes of text", zap.ByteString("k", []byte("text")), slog.String("k", "text"), "text"},
	{"no bytes of text", zap.ByteString("k", nil), slog.String("k", ""), ""},
	{"bytes", zap.Binary("k", []byte{0xff, 0, 1}), slog.Any("k", []byte{0xff, 0, 1}), "/wAB"},
	{"no bytes", zap.Binary("k", nil), slog.Any("k", []byte(nil)), nil},
	{"bytes given as anything", zap.Any("k", []byte("hi")), slog.Any("k", []byte("hi")), "aGk="},
	{"true", zap.Bool("k", true), slog.Bool("k", true), true},
	{"false", zap.Bool("k", false), slog.Bool("k", false), false},
	{"the greatest int", zap.Int64("k", math.MaxInt64), slog.Int64("k", math.MaxInt64), int64(math.MaxInt64)},
	{"the least int64", zap.Int64("k", math.MinInt64), slog.Int64("k", math.MinInt64), int64(math.MinInt64)},
	{"the least int32", zap.Int32("k", math.MinInt32), slog.Any("k", int32(math.MinInt32)), int64(math.MinInt32)},
	{"the least int16", zap.Int16("k", math.MinInt16), slog.Any("k", int16(math.MinInt16)), int64(math.MinInt16)},
	{"the least int8", zap.Int8("k", math.MinInt8), slog.Any("k", int8(math.MinInt8)), int64(math.MinInt8)},
	{"a uint", zap.Uint("k", 7), slog.Any("k", uint(7)), int64(7)},
	{"a uint64 above every int64", zap.Uint64("k", math.MaxUint64), slog.Uint64("k", math.MaxUint64), "18446744073709551615"},
	{"the greatest uint32", zap.Uint32("k", math.MaxUint32), slog.Any("k", uint32(math.MaxUint32)), int64(math.MaxUint32)},
	{"the greatest uint16", zap.Uint16("k", math.MaxUint16), slog.Any("k", uint16(math.MaxUint16)), int64(math.MaxUint16)},
	{"the greatest uint8", zap.Uint8("k", math.MaxUint8), slog.Any("k", uint8(math.MaxUint8)), int64(math.MaxUint8)},
	{"a uintptr", zap.Uintptr("k", 4096), slog.Any("k", uintptr(4096)), int64(4096)},
	{"a float64", zap.Float64("k", 0.1), slog.Float64("k", 0.1), 0.1},
	{"a negative zero", zap.Float64("k", math.Copysign(0, -1)), slog.Float64("k", math.Copysign(0, -1)), math.Copysign(0, -1)},
	{"an integral float64", zap.Float64("k", 5), slog.Float64("k", 5), 5.0},
	{"a float32", zap.Float32("k", 0.1), slog.Any("k", ptr(float32(0.1))), 0.1},
	{"NaN", zap.Float64("k", math.NaN()), slog.Float64("k", math.NaN()), "NaN"},
	{"an infinite float32", zap.Float32("k", float32(math.Inf(-1))), slog.Any("k", float32(math.Inf(-1))), "-Inf"},
	{"a complex128", zap.Complex128("k", 1-2i), slog.Any("k", 1-2i), "(1-2i)"},
	{"a complex64", zap.Complex64("k", 0.1+2i), slog.Any("k", complex64(0.1+2i)), "(0.1+2i)"},
	{"a duration", zap.Duration("k", 1500*time.Microsecond), slog.Duration("k", 1500*time.Microsecond), 1.5},
	{"a time", zap.Time("k", noon), slog.Time("k", noon), "2026-11-23T11:00:00.123456789Z"},
	{"a time of no location", zap.Field{Key: "k", Type: zapcore.TimeType, Integer: 1}, slog.Time("k", time.Unix(0, 1)), "1970-01-01T00:00:00.000000001Z"},
	{"a far away time", zap.Time("k", farAway), slog.Time("k", farAway), "2500-01-01T00:00:00Z"},
	{"the zero time", zap.Time("k", time.Time{}), slog.Time("k", time.Time{}), "0001-01-01T00:00:00Z"},
	{"an error", zap.NamedError("k", errors.New("no")), slog.Any("k", errors.New("no")), "no"},
	{"an error under its own name", zap.Error(errors.New("no")), slog.Any("error", errors.New("no")), "no"},
	{"an error with a stack", zap.NamedError("k", rich{}), slog.Any("k", rich{}), "short"},
	{"joined errors", zap.NamedError("k", errors.Join(rich{}, errors.New("no"))), slog.Any("k", errors.Join(rich{}, errors.New("no"))), "short\nno"},
	{"no error", zap.Error(nil), slog.Any("k", nil), nil},
	{"a typed nil error", zap.NamedError("k", (*fragile)(nil)), slog.Any("k", (*fragile)(nil)), nil},
	{"a typed nil error of a value receiver", zap.NamedError("k", (*nilError)(nil)), slog.Any("k", (*nilError)(nil)), nil},
	{"a Stringer", zap.Stringer("k", netip.MustParseAddr("::1")), slog.Any("k", netip.MustParseAddr("::1")), "::1"},
	{"a Stringer of a named int", zap.Any("k", level(3)), slog.Any("k", level(3)), "level-3"},
	{"no Stringer", zap.Stringer("k", nil), slog.Any("k", nil), nil},
	{"a Stringer that panics on nil", zap.Stringer("k", (*fragile)(nil)), slog.Any("k", (*fragile)(nil)), nil},
	{"a Stringer that is a LogValuer", zap.Any("k", secret{"s3cr3t"}), slog.Any("k", secret{"s3cr3t"}), "[redacted]"},
	{"a named string", zap.Any("k", colour("red")), slog.Any("k", colour("red")), "red"},
	{"a nil pointer", zap.Intp("k", nil), slog.Any("k", (*int)(nil)), nil},
	{"nil", zap.Any("k", nil), slog.Any("k", nil), nil},
	{"what JSON cannot encode", zap.Reflect("k", make(chan int)), slog.Any("k", (chan int)(make(chan int))), "!ERROR: json: unsupported type: chan int"},
	{"a function", zap.Any("k", func() {}), slog.Any("k", func() {}), "!ERROR: json: unsupported type: func()"},
	{"a map that JSON cannot encode", zap.Any("k", map[bool]int{true: 1}), slog.Any("k", map[bool]int{true: 1}), "!ERROR: json: unsupported type: map[bool]int"},
	{"a number of unknown size", zap.Any("k", json.Number("12")), slog.Any("k", json.Number("12")), "12"},
	{"a skipped field", zap.Skip(), slog.Any("k", nil), nil},
}

func TestAFieldIsThePropertyThatItIsUnderSlog(t *testing.T) {
	for _, tt := range sameAsSlog {
		t.Run(tt.name, func(t *testing.T) {
			want := props{}
			if tt.want != nil {
				want[tt.slog.Key] = tt.want
			}
			wantProps(t, slogPropsOf(t, tt.slog), want)
			wantProps(t, propsOf(t, tt.zap), want)
			t.Run("bound with With", func(t *testing.T) {
				got := loggedOne(t, func(l *zap.Logger) { l.With(tt.zap).Info("", zap.String("event", "e")) })
				wantProps(t, got.Properties, want)
			})
			t.Run("in a Dict", func(t *testing.T) {
				in := props{}
				if tt.want != nil {
					in["d_"+tt.slog.Key] = tt.want
				}
				wantProps(t, propsOf(t, zap.Dict("d", tt.zap)), in)
			})
		})
	}
}

func TestAMapOrStructFlattens(t *testing.T) {
	type address struct {
		City string `json:"city"`
		Zip  *int   `json:"zip,omitempty"`
	}
	for _, tt := range []struct {
		name string
		v    any
		want props
	}{
		{"a struct", address{City: "Paris"}, props{"k_city": "Paris"}},
		{"a pointer to a struct", &address{City: "Paris"}, props{"k_city": "Paris"}},
		{"a map", map[string]any{"a": 1, "b": map[string]any{"c": true, "d": time.Second}}, props{"k_a": int64(1), "k_b_c": true, "k_b_d": 1000.0}},
		{"a map of structs", map[string]address{"home": {City: "Paris"}}, props{"k_home_city": "Paris"}},
		{"a nil map", map[string]any(nil), props{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantProps(t, slogPropsOf(t, slog.Any("k", tt.v)), tt.want)
			wantProps(t, propsOf(t, zap.Any("k", tt.v)), tt.want)
			wantProps(t, propsOf(t, zap.Reflect("k", tt.v)), tt.want)
		})
	}
}

func TestAPanicInAMethodCostsThatValueOnly(t *testing.T) {
	boom := func() string { panic("boom") }
	for _, tt := range []struct {
		name  string
		field zap.Field
		want  props
	}{
		{"of a Stringer", zap.Stringer("k", stringer(boom)), props{"k": "!PANIC: boom"}},
		{"of an error", zap.NamedError("k", stringer(boom)), props{"k": "!PANIC: boom"}},
		{"of a json.Marshaler", zap.Reflect("k", struct{ V json.Marshaler }{marshaler(boom)}), props{"k_V": "!PANIC: boom"}},
		{"of a json.Marshaler in an array", zap.Array("k", arrayFunc(func(enc zapcore.ArrayEncoder) error {
			return enc.AppendReflected(struct{ V json.Marshaler }{marshaler(boom)})
		})), props{"k": `[{"V":"!PANIC: boom"}]`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want["last"] = int64(1)
			wantProps(t, propsOf(t, tt.field, zap.Int("last", 1)), tt.want)
		})
	}
}

type (
	stringer  func() string
	marshaler func() string
)

func (f stringer) String() string                { return f() }
func (f stringer) Error() string                 { return f() }
func (f marshaler) MarshalJSON() ([]byte, error) { return []byte(f()), nil }

// A Field is a public struct, so there are fields that no constructor makes. zap
// itself panics on most of these.
func TestAMalformedFieldCostsThatFieldOnly(t *testing.T) {
	for _, tt := range []struct {
		name  string
		field zap.Field
		want  props
	}{
		{"the zero field", zap.Field{}, props{"Error": "!PANIC: unknown field type: { 0 0  <nil>}"}},
		{"a type of the future", zap.Field{Key: "k", Type: 200}, props{"kError": "!PANIC: unknown field type: {k 200 0  <nil>}"}},
		{"an object that is none", zap.Field{Key: "k", Type: zapcore.ObjectMarshalerType, Interface: 1}, props{}},
		{"an array that is none", zap.Field{Key: "k", Type: zapcore.ArrayMarshalerType}, props{}},
		{"nothing inline", zap.Inline(nil), props{}},
		{"bytes that are none", zap.Field{Key: "k", Type: zapcore.ByteStringType, Interface: 1}, props{"k": ""}},
		{"a binary that is none", zap.Field{Key: "k", Type: zapcore.BinaryType}, props{}},
		{"a time that is none", zap.Field{Key: "k", Type: zapcore.TimeFullType}, props{}},
		{"a time of a nil location", zap.Field{Key: "k", Type: zapcore.TimeType, Interface: (*time.Location)(nil)}, props{"k": "1970-01-01T00:00:00Z"}},
		{"an error that is none", zap.Field{Key: "k", Type: zapcore.ErrorType}, props{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want["last"] = int64(1)
			wantProps(t, propsOf(t, tt.field, zap.Int("last", 1)), tt.want)
		})
	}
}

func TestTheLastOfTwoFieldsWithOneKeyWins(t *testing.T) {
	got := loggedOne(t, func(l *zap.Logger) {
		l.With(zap.Int("a", 1), zap.Int("b", 1)).With(zap.Int("b", 2)).
			Info("", zap.String("event", "e"), zap.Int("c", 3), zap.String("a", "x"), zap.Bool("c", true))
	})
	wantProps(t, got.Properties, props{"a": "x", "b": int64(2), "c": true})
}

func TestTheEntryItselfIsNoProperty(t *testing.T) {
	got := loggedOne(t, func(l *zap.Logger) {
		l.WithOptions(zap.AddCaller(), zap.AddStacktrace(zap.DebugLevel)).Named("http").Named("orders").
			Info("the message", zap.String("event", "e"), zap.Int("n", 1))
	})
	wantProps(t, got.Properties, props{"n": int64(1)})
}

func TestAnEventHasTheTimeOfItsEntry(t *testing.T) {
	client, rec := newClient(t)
	log := zap.New(zapcausality.NewCore(client), zap.WithClock(clock{noon}))
	log.Info("", zap.String("event", "e"))
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := rec.Events()[0].TimestampMs; got != noon.UnixMilli() {
		t.Errorf("TimestampMs = %d, want %d", got, noon.UnixMilli())
	}
}

type clock struct{ now time.Time }

func (c clock) Now() time.Time                       { return c.now }
func (clock) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }
