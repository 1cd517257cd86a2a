package zapcausality

import (
	"encoding/base64"
	"log/slog"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
	"go.uber.org/zap/zapcore"
)

var _ zapcore.ObjectEncoder = (*encoder)(nil)

// AddObject adds an object as a group. What a failing marshaler returns is
// returned, as zap does, so that the ones around it stop as they do there; a
// panic ends here.
func (e *encoder) AddObject(key string, object zapcore.ObjectMarshaler) error {
	if value.IsNil(object) {
		return nil
	}
	if err := e.enter(); err != nil {
		return err
	}
	start, open, held := len(e.attrs), len(e.open), e.bytes
	defer func() {
		p := recover()
		e.depth--
		e.addFolded(key, e.fold(start, open), held)
		if p != nil {
			e.panicked(key, p)
		}
	}()
	return e.members(object)
}

// fold takes the attributes from start on, and the namespaces that were opened
// among them, off the stacks and returns them as one value.
func (e *encoder) fold(start, open int) slog.Value {
	for len(e.open) > open {
		ns := e.open[len(e.open)-1]
		e.open = e.open[:len(e.open)-1]
		e.add(ns.name, e.foldMembers(ns.start))
	}
	return e.foldMembers(start)
}

// addFolded adds a value that holds what was added since so many bytes were held.
func (e *encoder) addFolded(key string, v slog.Value, held int) {
	if e.arrays == 0 {
		e.add(key, v) // a group, whose members are what they were
		return
	}
	e.bytes = held
	e.hold(key, v)
}

func (e *encoder) foldMembers(start int) slog.Value {
	members := e.attrs[start:]
	var folded slog.Value
	if e.arrays > 0 {
		folded = value.Object(members)
	} else {
		at := len(e.arena)
		e.arena = append(e.arena, members...)
		folded = slog.GroupValue(e.arena[at:len(e.arena):len(e.arena)]...)
	}
	clear(members)
	e.attrs = e.attrs[:start]
	return folded
}

// OpenNamespace opens a group for everything that follows in the same object.
func (e *encoder) OpenNamespace(key string) {
	e.open = append(e.open, namespace{key, len(e.attrs)})
}

// AddReflected adds any value, now, since the marshaler may go on to change it.
func (e *encoder) AddReflected(key string, v any) error {
	switch {
	case e.isContext(v):
	case e.isFull():
		return errTooMany
	default:
		e.hold(key, value.Of(v))
	}
	return nil
}

func (e *encoder) AddBinary(key string, v []byte) {
	if !e.isFull() {
		e.hold(key, slog.StringValue(base64.StdEncoding.EncodeToString(v)))
	}
}
func (e *encoder) AddByteString(key string, v []byte) {
	if !e.isFull() {
		e.hold(key, slog.StringValue(string(v)))
	}
}
func (e *encoder) AddBool(key string, v bool) { e.add(key, slog.BoolValue(v)) }
func (e *encoder) AddComplex128(key string, v complex128) {
	e.add(key, value.Of(v))
}
func (e *encoder) AddComplex64(key string, v complex64) {
	e.add(key, value.Of(v))
}
func (e *encoder) AddDuration(key string, v time.Duration) { e.add(key, slog.DurationValue(v)) }
func (e *encoder) AddFloat64(key string, v float64)        { e.add(key, slog.Float64Value(v)) }
func (e *encoder) AddFloat32(key string, v float32)        { e.add(key, value.Float32(v)) }
func (e *encoder) AddInt(key string, v int)                { e.AddInt64(key, int64(v)) }
func (e *encoder) AddInt64(key string, v int64)            { e.add(key, slog.Int64Value(v)) }
func (e *encoder) AddInt32(key string, v int32)            { e.AddInt64(key, int64(v)) }
func (e *encoder) AddInt16(key string, v int16)            { e.AddInt64(key, int64(v)) }
func (e *encoder) AddInt8(key string, v int8)              { e.AddInt64(key, int64(v)) }
func (e *encoder) AddString(key, v string)                 { e.add(key, slog.StringValue(v)) }
func (e *encoder) AddTime(key string, v time.Time)         { e.add(key, slog.TimeValue(v)) }
func (e *encoder) AddUint(key string, v uint)              { e.AddUint64(key, uint64(v)) }
func (e *encoder) AddUint64(key string, v uint64)          { e.add(key, slog.Uint64Value(v)) }
func (e *encoder) AddUint32(key string, v uint32)          { e.AddUint64(key, uint64(v)) }
func (e *encoder) AddUint16(key string, v uint16)          { e.AddUint64(key, uint64(v)) }
func (e *encoder) AddUint8(key string, v uint8)            { e.AddUint64(key, uint64(v)) }
func (e *encoder) AddUintptr(key string, v uintptr)        { e.AddUint64(key, uint64(v)) }
