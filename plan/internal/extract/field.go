package extract

import (
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// path is the way from a variable to a field of it: the numbers of the fields, each after
// a dot.
type path string

func (p path) field(i int) path { return p + path("."+strconv.Itoa(i)) }

// in returns the way from p to inner, where that is p or a field of what is there.
func (p path) in(inner path) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(string(inner), string(p))
	return rest, ok && (rest == "" || rest[0] == '.')
}

// pathOf returns the variable that an address is in, and the field.
func pathOf(addr ssa.Value) (ssa.Value, path) {
	fa, ok := addr.(*ssa.FieldAddr)
	if !ok {
		return addr, whole
	}
	root, p := pathOf(fa.X)
	return root, p.field(fa.Field)
}

// isOwn reports whether a variable is the function's alone.
func isOwn(root ssa.Value) bool {
	alloc, ok := root.(*ssa.Alloc)
	return ok && !isShared(alloc)
}

// built is a struct whose fields are assigned one by one, at addr.
func (f *function) built(addr ssa.Value, at ssa.Instruction) *term.Node {
	t := deref(addr.Type())
	if alloc, ok := addr.(*ssa.Alloc); ok && (isLoggerStruct(t) || isRecord(t)) {
		return f.object(alloc, at)
	}
	if alloc, ok := addr.(*ssa.Alloc); ok && isShared(alloc) && len(f.stores(alloc)) > 0 {
		return f.anyStored(alloc)
	}
	root, p := pathOf(addr)
	return f.builtAt(root, p, t, at)
}

func (f *function) builtAt(root ssa.Value, p path, t types.Type, at ssa.Instruction) *term.Node {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || s.NumFields() > maxFields {
		return term.Why("it is computed")
	}
	n := emptyStruct(t, s)
	for i := range s.NumFields() {
		if ft := s.Field(i).Type(); matters(ft) || isNumber(ft) {
			n.Args[i] = f.fieldAt(root, p.field(i), fieldName(t, i), ft, at)
		}
	}
	return n
}

// maxFields is how many fields the structs have that are looked at.
const maxFields = 40

// emptyStruct is the zero value of a struct.
func emptyStruct(t types.Type, s *types.Struct) *term.Node {
	n := &term.Node{Op: term.Struct, Str: typeName(t)}
	for field := range s.Fields() {
		n.Names = append(n.Names, field.Name())
		n.Args = append(n.Args, zero(field.Type()))
	}
	return n
}

// fieldAt is the field that a variable has at a path, when at is about to run. The name
// is that which the field has in all packages.
func (f *function) fieldAt(root ssa.Value, field path, name string, t types.Type, at ssa.Instruction) *term.Node {
	if _, ok := t.Underlying().(*types.Struct); ok && !isLoggerStruct(t) && !isRecord(t) && assignsWithin(root, whole, field) {
		return f.builtAt(root, field, t, at)
	}
	isLoad := func(v ssa.Value) bool {
		load, ok := v.(*ssa.UnOp)
		if !ok {
			return false
		}
		r, p := pathOf(load.X)
		return r == root && p == field
	}
	return f.before(root, field, at, func(instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
		if store, ok := instr.(*ssa.Store); ok {
			if r, p := pathOf(store.Addr); r == root {
				if rest, ok := p.in(field); ok {
					return func(func() *term.Node) *term.Node { return f.part(store, rest, t) }, true
				}
			}
		}
		if v, ok := instr.(ssa.Value); ok && v == root {
			return func(func() *term.Node) *term.Node { return zero(t) }, true
		}
		if isMutable(t) {
			if make, changes := f.changedBy(isLoad, instr); changes {
				return make, true
			}
		}
		return f.fieldGiven(root, field, name, t, instr)
	})
}

// part is the field of what is stored that rest leads to.
func (f *function) part(store *ssa.Store, rest string, t types.Type) *term.Node {
	if rest == "" {
		return f.boxed(store.Val, t, store)
	}
	n, in := f.term(store.Val, store), store.Val.Type()
	for _, step := range strings.Split(rest[1:], ".") {
		i, _ := strconv.Atoi(step)
		n = f.field(n, in, i)
		in = in.Underlying().(*types.Struct).Field(i).Type()
	}
	return n
}

// assignsWithin reports whether fields of the struct that is at a path are assigned one by
// one. v is at.
func assignsWithin(v ssa.Value, at, field path) bool {
	if v.Referrers() == nil {
		return false
	}
	for _, instr := range *v.Referrers() {
		fa, ok := instr.(*ssa.FieldAddr)
		if !ok || fa.X != v {
			continue
		}
		next := at.field(fa.Field)
		if rest, ok := field.in(next); ok && rest != "" && isAssigned(fa) {
			return true
		}
		if _, ok := next.in(field); ok && assignsWithin(fa, next, field) {
			return true
		}
	}
	return false
}
