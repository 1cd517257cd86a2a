package extract

import (
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"time"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// boxed is v as it is passed to a parameter or kept in a variable of type t.
func (f *function) boxed(v ssa.Value, t types.Type, at ssa.Instruction) *term.Node {
	if isTypeParam(t) && !types.IsInterface(v.Type()) && !isTypeParam(v.Type()) {
		return f.box(v, at)
	}
	return f.term(v, at)
}

// box is v in an interface: as it is, and as a property in each logger's way.
func (f *function) box(v ssa.Value, at ssa.Instruction) *term.Node {
	n := &term.Node{Op: term.Boxed, Str: typeName(v.Type()), Args: make([]*term.Node, 1+term.Styles)}
	if types.IsInterface(v.Type()) {
		n.Str = "?"
	}
	if has(v.Type(), "Error") {
		n.Kinds = term.IsError
	}
	if matters(v.Type()) || isLevel(v.Type()) {
		n.Args[0] = f.term(v, at)
	}
	for style := range term.Styles {
		n.Args[1+style] = f.property(v, style, at)
	}
	return n
}

func isLevel(t types.Type) bool { return isNumber(t) }

// property is v as the value of a property.
func (f *function) property(v ssa.Value, style term.Style, at ssa.Instruction) *term.Node {
	if owner, at := f.owner(v, at); owner != f {
		return owner.property(v, style, at)
	}
	switch x := v.(type) {
	case *ssa.MakeInterface:
		return f.property(x.X, style, x)
	case *ssa.ChangeInterface:
		return f.property(x.X, style, x)
	case *ssa.Call:
		if style == term.Marsh && isPlainError(x) {
			return term.Nothing // {}
		}
	case *ssa.Phi:
		if types.IsInterface(v.Type()) || isTypeParam(v.Type()) {
			break
		}
		if !nilable(v.Type()) {
			break
		}
	case *ssa.Const:
		if n := constProperty(x, style); n != nil {
			return n
		}
	}
	t := v.Type()
	if isTypeParam(t) || types.IsInterface(t) && f.shape(t, style).Op == term.Unknown {
		return &term.Node{Op: term.As, N: int(style), Args: []*term.Node{f.term(v, at)}}
	}
	if content := f.content(v, style, at); content != nil {
		return content
	}
	n := f.shape(t, style)
	isThere := nonNil(v, 0) || isChecked(v, at)
	if n.Kinds&term.Absent != 0 && isThere {
		n = withoutNil(n)
	}
	if isString(t) && n.Op == term.Plain && n.Kinds == term.String && !has(t, "Error") && !has(t, "String") && !isTextMarshaler(t) {
		// The text too: it may be an event's name.
		n = textOf(f.term(v, at))
	}
	if n.Op == term.Either && isThere && len(n.Args) == 2 && n.Args[0].Op == term.Nil {
		n = n.Args[1]
	}
	return n
}

func withoutNil(n *term.Node) *term.Node {
	c := *n
	c.Kinds &^= term.Absent
	return &c
}

// content is the property of a value whose members are known.
func (f *function) content(v ssa.Value, style term.Style, at ssa.Instruction) *term.Node {
	switch name := typeName(v.Type()); name {
	case slogPath + ".Value":
		if style == term.Log || style == term.Zap {
			return f.term(v, at)
		}
	case "[]" + slogPath + ".Attr":
		if style == term.Log || style == term.Zap {
			return term.Of(term.Group, f.term(v, at))
		}
	case "[]" + zapcorePath + ".Field":
		if style == term.Zap {
			return term.Of(term.Group, f.term(v, at))
		}
	}
	if typeName(v.Type()) == zapcorePath+".ObjectMarshalerFunc" {
		if style == term.Zap {
			m := &modelled{f: f, call: at}
			return term.Of(term.Group, m.added(v, term.Nothing))
		}
	} else if method := f.valuer(v.Type(), style); method != nil {
		return method(f, v, at)
	}
	if m, ok := v.Type().Underlying().(*types.Map); ok && isString(m.Key()) && !f.hasMarshaler(v.Type(), style) {
		if named, isNamed := types.Unalias(v.Type()).(*types.Named); isNamed && named.NumMethods() > 0 {
			return nil
		}
		members := f.contents(v, at)
		inner := style
		if style == term.Fields || style == term.Marsh {
			inner = term.Marsh
		} else {
			inner = term.Log
		}
		return &term.Node{Op: term.Group, N: 1 + int(inner), Kinds: f.elemKinds(m.Elem(), inner), Args: []*term.Node{members}}
	}
	return nil
}

// elemKinds are the kinds of a map's values, where its type tells.
func (f *function) elemKinds(t types.Type, style term.Style) term.Kinds {
	if n := f.shape(t, style); n.Op == term.Plain {
		return n.Kinds
	}
	return 0
}

// constProperty is a constant as a property, nil where its type says all.
func constProperty(c *ssa.Const, style term.Style) *term.Node {
	if c.Value == nil {
		if nilable(c.Type()) {
			return term.Nothing
		}
		return nil
	}
	switch {
	case typeName(c.Type()) == "time.Duration":
		k := term.Duration
		if n, ok := constant.Int64Val(c.Value); ok && n%int64(time.Millisecond) == 0 {
			k = term.Whole
		}
		if style == term.Marsh {
			return nil
		}
		return term.Kind(k)
	case isFloat(c.Type()):
		k := term.Float
		if x, _ := constant.Float64Val(constant.ToFloat(c.Value)); x == math.Trunc(x) && math.Abs(x) < 1e21 {
			k = term.Whole
		}
		if named, ok := types.Unalias(c.Type()).(*types.Named); ok && named.NumMethods() > 0 {
			return nil
		}
		if k == term.Float {
			return &term.Node{Op: term.Plain, Kinds: k, N: term.Fraction}
		}
		return term.Kind(k)
	}
	return nil
}

func isFloat(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}

func nilable(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Pointer, *types.Slice, *types.Map, *types.Interface, *types.Signature, *types.Chan:
		return true
	case *types.Basic:
		return u.Kind() == types.UntypedNil
	}
	return false
}

// nonNil reports whether v is never nil.
func nonNil(v ssa.Value, depth int) bool {
	if depth > 8 {
		return false
	}
	switch v := v.(type) {
	case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice, *ssa.MakeClosure, *ssa.Function, *ssa.Global, *ssa.FieldAddr, *ssa.IndexAddr:
		return true
	case *ssa.Slice:
		return nonNil(v.X, depth+1)
	case *ssa.ChangeType:
		return nonNil(v.X, depth+1)
	case *ssa.ChangeInterface:
		return nonNil(v.X, depth+1)
	case *ssa.MakeInterface:
		return !nilable(v.X.Type()) || nonNil(v.X, depth+1)
	case *ssa.Convert:
		return isString(v.X.Type())
	case *ssa.UnOp:
		// Sentinel errors, which are variables that nobody assigns nil to.
		if g, ok := v.X.(*ssa.Global); ok && v.Op == token.MUL {
			return typeName(deref(g.Type())) == "error"
		}
	case *ssa.Phi:
		for _, edge := range v.Edges {
			if edge != v && !nonNil(edge, depth+1) {
				return false
			}
		}
		return true
	case *ssa.Call:
		if builtin, ok := v.Call.Value.(*ssa.Builtin); ok && builtin.Name() == "append" {
			if nonNil(v.Call.Args[0], depth+1) {
				return true
			}
			s, ok := v.Call.Args[1].(*ssa.Slice)
			return ok && nonNil(s.X, depth+1)
		}
		return isPlainError(v)
	}
	return false
}

// isChecked reports whether at only runs if v is not nil: it is under an if v != nil, or
// behind an if v == nil that returns.
func isChecked(v ssa.Value, at ssa.Instruction) bool {
	if at == nil || at.Block() == nil || at.Parent() != v.Parent() {
		return false
	}
	for b := at.Block(); b != nil; b = b.Idom() {
		for _, pred := range b.Preds {
			if len(b.Preds) > 1 || len(pred.Instrs) == 0 {
				break
			}
			branch, ok := pred.Instrs[len(pred.Instrs)-1].(*ssa.If)
			if !ok {
				continue
			}
			cond, ok := branch.Cond.(*ssa.BinOp)
			if !ok || !(cond.X == v && isNilConst(cond.Y) || cond.Y == v && isNilConst(cond.X)) {
				continue
			}
			if cond.Op == token.NEQ && pred.Succs[0] == b || cond.Op == token.EQL && pred.Succs[1] == b {
				return true
			}
		}
	}
	return false
}

func isNilConst(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

// isPlainError reports whether a call makes an error that has nothing but a text.
func isPlainError(call *ssa.Call) bool {
	if fn := call.Call.StaticCallee(); fn != nil {
		switch fn.String() {
		case "errors.New", "fmt.Errorf":
			return true
		}
	}
	return false
}
