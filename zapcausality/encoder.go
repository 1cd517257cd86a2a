package zapcausality

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"reflect"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/record"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// encoder turns zap's fields into attributes. It serves one log call at a time,
// and what it makes is valid until it is freed.
//
// It is also the zapcore.ObjectEncoder and zapcore.ArrayEncoder that marshalers
// write to. These may reuse what they pass to it, as they may with zap's own, so
// its Add and Append methods keep nothing by reference.
type encoder struct {
	// attrs is a stack: the attributes of the entry and, above them, those of
	// the objects and arrays that are being marshalled. Each folds into one
	// attribute when it is done.
	attrs []slog.Attr
	// open are the namespaces that are open, the outermost first.
	open []namespace
	// arena is where the members of folded objects stay.
	arena []slog.Attr

	depth  int // how many objects and arrays are around the value at hand
	arrays int // how many of them are arrays: within one, all folds to JSON
	folds  int
	bytes  int // of the JSON and the copied text that the marshaler at hand has added

	// calling says that a marshaler of the user's is being called, binds that the
	// fields are bound to a logger.
	calling, binds bool

	// ctx is the last context among the fields.
	ctx context.Context

	rec record.Record // what core.track makes of it
}

// namespace is a group that begins at attrs[start] and lasts as long as the
// object it is in.
type namespace struct {
	name  string
	start int
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

func newEncoder() *encoder { return encoders.Get().(*encoder) }

// maxPooled is the most attributes whose memory is kept for the next entry.
const maxPooled = 1024

func (e *encoder) free() {
	if cap(e.attrs) > maxPooled || cap(e.arena) > maxPooled || cap(e.open) > maxPooled {
		return
	}
	clear(e.attrs)
	clear(e.open)
	clear(e.arena)
	e.attrs, e.open, e.arena = e.attrs[:0], e.open[:0], e.arena[:0]
	e.depth, e.arrays, e.folds, e.bytes, e.ctx = 0, 0, 0, 0, nil
	e.calling, e.binds = false, false
	e.rec.End()
	encoders.Put(e)
}

// bind returns scope with everything bound up to the last namespace, and the
// attributes that follow it. An entry with a namespace among its own fields is
// so treated as one of a logger that had it bound.
func (e *encoder) bind(rules *record.Rules, scope *record.Scope) (*record.Scope, []slog.Attr) {
	attrs, start := e.attrs, 0
	for _, ns := range e.open {
		if start < ns.start {
			scope = scope.With(rules, attrs[start:ns.start])
		}
		scope, start = scope.WithGroup(ns.name), ns.start
	}
	return scope, attrs[start:]
}

func (e *encoder) add(key string, v slog.Value) {
	switch n := len(e.attrs); {
	case n < value.MaxElements:
		e.attrs = record.AppendAttr(e.attrs, key, v)
	case n == value.MaxElements: // a marshaler may go on for ever
		e.attrs = append(e.attrs, slog.Attr{Key: key, Value: slog.AnyValue(value.TooLarge{})})
	}
}

// hold adds a value whose memory is the encoder's own. Of one marshaler no more is kept
// than fits an event.
func (e *encoder) hold(key string, v slog.Value) {
	if e.calling {
		if e.bytes += value.Size(v); e.isFull() {
			v = slog.AnyValue(value.TooLarge{})
		}
	}
	e.add(key, v)
}

// isFull reports whether a marshaler has added more than fits an event.
func (e *encoder) isFull() bool { return e.bytes > value.MaxBytes }

func (e *encoder) fields(fields []zapcore.Field) {
	for i := range fields {
		e.field(&fields[i])
	}
}

// field adds what zap's Field.AddTo adds, but for what that writes beside an
// error.
func (e *encoder) field(f *zapcore.Field) {
	switch f.Type {
	case zapcore.StringType:
		e.add(f.Key, slog.StringValue(f.String))
	case zapcore.Int64Type:
		e.add(f.Key, slog.Int64Value(f.Integer))
	case zapcore.Int32Type:
		e.add(f.Key, slog.Int64Value(int64(int32(f.Integer))))
	case zapcore.Int16Type:
		e.add(f.Key, slog.Int64Value(int64(int16(f.Integer))))
	case zapcore.Int8Type:
		e.add(f.Key, slog.Int64Value(int64(int8(f.Integer))))
	case zapcore.Uint64Type:
		e.add(f.Key, slog.Uint64Value(uint64(f.Integer)))
	case zapcore.Uint32Type:
		e.add(f.Key, slog.Uint64Value(uint64(uint32(f.Integer))))
	case zapcore.Uint16Type:
		e.add(f.Key, slog.Uint64Value(uint64(uint16(f.Integer))))
	case zapcore.Uint8Type:
		e.add(f.Key, slog.Uint64Value(uint64(uint8(f.Integer))))
	case zapcore.UintptrType:
		e.add(f.Key, slog.Uint64Value(uint64(uintptr(f.Integer))))
	case zapcore.BoolType:
		e.add(f.Key, slog.BoolValue(f.Integer == 1))
	case zapcore.Float64Type:
		e.add(f.Key, slog.Float64Value(math.Float64frombits(uint64(f.Integer))))
	case zapcore.Float32Type:
		e.AddFloat32(f.Key, math.Float32frombits(uint32(f.Integer)))
	case zapcore.DurationType:
		e.add(f.Key, slog.DurationValue(time.Duration(f.Integer)))
	case zapcore.TimeType:
		t := time.Unix(0, f.Integer)
		if location, ok := f.Interface.(*time.Location); ok && location != nil {
			t = t.In(location)
		}
		e.add(f.Key, slog.TimeValue(t))
	case zapcore.ByteStringType:
		text, _ := f.Interface.([]byte)
		e.AddByteString(f.Key, text)
	case zapcore.NamespaceType:
		e.OpenNamespace(f.Key)
	case zapcore.SkipType:
		e.isContext(f.Interface) // see Context
	default:
		e.interfaceField(f)
	}
}

// call calls f, which calls a marshaler of the user's.
func (e *encoder) call(key string, f func()) {
	switch {
	case e.calling:
		f()
	case !e.binds && usercode.Running(): // no event comes of the entry
	default:
		e.calling = true
		if !usercode.Try(f) {
			e.fail(key, errLogsItself)
		}
		e.calling, e.bytes = false, 0
	}
}

// interfaceField adds a field whose value is in its Interface.
func (e *encoder) interfaceField(f *zapcore.Field) {
	if e.isContext(f.Interface) {
		return
	}
	var err error
	switch f.Type {
	case zapcore.ObjectMarshalerType:
		if object, ok := f.Interface.(zapcore.ObjectMarshaler); ok {
			if isOurs(object) {
				err = e.AddObject(f.Key, object)
			} else {
				e.call(f.Key, func() { err = e.AddObject(f.Key, object) })
			}
		}
	case zapcore.InlineMarshalerType:
		if object, ok := f.Interface.(zapcore.ObjectMarshaler); ok {
			e.call("", func() { e.inline(object) })
		}
	case zapcore.ArrayMarshalerType:
		if array, ok := f.Interface.(zapcore.ArrayMarshaler); ok {
			e.call(f.Key, func() { err = e.AddArray(f.Key, array) })
		}
	case zapcore.ReflectType:
		e.reflected(f.Key, f.Interface)
	case zapcore.ErrorType:
		e.error(f.Key, f.Interface)
	case zapcore.StringerType, zapcore.BinaryType, zapcore.TimeFullType,
		zapcore.Complex128Type, zapcore.Complex64Type:
		e.text(f.Key, f.Interface)
	default:
		// A type that is newer than this package, or none.
		e.call(f.Key, func() { e.other(f) })
	}
	if err != nil {
		e.fail(f.Key, err)
	}
}

// isContext takes v as the entry's context if it is one.
func (e *encoder) isContext(v any) bool {
	ctx, ok := v.(context.Context)
	if ok && !value.IsNil(ctx) {
		e.ctx = ctx
	}
	return ok
}

// reflected adds what zap reflects upon. It is not evaluated here, so that
// those who read the attribute later see the value itself: package record, which
// takes only real strings for event types, and the user's ReplaceAttr.
func (e *encoder) reflected(key string, v any) {
	if e.arrays > 0 {
		e.add(key, value.Of(v))
	} else {
		e.add(key, value.Any(v))
	}
}

// text is reflected for values which in JSON are their text.
func (e *encoder) text(key string, v any) {
	if e.arrays > 0 {
		e.add(key, value.Of(v))
	} else {
		e.add(key, slog.AnyValue(v))
	}
}

// error adds an error. It is its text, as on the line; one that is a LogValuer is
// read here, or it would be resolved later.
func (e *encoder) error(key string, v any) {
	if err, ok := v.(slog.LogValuer); ok {
		e.add(key, errorText(err))
		return
	}
	e.text(key, v)
}

// errorText is the text of an error.
func errorText(v any) slog.Value {
	err, ok := v.(error)
	if !ok || value.IsNil(v) {
		return slog.Value{}
	}
	return value.Of(textOnly{err})
}

// textOnly is an error without its other methods.
type textOnly struct{ err error }

func (e textOnly) Error() string { return e.err.Error() }

// addErrors adds a list of errors, which on the line are an object each. As a
// property they are their texts.
func (e *encoder) addErrors(key string, errs []error) {
	texts := make([]any, len(errs))
	for i, err := range errs {
		if !value.IsNil(err) {
			texts[i] = textOnly{err}
		}
	}
	e.add(key, value.Of(texts))
}

// inline adds the members of an object beside what is there.
func (e *encoder) inline(object zapcore.ObjectMarshaler) {
	if value.IsNil(object) {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			e.panicked("", p)
		}
	}()
	if err := e.members(object); err != nil {
		e.fail("", err)
	}
}

// other leaves a field to zap.
func (e *encoder) other(f *zapcore.Field) {
	defer func() {
		if p := recover(); p != nil {
			e.panicked(f.Key, p)
		}
	}()
	f.AddTo(e)
}

// dictType is what zap.Dict makes of its fields.
var (
	dictType   = reflect.TypeOf(zap.DictObject())
	fieldsType = reflect.TypeOf([]zapcore.Field(nil))
)

// members adds the members of an object. Where these are fields they are read as
// such, which keeps a context in them and what zap adds to an error out.
func (e *encoder) members(object zapcore.ObjectMarshaler) error {
	if ev, ok := object.(*event); ok {
		e.AddString(record.TypeKey, ev.eventType)
		e.fields(ev.fields)
		return nil
	}
	if reflect.TypeOf(object) == dictType {
		e.fields(reflect.ValueOf(object).Convert(fieldsType).Interface().([]zapcore.Field))
		return nil
	}
	return object.MarshalLogObject(e)
}

// isOurs reports whether the members of an object are fields, for which no method
// of the user's is called.
func isOurs(object zapcore.ObjectMarshaler) bool {
	_, isEvent := object.(*event)
	return isEvent || reflect.TypeOf(object) == dictType
}

// maxFolds bounds the objects and arrays of one entry, for one that contains
// itself twice.
const maxFolds = 100_000

var (
	errTooDeep = errors.New("nested too deep")
	errTooMany = errors.New("holds too many values")

	errLogsItself = errors.New("is logged again by its own method")
)

// enter is called before an object or array is marshalled.
func (e *encoder) enter() error {
	if e.depth >= value.MaxDepth {
		return errTooDeep
	}
	if e.folds >= maxFolds || e.isFull() {
		return errTooMany
	}
	e.depth++
	e.folds++
	return nil
}

// fail says under zap's own name for it why the value with this key is not
// whole.
func (e *encoder) fail(key string, err error) {
	// The error's methods are the user's too.
	e.add(key+"Error", slog.StringValue("!ERROR: "+value.Of(err).String()))
}

func (e *encoder) panicked(key string, p any) {
	e.add(key+"Error", slog.StringValue("!PANIC: "+fmt.Sprint(p)))
}
