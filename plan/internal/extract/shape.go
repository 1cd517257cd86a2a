package extract

import (
	"go/types"
	"reflect"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

type shapeKey struct {
	t     types.Type
	style term.Style
}

// shape is what a value of a type is as a property: what docs/names.md says, for each
// logger's way to look at a value.
func (x *extractor) shape(t types.Type, style term.Style) *term.Node {
	key := shapeKey{t, style}
	if known := x.shapes[key]; known != nil {
		return known
	}
	x.shapes[key] = term.Why("the type " + short(typeName(t)) + " contains itself")
	n := x.newShape(t, style)
	x.shapes[key] = n
	return n
}

func (x *extractor) newShape(t types.Type, style term.Style) *term.Node {
	switch style {
	case term.Marsh:
		if n := x.objectShape(t); n != nil {
			return n
		}
		return x.marshalled(t)
	case term.Fields:
		return x.inFields(t)
	default:
		return x.reduced(t)
	}
}

func orNil(n *term.Node) *term.Node {
	if n.Op == term.Plain {
		return &term.Node{Op: term.Plain, Kinds: n.Kinds | term.Absent, N: n.N}
	}
	if n.Op == term.Unknown {
		return n
	}
	return term.Of(term.Either, term.Nothing, n)
}

// reduced is what internal/value makes of a value.
func (x *extractor) reduced(t types.Type) *term.Node {
	switch typeName(t) {
	case "time.Time":
		return term.Kind(term.Time)
	case "*time.Time":
		return term.Kind(term.Time | term.Absent)
	case "time.Duration":
		return term.Kind(term.Duration)
	case "*time.Duration":
		return term.Kind(term.Duration | term.Absent)
	case "[]byte", "[]uint8":
		return term.Kind(term.String | term.Absent)
	case "[]error":
		return term.Kind(term.JSON | term.Absent)
	}
	if n := basic(t, true); n != nil {
		return n
	}
	isNil := term.Kinds(0)
	if nilable(t) {
		isNil = term.Absent
	}
	isValuer := !types.IsInterface(t) && methodOf(t, "LogValue") != nil
	switch {
	case isValuer:
	case has(t, "Error"), has(t, "String"), isTextMarshaler(t):
		return term.TextKind(term.String | isNil)
	}
	if types.IsInterface(t) {
		return term.Why("its type is only known when the program runs")
	}
	if m := methodOf(t, "LogValue"); m != nil && m.Type().(*types.Signature).Params().Len() == 0 {
		return orNilIf(isNil != 0, &term.Node{Op: term.Call, Str: m.FullName(), Args: []*term.Node{term.Nothing}})
	}
	if isJSONMarshaler(t) {
		if _, ok := t.Underlying().(*types.Basic); !ok || isString(t) {
			return term.Why("a " + short(typeName(t)) + " says itself how it is written")
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basic(t, false)
	case *types.Pointer:
		return orNil(x.shape(u.Elem(), term.Log))
	case *types.Map:
		return term.Why("the keys of a map are only known when the program runs")
	case *types.Struct:
		list := term.Of(term.List)
		x.members(list, u, term.Log, false)
		return term.Of(term.Group, list)
	}
	return x.marshalled(t)
}

func orNilIf(maybe bool, n *term.Node) *term.Node {
	if maybe {
		return orNil(n)
	}
	return n
}

// basic is a value of a simple kind. With exact the type must have no name of its own.
func basic(t types.Type, exact bool) *term.Node {
	b, ok := t.Underlying().(*types.Basic)
	if !ok {
		return nil
	}
	if _, isNamed := types.Unalias(t).(*types.Named); isNamed && exact {
		return nil
	}
	switch info := b.Info(); {
	case info&types.IsString != 0:
		return term.TextKind(term.String)
	case info&types.IsBoolean != 0:
		return term.Kind(term.Bool)
	case info&types.IsInteger != 0:
		return term.Kind(term.Int)
	case info&types.IsFloat != 0:
		return term.Kind(term.Float)
	case info&types.IsComplex != 0:
		return term.Kind(term.String)
	case b.Kind() == types.UntypedNil:
		return term.Nothing
	}
	return nil
}

// has reports whether a type has a method without parameters that returns text.
func has(t types.Type, name string) bool {
	sig := method(t, name)
	return sig != nil && sig.Params().Len() == 0 && sig.Results().Len() == 1 && types.Identical(sig.Results().At(0).Type(), types.Typ[types.String])
}

func isTextMarshaler(t types.Type) bool { return isMarshaler(t, "MarshalText") }

func isJSONMarshaler(t types.Type) bool { return isMarshaler(t, "MarshalJSON") }

func isMarshaler(t types.Type, name string) bool {
	sig := method(t, name)
	return sig != nil && sig.Params().Len() == 0 && sig.Results().Len() == 2 && typeName(sig.Results().At(0).Type()) == "[]byte"
}

func method(t types.Type, name string) *types.Signature {
	fn := methodOf(t, name)
	if fn == nil {
		return nil
	}
	return fn.Type().(*types.Signature)
}

// methodOf returns the method that a value of a type, not a variable, has.
func methodOf(t types.Type, name string) *types.Func {
	if isTypeParam(t) {
		return nil
	}
	for sel := range types.NewMethodSet(t).Methods() {
		if sel.Obj().Name() == name && sel.Obj().Exported() {
			return sel.Obj().(*types.Func)
		}
	}
	return nil
}

// marshalled is what encoding/json makes of a value, read back.
func (x *extractor) marshalled(t types.Type) *term.Node {
	switch typeName(t) {
	case "time.Time":
		return term.Kind(term.Time)
	case "[]byte", "[]uint8":
		return term.Kind(term.String | term.Absent)
	case "encoding/json.Number":
		return term.Kind(term.Int | term.Float)
	}
	isNil := term.Kinds(0)
	if nilable(t) {
		isNil = term.Absent
	}
	if isJSONMarshaler(t) && typeName(t) != "*time.Time" {
		return term.Why("a " + short(typeName(t)) + " says itself how it is written")
	}
	if isTextMarshaler(t) {
		return term.Kind(term.String | isNil)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsComplex != 0 {
			return term.Kind(term.String)
		}
		return basic(t, false)
	case *types.Pointer:
		if named, ok := types.Unalias(u.Elem()).(*types.Named); ok && isJSONMarshaler(t) && typeName(named) != "time.Time" {
			return term.Why("a " + short(typeName(t)) + " says itself how it is written")
		}
		return orNil(x.shape(u.Elem(), term.Marsh))
	case *types.Slice:
		return term.Kind(term.JSON | term.Absent)
	case *types.Array:
		return term.Kind(term.JSON)
	case *types.Map:
		return term.Why("the keys of a map are only known when the program runs")
	case *types.Struct:
		list := term.Of(term.List)
		x.members(list, u, term.Marsh, false)
		return term.Of(term.Group, list)
	case *types.Interface:
		return term.Why("its type is only known when the program runs")
	case *types.Chan, *types.Signature:
		return term.Kind(term.String) // the error
	}
	return term.Why("a " + short(typeName(t)) + " has no plain form")
}

// members adds the members of a struct under the names that encoding/json gives them.
func (x *extractor) members(list *term.Node, s *types.Struct, style term.Style, maybe bool) {
	for i := range s.NumFields() {
		field := s.Field(i)
		name, options, _ := strings.Cut(reflect.StructTag(s.Tag(i)).Get("json"), ",")
		if name == "-" && options == "" {
			continue
		}
		if field.Anonymous() && name == "" {
			if inner, ok := deref(field.Type()).Underlying().(*types.Struct); ok && (style == term.Log || !isTextMarshaler(field.Type()) && !isJSONMarshaler(field.Type())) {
				_, isPointer := field.Type().Underlying().(*types.Pointer)
				x.members(list, inner, style, maybe || isPointer)
				continue
			}
		}
		if !field.Exported() {
			continue
		}
		if name == "" {
			name = field.Name()
		}
		value := x.shape(field.Type(), style)
		omit := strings.Contains(","+options+",", ",omitempty,") && canBeEmpty(field.Type()) || strings.Contains(","+options+",", ",omitzero,")
		if strings.Contains(","+options+",", ",string,") && value.Op == term.Plain {
			value = term.Kind(term.String)
		}
		attr := term.Field(term.Const(name), value)
		attr.Maybe = maybe || omit
		list.Args = append(list.Args, attr)
	}
}

func canBeEmpty(t types.Type) bool {
	_, isStruct := t.Underlying().(*types.Struct)
	return !isStruct
}

// inFields is what zerolog's Fields makes of a value.
func (x *extractor) inFields(t types.Type) *term.Node {
	switch typeName(t) {
	case "[]byte", "[]uint8", "net.IP", "net.IPNet", "net.HardwareAddr":
		return term.Kind(term.String)
	case "[]error", "[]string", "[]bool", "[]time.Time", "[]time.Duration", "[]net.IP", "[]net.IPNet":
		return term.Kind(term.JSON)
	case "time.Time":
		return term.Kind(term.Time)
	case "*time.Time":
		return term.Kind(term.Time | term.Absent)
	case "time.Duration":
		return term.Kind(term.Duration)
	case "*time.Duration":
		return term.Kind(term.Duration | term.Absent)
	case "encoding/json.RawMessage":
		return term.Why("it is JSON that is only known when the program runs")
	}
	if n := basic(t, true); n != nil {
		return n
	}
	if has(t, "Error") {
		if nilable(t) {
			return term.Kind(term.String | term.Absent)
		}
		return term.Kind(term.String)
	}
	if s, ok := t.(*types.Slice); ok && basic(s.Elem(), true) != nil {
		return term.Kind(term.JSON)
	}
	return x.shape(t, term.Marsh)
}

// valuer returns how a type that says itself what it is as a property is asked, or
// nil.
func (f *function) valuer(t types.Type, style term.Style) func(f *function, v ssa.Value, at ssa.Instruction) *term.Node {
	if types.IsInterface(t) {
		return nil
	}
	switch style {
	case term.Zap:
		if m := methodOf(t, "MarshalLogObject"); m != nil {
			return objectOf(m)
		}
		if methodOf(t, "MarshalLogArray") != nil {
			return func(*function, ssa.Value, ssa.Instruction) *term.Node { return term.Kind(term.JSON) }
		}
		fallthrough
	case term.Log:
		if m := methodOf(t, "LogValue"); m != nil && m.Type().(*types.Signature).Params().Len() == 0 {
			return func(f *function, v ssa.Value, at ssa.Instruction) *term.Node {
				n := &term.Node{Op: term.Call, Str: m.FullName(), Args: []*term.Node{f.term(v, at)}}
				if nilable(t) && !nonNil(v, 0) && !isChecked(v, at) {
					return term.Choice(term.Nothing, n)
				}
				return n
			}
		}
	case term.Marsh, term.Fields:
		if style == term.Fields && has(t, "Error") {
			return nil
		}
		if m := methodOf(t, "MarshalZerologObject"); m != nil {
			return objectOf(m)
		}
	}
	return nil
}

// objectOf asks a marshaler of zap's or zerolog's, which adds to an object.
func objectOf(m *types.Func) func(f *function, v ssa.Value, at ssa.Instruction) *term.Node {
	return func(f *function, v ssa.Value, at ssa.Instruction) *term.Node {
		n := term.Of(term.Group, &term.Node{Op: term.Effect, Str: m.Origin().FullName(), N: 1, Args: []*term.Node{f.term(v, at), term.Nothing}})
		if nilable(v.Type()) && !nonNil(v, 0) && !isChecked(v, at) {
			return term.Choice(term.Nothing, n)
		}
		return n
	}
}

// objectShape is that of a type whose members only a method of its knows.
func (x *extractor) objectShape(t types.Type) *term.Node {
	if types.IsInterface(t) {
		return nil
	}
	if m := methodOf(t, "MarshalZerologObject"); m != nil {
		return term.Of(term.Group, &term.Node{Op: term.Effect, Str: m.Origin().FullName(), N: 1, Args: []*term.Node{term.Nothing, term.Nothing}})
	}
	return nil
}

func (x *extractor) hasMarshaler(t types.Type, style term.Style) bool {
	return isJSONMarshaler(t) || isTextMarshaler(t) || (style == term.Log || style == term.Zap) && (has(t, "Error") || has(t, "String"))
}
