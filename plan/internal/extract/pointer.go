package extract

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Who is given a pointer may assign to what it points to.

// isPointed reports whether values of a type are pointers to a string or a list, which a
// function that is given one may change.
func isPointed(t types.Type) bool {
	p, ok := t.Underlying().(*types.Pointer)
	if !ok {
		return false
	}
	slice, ok := p.Elem().Underlying().(*types.Slice)
	return isString(p.Elem()) || ok && matters(slice.Elem())
}

// pointed is what the string or list at addr is, when at is about to run.
func (f *function) pointed(addr ssa.Value, at ssa.Instruction) *term.Node {
	return f.before(addr, whole, at, func(instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
		switch instr := instr.(type) {
		case *ssa.Store:
			if instr.Addr == addr {
				return func(func() *term.Node) *term.Node { return f.term(instr.Val, instr) }, true
			}
		case *ssa.Alloc:
			if ssa.Value(instr) == addr {
				return func(func() *term.Node) *term.Node { return zero(deref(addr.Type())) }, true
			}
		case *ssa.MakeInterface:
			if reader := readerOf(instr); instr.X == addr && reader != "" {
				return func(func() *term.Node) *term.Node { return assignedBy(reader) }, true
			}
		case ssa.CallInstruction:
			for i, arg := range instr.Common().Args {
				if arg == addr {
					return func(before func() *term.Node) *term.Node { return f.given(instr, i, before) }, true
				}
			}
		}
		return nil, false
	})
}

// given is what a call makes of the string or list that its argument i points to.
func (f *function) given(call ssa.CallInstruction, i int, before func() *term.Node) *term.Node {
	callee, args := f.callee(call.Common())
	if callee == nil {
		return term.Why("a function that is not known is given a pointer to it")
	}
	if !f.mayPassOn(callee) {
		return assignedBy(callee.id)
	}
	n := &term.Node{Op: term.Effect, Str: callee.id, N: i + len(args) - len(call.Common().Args), Args: f.arguments(callee, args, call)}
	n.Args[n.N] = before()
	return n
}

func assignedBy(id string) *term.Node { return term.Why("it is assigned by " + short(id)) }

// readerOf is the function that reads a value into the pointer which an interface holds,
// or "".
func readerOf(boxed *ssa.MakeInterface) string {
	if boxed.Referrers() == nil {
		return ""
	}
	for _, use := range *boxed.Referrers() {
		calls := []ssa.Instruction{use}
		if store, ok := use.(*ssa.Store); ok { // an element of variadic arguments
			if index, ok := store.Addr.(*ssa.IndexAddr); ok {
				calls = usesOfSlice(index.X)
			}
		}
		for _, use := range calls {
			call, ok := use.(ssa.CallInstruction)
			if !ok {
				continue
			}
			name := ""
			if call.Common().IsInvoke() {
				name = call.Common().Method.FullName()
			} else if fn := call.Common().StaticCallee(); fn != nil {
				name = idOf(fn)
			}
			last := strings.ToLower(name[strings.LastIndex(name, ".")+1:])
			for _, verb := range []string{"unmarshal", "decode", "scan", "parse", "bind", "load", "read", "fill", "process", "convert"} {
				if strings.Contains(last, verb) {
					return name
				}
			}
		}
	}
	return ""
}

func usesOfSlice(array ssa.Value) (uses []ssa.Instruction) {
	if array.Referrers() == nil {
		return nil
	}
	for _, use := range *array.Referrers() {
		if slice, ok := use.(*ssa.Slice); ok {
			uses = append(uses, *slice.Referrers()...)
		}
	}
	return uses
}

// updated notes what is assigned to the members of a map that a variable or a field has,
// for those who read it there.
func (f *function) updated(update *ssa.MapUpdate) {
	name := ""
	switch m := update.Map.(type) {
	case *ssa.Field:
		name = fieldName(m.X.Type(), m.Field)
	case *ssa.UnOp:
		switch addr := m.X.(type) {
		case *ssa.Global:
			name = addr.String()
		case *ssa.FieldAddr:
			if root, _ := pathOf(addr); !isOwn(root) {
				name = fieldName(addr.X.Type(), addr.Field)
			}
		}
	}
	if name != "" {
		field := f.member(update)
		f.out.Stores[term.Updates+name] = append(f.out.Stores[term.Updates+name], term.Of(term.More, term.Of(term.List, field)))
	}
}

// later begins the name of what is assigned to a field by functions that are given its
// struct.
const later = "later "

// fieldGiven is what becomes of a field where instr passes a pointer to its struct on.
func (f *function) fieldGiven(root ssa.Value, field path, name string, t types.Type, instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
	holds := func(v ssa.Value) bool {
		r, p := pathOf(v)
		_, ok := p.in(field)
		return r == root && ok
	}
	switch instr := instr.(type) {
	case *ssa.MakeInterface:
		if !holds(instr.X) {
			return nil, false
		}
		if reader := readerOf(instr); reader != "" && !isLogger(t) && !isNumber(t) {
			return func(func() *term.Node) *term.Node { return assignedBy(reader) }, true
		}
	case ssa.CallInstruction:
		i := slices.IndexFunc(instr.Common().Args, holds)
		if i < 0 {
			return nil, false
		}
		if _, p := pathOf(instr.Common().Args[i]); p == field && isPointed(instr.Common().Args[i].Type()) {
			return func(before func() *term.Node) *term.Node { return f.given(instr, i, before) }, true
		}
		if callee, _ := f.callee(instr.Common()); callee != nil && !f.mayPassOn(callee) {
			return nil, false
		}
	default:
		return nil, false
	}
	if name == "" {
		return nil, false
	}
	return func(before func() *term.Node) *term.Node {
		return term.Of(term.Either, before(), &term.Node{Op: term.Later, Str: later + name})
	}, true
}

// assigned notes the variables and fields that a call is given pointers to.
func (f *function) assigned(call ssa.CallInstruction) {
	note := func(addr ssa.Value, value func() *term.Node) {
		switch addr := addr.(type) {
		case *ssa.Global:
			f.out.Stores[addr.String()] = append(f.out.Stores[addr.String()], value())
		case *ssa.FieldAddr:
			if name := fieldName(addr.X.Type(), addr.Field); name != "" {
				f.out.Stores[name] = append(f.out.Stores[name], value())
				f.out.Stores[later+name] = append(f.out.Stores[later+name], value())
			}
		}
	}
	for i, arg := range call.Common().Args {
		if boxed, ok := arg.(*ssa.MakeInterface); ok {
			if reader := readerOf(boxed); reader != "" && isPointed(boxed.X.Type()) {
				note(boxed.X, func() *term.Node { return assignedBy(reader) })
			}
		} else if isPointed(arg.Type()) {
			note(arg, func() *term.Node { return f.given(call, i, func() *term.Node { return term.Nothing }) })
		}
	}
}
