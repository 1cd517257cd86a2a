package zapcausality

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// An array is one property, JSON. Its elements are collected like the members of
// an object, without keys; an object or array in it is JSON as soon as it is
// whole.

var _ zapcore.ArrayEncoder = (*encoder)(nil)

// What zap.Errors makes of its errors, which in the line are an object each. As
// a property they are their texts.
var (
	errArrayType = reflect.TypeOf(zap.Errors("", nil).Interface)
	errorsType   = reflect.TypeOf([]error(nil))
)

// AddArray adds an array. An error is returned and a panic kept as by
// AddObject.
func (e *encoder) AddArray(key string, array zapcore.ArrayMarshaler) error {
	if isNil(array) {
		return nil
	}
	if reflect.TypeOf(array) == errArrayType {
		e.add(key, value.Of(reflect.ValueOf(array).Convert(errorsType).Interface()))
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open := len(e.attrs), len(e.open)
	e.arrays++
	defer func() {
		p := recover()
		e.add(key, e.foldArray(start, open))
		if p != nil {
			e.panicked(key, p)
		}
	}()
	return array.MarshalLogArray(e)
}

// AppendArray adds an array to an array. A panic goes on to the array that has a
// key; what there is by then is kept.
func (e *encoder) AppendArray(array zapcore.ArrayMarshaler) error {
	if isNil(array) {
		return e.AppendReflected(nil)
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open := len(e.attrs), len(e.open)
	e.arrays++
	defer func() { e.add("", e.foldArray(start, open)) }()
	return array.MarshalLogArray(e)
}

// AppendObject adds an object to an array.
func (e *encoder) AppendObject(object zapcore.ObjectMarshaler) error {
	if isNil(object) {
		return e.AppendReflected(nil)
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open := len(e.attrs), len(e.open)
	defer func() {
		e.depth--
		e.add("", e.fold(start, open))
	}()
	return e.members(object)
}

// foldArray is fold for an array, which it also leaves.
func (e *encoder) foldArray(start, open int) slog.Value {
	e.open = e.open[:open]
	elements := e.attrs[start:]
	text := appendArray(nil, elements)
	clear(elements)
	e.attrs = e.attrs[:start]
	e.arrays--
	e.depth--
	return slog.AnyValue(value.JSON(text))
}

// AppendReflected adds any value as encoding/json writes it.
func (e *encoder) AppendReflected(v any) error {
	e.add("", jsonValue(v))
	return nil
}

func (e *encoder) AppendBool(v bool)              { e.AddBool("", v) }
func (e *encoder) AppendByteString(v []byte)      { e.AddByteString("", v) }
func (e *encoder) AppendComplex128(v complex128)  { e.AddComplex128("", v) }
func (e *encoder) AppendComplex64(v complex64)    { e.AddComplex64("", v) }
func (e *encoder) AppendDuration(v time.Duration) { e.AddDuration("", v) }
func (e *encoder) AppendFloat64(v float64)        { e.AddFloat64("", v) }
func (e *encoder) AppendFloat32(v float32)        { e.AddFloat32("", v) }
func (e *encoder) AppendInt(v int)                { e.AddInt("", v) }
func (e *encoder) AppendInt64(v int64)            { e.AddInt64("", v) }
func (e *encoder) AppendInt32(v int32)            { e.AddInt32("", v) }
func (e *encoder) AppendInt16(v int16)            { e.AddInt16("", v) }
func (e *encoder) AppendInt8(v int8)              { e.AddInt8("", v) }
func (e *encoder) AppendString(v string)          { e.AddString("", v) }
func (e *encoder) AppendTime(v time.Time)         { e.AddTime("", v) }
func (e *encoder) AppendUint(v uint)              { e.AddUint("", v) }
func (e *encoder) AppendUint64(v uint64)          { e.AddUint64("", v) }
func (e *encoder) AppendUint32(v uint32)          { e.AddUint32("", v) }
func (e *encoder) AppendUint16(v uint16)          { e.AddUint16("", v) }
func (e *encoder) AppendUint8(v uint8)            { e.AddUint8("", v) }
func (e *encoder) AppendUintptr(v uintptr)        { e.AddUintptr("", v) }

// jsonValue is what encoding/json makes of v, as a part of an array.
func jsonValue(v any) slog.Value {
	text, err := marshal(v)
	if err != nil {
		return value.Failed(err)
	}
	return slog.AnyValue(value.JSON(text))
}

// marshal is json.Marshal without the escapes for HTML. The methods it calls are
// the user's; where one panics, that is the error.
func marshal(v any) (text []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	err = enc.Encode(v)
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), err
}

func appendArray(b []byte, elements []slog.Attr) []byte {
	b = append(b, '[')
	for i, a := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendJSON(b, a.Value)
	}
	return append(b, ']')
}

func appendObject(b []byte, members []slog.Attr) []byte {
	b = append(b, '{')
	for i, a := range members {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, a.Key), ':')
		b = appendJSON(b, a.Value)
	}
	return append(b, '}')
}

// appendJSON appends what encoding/json writes for v. What it has no form for
// is its text.
func appendJSON(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendString(b, v.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindDuration:
		return strconv.AppendInt(b, int64(v.Duration()), 10)
	case slog.KindGroup:
		return appendObject(b, v.Group())
	case slog.KindFloat64:
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return append(strconv.AppendFloat(append(b, '"'), f, 'g', -1, 64), '"')
		}
	case slog.KindAny:
		if text, ok := v.Any().(value.JSON); ok {
			return append(b, text...)
		}
	}
	text, err := marshal(v.Any())
	if err != nil { // a time after the year 9999
		return appendString(b, v.String())
	}
	return append(b, text...)
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			text, _ := marshal(s) // a string cannot fail
			return append(b, text...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
