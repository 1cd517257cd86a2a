package value

import (
	"encoding"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// mapping reduces a map member by member, so that a duration or an error inside
// it means what it means outside.
func (r *reducer) mapping(m reflect.Value, depth int) slog.Value {
	if m.Len() > maxValues-r.values {
		return Failed(errTooMany)
	}
	hidesKeys := hides(m.Type().Key())
	members := make([]slog.Attr, 0, m.Len())
	for it := m.MapRange(); it.Next(); {
		key, err := "", error(nil)
		if hidesKeys || it.Key().Kind() == reflect.Interface && !it.Key().IsNil() && hides(it.Key().Elem().Type()) {
			key, err = r.valuerKey(it.Key().Interface(), depth)
		} else {
			key, err = keyOf(it.Key())
		}
		switch {
		case err == errNoName:
			return Failed(unsupported(m.Type()))
		case err != nil:
			return Failed(err)
		}
		members = append(members, slog.Attr{Key: key, Value: r.any(it.Value().Interface(), depth+1)})
	}
	slices.SortStableFunc(members, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	return slog.GroupValue(members...)
}

// hides reports whether a key of type t, or a pointer to it, is a LogValuer.
func hides(t reflect.Type) bool {
	return t.Implements(logValuerType) || reflect.PointerTo(t).Implements(logValuerType)
}

// valuerKey is what a LogValuer gives in place of itself as a key of a map.
func (r *reducer) valuerKey(key any, depth int) (string, error) {
	if plain := r.any(key, depth+1); plain.Kind() == slog.KindString {
		return plain.String(), nil
	}
	return "", errNoName
}

// keyOf is a key of a map as encoding/json writes it.
func keyOf(key reflect.Value) (string, error) {
	if key.Kind() == reflect.String {
		return key.String(), nil
	}
	if text, ok := key.Interface().(encoding.TextMarshaler); ok {
		if IsNil(text) {
			return "", nil
		}
		b, err := text.MarshalText()
		return string(b), err
	}
	switch key.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(key.Int(), 10), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(key.Uint(), 10), nil
	}
	return "", errNoName
}
