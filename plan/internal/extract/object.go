package extract

import (
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Objects are values that methods change: maps, zerolog events, zap's encoders,
// slog.Records and zerolog loggers in variables. What they hold depends on when one
// looks.

// isMutable reports whether values of a type are objects.
func isMutable(t types.Type) bool {
	if _, ok := t.Underlying().(*types.Map); ok {
		return true
	}
	switch typeName(t) {
	case "*" + zerologPath + ".Event", zapcorePath + ".ObjectEncoder":
		return true
	}
	return false
}

// root is the object that v is, however it is reached: each method of a zerolog event
// returns the event.
func (f *function) root(v ssa.Value) ssa.Value {
	if known, ok := f.roots[v]; ok {
		return known
	}
	f.roots[v] = v
	r := v
	switch v := v.(type) {
	case *ssa.ChangeType:
		r = f.root(v.X)
	case *ssa.ChangeInterface:
		r = f.root(v.X)
	case *ssa.UnOp: // a variable that closures share, assigned once
		if alloc, ok := v.X.(*ssa.Alloc); ok {
			if stores := f.stores(alloc); len(stores) == 1 && stores[0].Parent() == f.fn {
				r = f.root(stores[0].Val)
			}
		}
	case *ssa.Call:
		if callee, args := f.callee(v.Common()); callee != nil && strings.HasPrefix(callee.id, "(*"+zerologPath+".Event).") && len(args) > 0 && isMutable(v.Type()) {
			r = f.root(args[0])
		}
	case *ssa.Phi:
		var only ssa.Value
		for _, edge := range v.Edges {
			if e := f.root(edge); e != v && only == nil {
				only = e
			} else if e != v && e != only {
				only = v
			}
		}
		if only != nil {
			r = only
		}
	}
	f.roots[v] = r
	return r
}

// contents is what the object that v is holds when at is about to run.
func (f *function) contents(v ssa.Value, at ssa.Instruction) *term.Node {
	object := f.root(v)
	if c, ok := object.(*ssa.Const); ok {
		return constTerm(c)
	}
	if free, ok := object.(*ssa.FreeVar); ok {
		if bound := f.binding(free); bound != nil {
			return f.parent().contents(bound, closure(f.fn))
		}
	}
	if load, ok := object.(*ssa.UnOp); ok {
		if free, ok := load.X.(*ssa.FreeVar); ok {
			if bound, ok := f.binding(free).(*ssa.Alloc); ok {
				if stores := f.parent().stores(bound); len(stores) == 1 && stores[0].Parent() == f.parent().fn {
					return f.parent().contents(stores[0].Val, closure(f.fn))
				}
			}
		}
	}
	if at == nil || at.Parent() != f.fn {
		return term.Why("another function changes it")
	}
	return f.object(object, at)
}

func (f *function) object(object ssa.Value, at ssa.Instruction) *term.Node {
	is := func(v ssa.Value) bool { return f.root(v) == object }
	return f.before(object, whole, at, func(instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
		if store, ok := instr.(*ssa.Store); ok && store.Addr == object {
			return func(func() *term.Node) *term.Node { return f.term(store.Val, store) }, true
		}
		if v, ok := instr.(ssa.Value); !ok || v != object { // which it is where it is made
			if make, changes := f.changedBy(is, instr); changes {
				return make, true
			}
		}
		if v, ok := instr.(ssa.Value); ok && v == object {
			if _, isPhi := v.(*ssa.Phi); !isPhi {
				return func(func() *term.Node) *term.Node { return f.origin(v) }, true
			}
		}
		return nil, false
	})
}

// member is what is assigned to a member of a map: one node, so that it is known to be the
// same member on each way through the function.
func (f *function) member(update *ssa.MapUpdate) *term.Node {
	if known := f.members[update]; known != nil {
		return known
	}
	field := term.Field(f.term(update.Key, update), f.mapValue(update))
	if f.isRepeated(update) {
		field.N = term.Replaces
	}
	f.members[update] = field
	return field
}

// isRepeated reports whether the map's member may have been there before.
func (f *function) isRepeated(update *ssa.MapUpdate) bool {
	key, ok := update.Key.(*ssa.Const)
	if !ok || key.Value == nil {
		return false
	}
	for _, block := range f.fn.Blocks {
		for _, instr := range block.Instrs {
			other, ok := instr.(*ssa.MapUpdate)
			if !ok || other == update || f.root(other.Map) != f.root(update.Map) {
				continue
			}
			if c, ok := other.Key.(*ssa.Const); ok && c.Value != nil && constant.Compare(key.Value, token.EQL, c.Value) {
				return true
			}
		}
	}
	return false
}

// mapValue is a value of a map, which is a property wherever the map goes.
func (f *function) mapValue(update *ssa.MapUpdate) *term.Node {
	if types.IsInterface(update.Value.Type()) {
		return f.term(update.Value, update)
	}
	return f.box(update.Value, update)
}

// origin is what an object is where it is made.
func (f *function) origin(v ssa.Value) *term.Node {
	switch v := v.(type) {
	case *ssa.MakeMap:
		return term.Nothing
	case *ssa.Alloc:
		return zero(deref(v.Type()))
	default:
		if known := f.terms[v]; known != nil {
			return known
		}
		f.terms[v] = term.Why("it depends on itself")
		f.terms[v] = f.newTerm(v, v.(ssa.Instruction))
		return f.terms[v]
	}
}

// changedBy is what an instruction makes of the object that is says.
func (f *function) changedBy(is func(ssa.Value) bool, instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
	if update, ok := instr.(*ssa.MapUpdate); ok && is(update.Map) {
		return func(before func() *term.Node) *term.Node { return term.Append(before(), f.member(update)) }, true
	}
	call, ok := instr.(ssa.CallInstruction)
	if !ok {
		return nil, false
	}
	common := call.Common()
	if builtin, ok := common.Value.(*ssa.Builtin); ok {
		if (builtin.Name() == "delete" || builtin.Name() == "clear") && is(common.Args[0]) {
			return func(func() *term.Node) *term.Node { return term.Why("something is deleted from it") }, true
		}
		return nil, false
	}
	callee, args := f.callee(common)
	if callee == nil {
		return nil, false
	}
	for i, arg := range args {
		if !is(arg) {
			continue
		}
		m := &modelled{f: f, args: args, call: call, id: callee.id}
		if model := changes[callee.id]; model != nil && i == 0 {
			return func(before func() *term.Node) *term.Node { return model(m, before()) }, true
		}
		if i == 0 && strings.HasPrefix(callee.id, "(*"+zerologPath+".Event).") {
			return m.zerologField(zerologEvent)
		}
		if i == 0 && callee.method != "" && typeName(callee.iface) == zapcorePath+".ObjectEncoder" {
			return m.encoderField(callee.method)
		}
		if isMutable(arg.Type()) && f.mayPassOn(callee) {
			at := i
			return func(before func() *term.Node) *term.Node {
				n := &term.Node{Op: term.Effect, Str: callee.id, N: at, Args: f.arguments(callee, args, call)}
				n.Args[at] = before()
				return n
			}, true
		}
	}
	return nil, false
}

// effects are what the function makes of the objects it is given.
func (f *function) effects(out *term.Func) {
	for i, p := range f.fn.Params {
		if !isMutable(p.Type()) && !isPointed(p.Type()) {
			continue
		}
		var all []*term.Node
		for _, block := range f.fn.Blocks {
			if ret, ok := block.Instrs[len(block.Instrs)-1].(*ssa.Return); ok {
				if isPointed(p.Type()) {
					all = append(all, f.pointed(p, ret))
				} else {
					all = append(all, f.object(p, ret))
				}
			}
		}
		if len(all) == 0 {
			continue
		}
		if out.Effects == nil {
			out.Effects = map[int]*term.Node{}
		}
		out.Effects[i] = term.Choice(all...)
	}
}
