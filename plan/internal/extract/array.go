package extract

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// isElement reports whether an address is that of an element of a list that the function
// itself makes.
func isElement(addr ssa.Value) bool {
	index, ok := addr.(*ssa.IndexAddr)
	if !ok {
		return false
	}
	_, ok = index.X.(*ssa.Alloc)
	return ok
}

// arrayElement notes what is assigned to an element of an array of the package, or to a field
// of one.
func (f *function) arrayElement(store *ssa.Store) {
	root, p := pathOf(store.Addr)
	index, ok := root.(*ssa.IndexAddr)
	if !ok {
		return
	}
	array, ok := index.X.(*ssa.Global)
	if !ok {
		return
	}
	t := deref(array.Type()).Underlying().(*types.Array)
	if !matters(t.Elem()) || t.Len() > maxElements {
		return
	}
	elements := f.elements[array]
	if elements == nil {
		elements = make([]*term.Node, t.Len())
		f.elements[array] = elements
	}
	i, ok := index.Index.(*ssa.Const)
	switch {
	case !ok || f.fn.Name() != "init" || f.fn.Parent() != nil:
		for i := range elements {
			elements[i] = term.Why("its elements are assigned one by one")
		}
	case elements[i.Int64()] != nil && elements[i.Int64()].Op == term.Unknown:
	case p == whole:
		elements[i.Int64()] = f.boxed(store.Val, t.Elem(), store)
	default:
		instrs := store.Block().Instrs
		elements[i.Int64()] = f.builtAt(index, whole, t.Elem(), instrs[len(instrs)-1])
	}
}

// maxElements is how many elements the arrays have that are looked at.
const maxElements = 4096

// arrays writes down the package's arrays.
func (x *extractor) arrays() {
	for array, elements := range x.elements {
		for i := range elements {
			if elements[i] == nil {
				elements[i] = term.Nothing
			}
		}
		x.out.Stores[array.String()] = append(x.out.Stores[array.String()], term.Of(term.List, elements...))
	}
}

// array is the elements of an array that a composite literal or a variadic call has
// filled.
func (f *function) array(alloc *ssa.Alloc, at ssa.Instruction) *term.Node {
	t, ok := deref(alloc.Type()).Underlying().(*types.Array)
	if !ok || t.Len() > maxElements {
		return term.Why("it is a part of a list")
	}
	elements := make([]*term.Node, t.Len())
	for _, instr := range *alloc.Referrers() {
		index, ok := instr.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		i, ok := index.Index.(*ssa.Const)
		if !ok {
			return term.Why("its elements are assigned one by one")
		}
		for _, use := range *index.Referrers() {
			switch use := use.(type) {
			case *ssa.Store:
				if use.Addr != index || elements[i.Int64()] != nil {
					return term.Why("its elements are assigned one by one")
				}
				elements[i.Int64()] = f.boxed(use.Val, t.Elem(), use)
			case *ssa.FieldAddr: // a struct that is built in its place
				elements[i.Int64()] = f.built(index, at)
			}
		}
	}
	for i := range elements {
		if elements[i] == nil {
			elements[i] = term.Nothing
		}
	}
	return term.Of(term.List, elements...)
}
