package zapcausality

import (
	"log/slog"
	"reflect"
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

	zapPath = errArrayType.PkgPath()
)

// AddArray adds an array. An error is returned and a panic kept as by
// AddObject.
func (e *encoder) AddArray(key string, array zapcore.ArrayMarshaler) error {
	if value.IsNil(array) {
		return nil
	}
	// What zap makes of a list is as long as that.
	if t := reflect.TypeOf(array); t.Kind() == reflect.Slice && t.PkgPath() == zapPath && reflect.ValueOf(array).Len() > value.MaxElements {
		e.add(key, slog.AnyValue(value.TooLarge{}))
		return nil
	}
	if reflect.TypeOf(array) == errArrayType {
		e.addErrors(key, reflect.ValueOf(array).Convert(errorsType).Interface().([]error))
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open, held := len(e.attrs), len(e.open), e.bytes
	e.arrays++
	defer func() {
		p := recover()
		e.bytes = held
		e.hold(key, e.foldArray(start, open))
		if p != nil {
			e.panicked(key, p)
		}
	}()
	return array.MarshalLogArray(e)
}

// AppendArray adds an array to an array. A panic goes on to the array that has a
// key; what there is by then is kept.
func (e *encoder) AppendArray(array zapcore.ArrayMarshaler) error {
	if value.IsNil(array) {
		return e.AppendReflected(nil)
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open, held := len(e.attrs), len(e.open), e.bytes
	e.arrays++
	defer func() {
		e.bytes = held
		e.hold("", e.foldArray(start, open))
	}()
	return array.MarshalLogArray(e)
}

// AppendObject adds an object to an array.
func (e *encoder) AppendObject(object zapcore.ObjectMarshaler) error {
	if value.IsNil(object) {
		return e.AppendReflected(nil)
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open, held := len(e.attrs), len(e.open), e.bytes
	defer func() {
		e.depth--
		e.addFolded("", e.fold(start, open), held)
	}()
	return e.members(object)
}

// foldArray is fold for an array, which it also leaves.
func (e *encoder) foldArray(start, open int) slog.Value {
	e.open = e.open[:open]
	elements := e.attrs[start:]
	list := value.List(elements)
	clear(elements)
	e.attrs = e.attrs[:start]
	e.arrays--
	e.depth--
	return list
}

// AppendReflected adds any value.
func (e *encoder) AppendReflected(v any) error {
	if e.isFull() {
		return errTooMany
	}
	e.hold("", value.Of(v))
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
