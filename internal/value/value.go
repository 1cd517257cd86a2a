// Package value reduces any Go value to one of the plain kinds that an event
// property can have. It is the one place that decides what a value means, for
// the client that encodes it and for the adapters that must take a copy of it
// when it is bound to a logger.
package value

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// MaxDepth is how deep groups, maps and objects may nest; what lies deeper is
// kept as text. It bounds what a hostile or cyclic value can cost.
const MaxDepth = 64

// maxValues bounds how many values one may hold: more could not fit an event,
// and a LogValuer that returns itself twice would otherwise never end.
const maxValues = 200_000

// maxValuers bounds how deep LogValuers may give one another: one that gives
// itself twice would double with each.
const maxValuers = 8

var (
	errTooDeep = errors.New("nested too deep")
	errTooMany = errors.New("holds too many values")
	errCycle   = errors.New("contains itself")

	errNoName     = errors.New("its keys have no text")
	errLogsItself = errors.New("is logged again by its own method")
)

// JSON is a plain value of its own: the compact text of an array, or of what
// nests deeper than MaxDepth.
type JSON string

// Of reduces v to a slog.Value of kind String, Int64, Uint64, Float64, Bool,
// Duration, Time or Group (whose members are plain too), to one that holds JSON,
// or to the zero Value for nil. The result holds nothing of v that can change.
//
// In this order: a LogValuer is resolved; times and durations stay; []byte
// becomes base64; an error, a fmt.Stringer and an encoding.TextMarshaler become
// their text; a json.Marshaler that is no scalar is what it marshals to; then the
// kind decides, named types included and pointers followed: a map becomes a group
// in the order of its keys, a struct a group of the fields that encoding/json
// writes, and a list JSON, each with what is in it reduced likewise. A value that
// cannot be read becomes a string that begins with "!ERROR: " or "!PANIC: ", and
// one that does not fit an event is TooLarge.
func Of(v any) slog.Value { return reduce(func(r *reducer) slog.Value { return r.any(v, 0) }) }

// reduce calls f, which calls methods of the user's.
func reduce(f func(r *reducer) slog.Value) (plain slog.Value) {
	var r reducer
	if !usercode.Try(func() { plain = f(&r) }) {
		return Failed(errLogsItself)
	}
	return plain
}

// Resolve is Of for a value that is already a slog.Value.
func Resolve(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindAny, slog.KindLogValuer, slog.KindGroup:
		return reduce(func(r *reducer) slog.Value { return r.value(v, 0) })
	default:
		return v
	}
}

// How the text begins that is in place of a value that could not be read.
const (
	failed   = "!ERROR: "
	panicked = "!PANIC: "
)

// Failed is the plain value in place of one that could not be read.
func Failed(err error) slog.Value { return slog.StringValue(failed + err.Error()) }

// Panicked is the plain value in place of one whose method panicked with p, which
// may have methods that panic in turn: fmt survives that.
func Panicked(p any) slog.Value { return slog.StringValue(panicked + fmt.Sprint(p)) }

// IsText reports whether v is a string, of a named type too, or a pointer to one, or
// whether a method of it says how it is written. Bytes, which become base64, and
// complex numbers are not.
func IsText(v any) bool {
	switch v.(type) {
	case error, fmt.Stringer, encoding.TextMarshaler, json.Marshaler:
		return true
	case JSON:
		return false
	}
	t := reflect.TypeOf(v)
	for range MaxDepth { // a type may be a pointer to itself
		if t == nil || t.Kind() != reflect.Pointer {
			return t != nil && t.Kind() == reflect.String
		}
		t = t.Elem()
	}
	return false
}

// IsFailure reports whether v is what Failed or Panicked returned.
func IsFailure(v slog.Value) bool {
	return v.Kind() == slog.KindString && (strings.HasPrefix(v.String(), failed) || strings.HasPrefix(v.String(), panicked))
}

// reducer remembers what is around the value at hand, to notice a value that
// contains itself before it has been written sixty-four times, and how many values
// it has seen.
type reducer struct {
	around  []place
	values  int
	bytes   int // of the JSON so far: a list may be in it many times
	valuers int // LogValuers around the value at hand
}

func (r *reducer) value(v slog.Value, depth int) slog.Value {
	// Count here too: a group may be twice in a group that is twice in another.
	if r.values++; r.values > maxValues {
		return Failed(errTooMany)
	}
	switch v.Kind() {
	case slog.KindGroup:
		return r.group(v.Group(), depth)
	case slog.KindLogValuer, slog.KindAny:
		return r.any(v.Any(), depth)
	default:
		return v
	}
}

func (r *reducer) group(attrs []slog.Attr, depth int) slog.Value {
	if depth >= MaxDepth {
		return Failed(errTooDeep)
	}
	if len(attrs) > maxValues {
		return Failed(errTooMany)
	}
	plain := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		plain[i] = slog.Attr{Key: a.Key, Value: r.value(a.Value, depth+1)}
	}
	return slog.GroupValue(plain...)
}

func (r *reducer) any(v any, depth int) (plain slog.Value) {
	if depth >= MaxDepth {
		return Failed(errTooDeep)
	}
	if r.values++; r.values > maxValues {
		return Failed(errTooMany)
	}
	// The methods called below are the user's, and a log line must survive them.
	defer func() {
		if p := recover(); p != nil {
			plain = Panicked(p)
		}
	}()

	switch v := v.(type) {
	case nil:
		return slog.Value{}
	case slog.LogValuer:
		if IsNil(v) {
			return slog.Value{}
		}
		if r.valuers++; r.valuers > maxValuers {
			return Failed(errTooDeep)
		}
		defer func() { r.valuers-- }()
		return r.value(v.LogValue(), depth+1)
	case slog.Value:
		return r.value(v, depth)
	case JSON, TooLarge:
		return slog.AnyValue(v)
	// Before Stringer, which does not ask a LogValuer in them.
	case slog.Attr:
		return r.group([]slog.Attr{v}, depth)
	case *slog.Value:
		if v == nil {
			return slog.Value{}
		}
		return r.value(*v, depth)
	case *slog.Attr:
		if v == nil {
			return slog.Value{}
		}
		return r.group([]slog.Attr{*v}, depth)
	case []slog.Attr:
		return r.group(v, depth)
	case time.Time:
		return slog.TimeValue(v)
	case *time.Time:
		// Before Stringer, which *time.Time is too.
		if v == nil {
			return slog.Value{}
		}
		return slog.TimeValue(*v)
	case time.Duration:
		return slog.DurationValue(v)
	case *time.Duration:
		if v == nil {
			return slog.Value{}
		}
		return slog.DurationValue(*v)
	case []byte:
		if v == nil {
			return slog.Value{}
		}
		return r.base64(v)
	case string, int, int64, int32, int16, int8, uint, uint64, uint32, uint16, uint8, float64, float32, bool:
		return Any(v)
	}
	if IsNil(v) {
		return slog.Value{}
	}
	if valuer := pointerValuer(v); valuer != nil {
		return r.any(valuer, depth+1)
	}
	switch v := v.(type) {
	case error:
		return slog.StringValue(v.Error())
	// Before Stringer, which both are too where GOEXPERIMENT is jsonv2.
	case json.RawMessage:
		return r.marshaled(v, nil, "json.RawMessage")
	case *json.RawMessage:
		return r.any(*v, depth+1)
	case fmt.Stringer:
		return slog.StringValue(v.String())
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil {
			return Failed(err)
		}
		return slog.StringValue(string(text))
	case json.Marshaler:
		// A composite that says how it is written. One of a simple kind, such
		// as a named int, is that kind.
		if kind := reflect.TypeOf(v).Kind(); kind >= reflect.Array && kind != reflect.String {
			text, err := v.MarshalJSON()
			return r.marshaled(text, err, reflect.TypeOf(v).String())
		}
	}
	return r.kind(reflect.ValueOf(v), depth)
}

var logValuerType = reflect.TypeFor[slog.LogValuer]()

// pointerValuer returns a pointer to a copy of v if that is a LogValuer, or nil. A
// secret whose pointer redacts it is one as well where no address of it is at hand.
func pointerValuer(v any) slog.LogValuer {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer || !reflect.PointerTo(t).Implements(logValuerType) {
		return nil
	}
	p := reflect.New(t)
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface().(slog.LogValuer)
}

// kind reduces what has none of the methods that Of looks for.
func (r *reducer) kind(v reflect.Value, depth int) slog.Value {
	switch v.Kind() {
	case reflect.String:
		return slog.StringValue(v.String())
	case reflect.Bool:
		return slog.BoolValue(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return slog.Int64Value(v.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return slog.Uint64Value(v.Uint())
	case reflect.Float32:
		return Float32(float32(v.Float()))
	case reflect.Float64:
		return slog.Float64Value(v.Float())
	case reflect.Complex64:
		return slog.StringValue(strconv.FormatComplex(v.Complex(), 'g', -1, 64))
	case reflect.Complex128:
		return slog.StringValue(strconv.FormatComplex(v.Complex(), 'g', -1, 128))
	case reflect.Pointer:
		return r.within(v, func() slog.Value { return r.member(v.Elem(), depth) })
	case reflect.Map:
		return r.within(v, func() slog.Value { return r.mapping(v, depth) })
	case reflect.Slice:
		return r.within(v, func() slog.Value { return r.list(v, depth) })
	case reflect.Array:
		return r.list(v, depth)
	case reflect.Struct:
		return r.structure(v, depth)
	}
	return Failed(unsupported(v.Type()))
}

// place is where a map, a list or what a pointer points to lies in memory.
type place struct {
	t       reflect.Type
	address uintptr
	length  int
}

// within calls f to reduce what is in v, unless v is in itself.
func (r *reducer) within(v reflect.Value, f func() slog.Value) slog.Value {
	at := place{t: v.Type(), address: v.Pointer()}
	if v.Kind() == reflect.Slice {
		at.length = v.Len()
	}
	if at.length > 0 || v.Kind() != reflect.Slice {
		if slices.Contains(r.around, at) {
			return Failed(errCycle)
		}
	}
	r.around = append(r.around, at)
	defer func() { r.around = r.around[:len(r.around)-1] }()
	return f()
}

// marshaled reduces what MarshalJSON of a type has returned. The method is not called
// by encoding/json, whose words and rules differ from version to version.
func (r *reducer) marshaled(text []byte, err error, typeName string) slog.Value {
	if r.bytes += len(text); r.bytes > MaxBytes {
		return tooLarge
	}
	var compact bytes.Buffer
	if err == nil {
		err = json.Compact(&compact, text)
	}
	if err != nil {
		return Failed(fmt.Errorf("json: error calling MarshalJSON for type %s: %w", typeName, err))
	}
	return OfJSON(compact.Bytes())
}

// unsupported is the error for what JSON has no form for, in the words of
// encoding/json.
func unsupported(t reflect.Type) error { return fmt.Errorf("json: unsupported type: %s", t) }

// IsNil reports whether v is nil or holds a nil, whose methods are not called.
func IsNil(v any) bool {
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return rv.IsNil()
	default:
		return false
	}
}
