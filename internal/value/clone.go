package value

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
)

// Clone returns v with copies of all the memory in it that code which is given
// the clone could change: the members of groups, maps and lists, and what
// pointers point to. Types stay as they are, for code that looks for one, with
// three exceptions that become what Of makes of them: a LogValuer, a pointer
// whose methods say what it means, and a value that cannot be copied, such as a
// map that contains itself. An error stays the error that it is.
func Clone(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindAny, slog.KindLogValuer, slog.KindGroup:
		var c cloner
		return c.value(v)
	default:
		return v
	}
}

// errNoCopy is the panic over what Resolve must reduce instead.
var errNoCopy = errors.New("cannot be copied")

// cloner counts what it has copied, and how deep it is in it.
type cloner struct{ values, depth int }

func (c *cloner) value(v slog.Value) (clone slog.Value) {
	depth := c.depth
	defer func() {
		if recover() != nil {
			c.depth, clone = depth, Failed(errTooMany)
			if c.values <= maxValues {
				clone = Resolve(v)
			}
		}
	}()
	switch v.Kind() {
	case slog.KindGroup:
		c.enter()
		members := make([]slog.Attr, len(v.Group()))
		for i, a := range v.Group() {
			members[i] = slog.Attr{Key: a.Key, Value: c.value(a.Value)}
		}
		c.depth--
		return slog.GroupValue(members...)
	case slog.KindLogValuer:
		return Resolve(v)
	case slog.KindAny:
		held := []any{v.Any(), nil} // as reflect sees an interface
		c.into(reflect.ValueOf(held).Index(1), reflect.ValueOf(held).Index(0))
		return slog.AnyValue(held[1])
	default:
		return v
	}
}

// enter counts one more value, and panics if there are too many or it is too deep.
func (c *cloner) enter() {
	c.depth++
	if c.values++; c.depth > MaxDepth || c.values > maxValues {
		panic(errTooMany)
	}
}

// into copies src to dst, which has its type. It panics where it cannot.
func (c *cloner) into(dst, src reflect.Value) {
	c.enter()
	defer func() { c.depth-- }()
	t := src.Type()
	switch src.Kind() {
	case reflect.Interface:
		if src.IsNil() {
			return
		}
		held := reflect.New(src.Elem().Type()).Elem()
		held.Set(src.Elem()) // nobody can change it there, so that all of it may be read
		c.into(held, src.Elem())
		dst.Set(held)
	case reflect.Pointer:
		switch {
		case src.IsNil() || t.Implements(errorType):
			dst.Set(src)
		case speaks(t):
			panic(errNoCopy)
		default:
			target := reflect.New(t.Elem())
			c.into(target.Elem(), src.Elem())
			dst.Set(target.Convert(t))
		}
	case reflect.Map:
		if src.IsNil() {
			return
		}
		clone := reflect.MakeMapWithSize(t, src.Len())
		for it := src.MapRange(); it.Next(); {
			member := reflect.New(t.Elem()).Elem()
			c.into(member, it.Value())
			clone.SetMapIndex(it.Key(), member)
		}
		dst.Set(clone)
	case reflect.Slice:
		if src.IsNil() {
			return
		}
		if src.Len() > MaxElements {
			panic(errNoCopy) // it is too large for an event
		}
		clone := reflect.MakeSlice(t, src.Len(), src.Len())
		c.elements(clone, src)
		dst.Set(clone)
	case reflect.Array:
		c.elements(dst, src)
	case reflect.Struct:
		c.fields(dst, src)
	default:
		dst.Set(src)
	}
}

// elements copies the elements of a list.
func (c *cloner) elements(dst, src reflect.Value) {
	switch kind := src.Type().Elem().Kind(); {
	case kind <= reflect.Complex128 || kind == reflect.String:
		reflect.Copy(dst, src)
	default:
		for i := range src.Len() {
			c.into(dst.Index(i), src.Index(i))
		}
	}
}

// fields copies a struct: the fields that others can see, and all of one whose
// methods say what it means.
func (c *cloner) fields(dst, src reflect.Value) {
	t := src.Type()
	if t == slogValueType {
		dst.Set(reflect.ValueOf(c.value(src.Interface().(slog.Value))))
		return
	}
	if speaks(t) || speaks(reflect.PointerTo(t)) {
		dst.Set(src)
	}
	for i := range t.NumField() {
		switch field := t.Field(i); {
		case field.IsExported(), field.Anonymous && field.Type.Kind() == reflect.Struct:
			c.into(dst.Field(i), src.Field(i))
		case field.Anonymous && field.Type.Kind() == reflect.Pointer && !src.Field(i).IsNil():
			panic(errNoCopy) // what it points to can be seen, and cannot be set
		}
	}
}

var (
	errorType     = reflect.TypeFor[error]()
	slogValueType = reflect.TypeFor[slog.Value]()
	speakerTypes  = [...]reflect.Type{
		errorType, reflect.TypeFor[slog.LogValuer](), reflect.TypeFor[fmt.Stringer](),
		reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[json.Marshaler](),
	}
)

// speaks reports whether methods of t say what a value of it means, which may be
// more than its exported fields do.
func speaks(t reflect.Type) bool {
	for _, speaker := range speakerTypes {
		if t.Implements(speaker) {
			return true
		}
	}
	return false
}
