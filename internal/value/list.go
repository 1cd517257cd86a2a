package value

import (
	"encoding/base64"
	"log/slog"
	"reflect"
	"strconv"
)

// list reduces a slice or an array to JSON, element by element, so that what is in
// it means what it means outside: a LogValuer redacts itself, a duration is
// milliseconds, an error is its text.
func (r *reducer) list(v reflect.Value, depth int) slog.Value {
	element := v.Type().Elem()
	plain := !speaks(element) && !speaks(reflect.PointerTo(element))
	if element.Kind() == reflect.Uint8 && v.Kind() == reflect.Slice && plain {
		return r.base64(v.Bytes())
	}
	if v.Len() > MaxElements || r.bytes > MaxBytes {
		return tooLarge
	}
	b, before := []byte{'['}, r.bytes
	for i := range v.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		e := v.Index(i)
		switch kind := element.Kind(); {
		case plain && reflect.Int <= kind && kind <= reflect.Int64:
			b = strconv.AppendInt(b, e.Int(), 10)
		case plain && reflect.Uint <= kind && kind <= reflect.Uintptr:
			b = strconv.AppendUint(b, e.Uint(), 10)
		case plain && kind == reflect.String && element != jsonType:
			if len(e.String()) > MaxBytes {
				return tooLarge
			}
			b = AppendString(b, e.String())
		default:
			member := r.member(e, depth)
			if Size(member) > MaxBytes {
				return tooLarge
			}
			b = AppendJSON(b, member)
		}
		if len(b) > MaxBytes {
			return tooLarge
		}
	}
	r.bytes = before + len(b) // of which the lists in this one are a part
	return slog.AnyValue(JSON(append(b, ']')))
}

var jsonType = reflect.TypeFor[JSON]()

// member reduces an element of a list, a field of a struct, or what a pointer points
// to. A method of the pointer to it counts where encoding/json counts it.
func (r *reducer) member(v reflect.Value, depth int) slog.Value {
	t := v.Type()
	if !v.CanAddr() || t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer || speaks(t) {
		return r.any(v.Interface(), depth+1)
	}
	if speaks(reflect.PointerTo(t)) {
		return r.any(v.Addr().Interface(), depth+1)
	}
	if t.Kind() != reflect.Struct {
		return r.any(v.Interface(), depth+1)
	}
	// As it is: in a copy no address could be taken of its fields.
	if r.values++; r.values > maxValues {
		return Failed(errTooMany)
	}
	if depth+1 >= MaxDepth {
		return Failed(errTooDeep)
	}
	return r.structure(v, depth+1)
}

// base64 is how bytes are written.
func (r *reducer) base64(b []byte) slog.Value {
	if r.bytes += len(b); r.bytes > MaxBytes {
		return tooLarge
	}
	return slog.StringValue(base64.StdEncoding.EncodeToString(b))
}
