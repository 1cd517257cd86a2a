package extract

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Memory is read backwards: what a variable, a map or a zerolog event holds when an
// instruction is about to run is what the instructions before it have made of it, in
// its block and, where that begins, in the blocks that lead to it.

// place in memory: one variable, one field of it, or an object that methods change.
type entryKey struct {
	object ssa.Value
	field  int
	block  *ssa.BasicBlock
}

// change says what an instruction does to an object: nothing (changes is false), or
// what it makes of what was there before.
type change func(instr ssa.Instruction) (make func(before func() *term.Node) *term.Node, changes bool)

const whole = -1

// before is what an object holds when at is about to run.
func (f *function) before(object ssa.Value, field int, at ssa.Instruction, change change) *term.Node {
	block := at.Block()
	i := len(block.Instrs)
	for j, instr := range block.Instrs {
		if instr == at {
			i = j
			break
		}
	}
	return f.beforeIndex(object, field, block, i, change)
}

func (f *function) beforeIndex(object ssa.Value, field int, block *ssa.BasicBlock, i int, change change) *term.Node {
	for i--; i >= 0; i-- {
		make, changes := change(block.Instrs[i])
		if changes {
			at := i
			return make(func() *term.Node { return f.beforeIndex(object, field, block, at, change) })
		}
	}
	return f.atEntry(object, field, block, change)
}

// atEntry is what an object holds where a block begins.
func (f *function) atEntry(object ssa.Value, field int, block *ssa.BasicBlock, change change) *term.Node {
	if phi, ok := object.(*ssa.Phi); ok && phi.Block() == block {
		return f.merge(block, func(i int) *term.Node {
			pred := block.Preds[i]
			return f.contents(phi.Edges[i], pred.Instrs[len(pred.Instrs)-1])
		}, entryKey{object, field, block})
	}
	if len(block.Preds) == 0 {
		return f.initial(object)
	}
	return f.merge(block, func(i int) *term.Node {
		pred := block.Preds[i]
		return f.beforeIndex(object, field, pred, len(pred.Instrs), change)
	}, entryKey{object, field, block})
}

// initial is what an object holds when its function begins.
func (f *function) initial(object ssa.Value) *term.Node {
	if p, ok := object.(*ssa.Parameter); ok {
		return f.param(p)
	}
	return term.Nothing
}

// merge is what the ways into a block bring; edge gives that of each. Of a loop it is
// a fold.
func (f *function) merge(block *ssa.BasicBlock, edge func(i int) *term.Node, key entryKey) *term.Node {
	if known := f.entries[key]; known != nil {
		return known
	}
	loop := f.loop(block)
	if loop == nil {
		f.entries[key] = term.Why("it depends on itself")
		alternatives := make([]*term.Node, len(block.Preds))
		for i := range block.Preds {
			alternatives[i] = edge(i)
		}
		n := term.Choice(alternatives...)
		f.entries[key] = n
		return n
	}
	f.entries[key] = term.Why("it depends on itself")
	var first, next []*term.Node
	for i, pred := range block.Preds {
		if !loop.has(pred) {
			first = append(first, edge(i))
		}
	}
	init := term.Choice(first...)
	acc := &term.Node{Op: term.Acc, Str: f.loopName(block) + fmt.Sprint(len(f.entries))}
	f.entries[key] = acc
	for i, pred := range block.Preds {
		if loop.has(pred) {
			next = append(next, edge(i))
		}
	}
	body := term.Choice(next...)
	if body == acc { // the loop does not change it
		f.entries[key] = init
		*acc = term.Node{Op: term.Either, Args: []*term.Node{init}}
		return init
	}
	fold := &term.Node{Op: term.Fold, Str: acc.Str, Names: []string{f.loopName(block)}, Maybe: loop.exits, Args: []*term.Node{f.over(loop), init, body}}
	acc.Args = []*term.Node{fold}
	f.entries[key] = fold
	// Within the loop the entry is what the turns before have left.
	return fold
}

// phi is a variable that has one of several values.
func (f *function) phi(v *ssa.Phi) *term.Node {
	key := entryKey{v, whole, v.Block()}
	n := f.merge(v.Block(), func(i int) *term.Node {
		pred := v.Block().Preds[i]
		return f.termIn(v, i, pred)
	}, key)
	return n
}

// termIn is the i-th edge of a phi. While the phi is being found out it is its own
// accumulator.
func (f *function) termIn(v *ssa.Phi, i int, pred *ssa.BasicBlock) *term.Node {
	edge := v.Edges[i]
	if n := f.entries[entryKey{v, whole, v.Block()}]; n != nil && n.Op == term.Acc {
		f.terms[v] = n
	}
	return f.term(edge, pred.Instrs[len(pred.Instrs)-1])
}

// variable is the value of a local variable, or what a pointer to it points to.
func (f *function) variable(alloc *ssa.Alloc, _, at ssa.Instruction) *term.Node {
	if _, ok := deref(alloc.Type()).Underlying().(*types.Struct); ok {
		return f.built(alloc, at)
	}
	if _, ok := deref(alloc.Type()).Underlying().(*types.Array); ok {
		return f.array(alloc, at)
	}
	if at == nil || at.Parent() != f.fn || isShared(alloc) && f.changesElsewhere(alloc, at) {
		return f.anyStored(alloc)
	}
	return f.before(alloc, whole, at, func(instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
		switch instr := instr.(type) {
		case *ssa.Store:
			if instr.Addr == alloc {
				return func(func() *term.Node) *term.Node { return f.term(instr.Val, instr) }, true
			}
		case *ssa.Alloc:
			if instr == alloc {
				return func(func() *term.Node) *term.Node { return zero(deref(alloc.Type())) }, true
			}
		}
		return nil, false
	})
}

// changesElsewhere reports whether a variable that closures share may have changed by
// the time that a closure which is made at at looks at it, or whether closures change it.
func (f *function) changesElsewhere(alloc *ssa.Alloc, at ssa.Instruction) bool {
	_, isMade := at.(*ssa.MakeClosure)
	for _, store := range f.stores(alloc) {
		if store.Parent() != f.fn || isMade && after(at, store) {
			return true
		}
	}
	return false
}

// after reports whether b can run after a.
func after(a, b ssa.Instruction) bool {
	if a.Block() == b.Block() {
		for _, instr := range a.Block().Instrs {
			if instr == a {
				return true
			}
			if instr == b {
				break
			}
		}
	}
	seen := map[*ssa.BasicBlock]bool{}
	var reaches func(from *ssa.BasicBlock) bool
	reaches = func(from *ssa.BasicBlock) bool {
		for _, next := range from.Succs {
			if next == b.Block() {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reaches(next) {
					return true
				}
			}
		}
		return false
	}
	return reaches(a.Block())
}

func zero(t types.Type) *term.Node {
	if isString(t) {
		return term.Const("")
	}
	return term.Nothing
}

// anyStored is a variable that closures share: any of the values that it is given.
func (f *function) anyStored(alloc *ssa.Alloc) *term.Node {
	var all []*term.Node
	for _, store := range f.stores(alloc) {
		all = append(all, f.extractor.function(store.Parent()).term(store.Val, store))
	}
	if len(all) == 0 {
		return zero(deref(alloc.Type()))
	}
	return term.Choice(all...)
}

// built is a struct whose fields are assigned one by one, at addr.
func (f *function) built(addr ssa.Value, at ssa.Instruction) *term.Node {
	s, ok := deref(addr.Type()).Underlying().(*types.Struct)
	if !ok || s.NumFields() > 40 {
		return term.Why("it is computed")
	}
	if alloc, ok := addr.(*ssa.Alloc); ok && (isLoggerStruct(deref(addr.Type())) || isRecord(deref(addr.Type()))) {
		return f.object(alloc, at)
	}
	if alloc, ok := addr.(*ssa.Alloc); ok && isShared(alloc) {
		if len(f.stores(alloc)) > 0 {
			return f.anyStored(alloc)
		}
	}
	n := &term.Node{Op: term.Struct, Str: typeName(deref(addr.Type()))}
	for i := range s.NumFields() {
		n.Names = append(n.Names, s.Field(i).Name())
		value := term.Nothing
		if matters(s.Field(i).Type()) || isNumber(s.Field(i).Type()) {
			value = f.fieldOf(addr, i, s.Field(i).Type(), at)
		}
		n.Args = append(n.Args, value)
	}
	return n
}

// fieldOf is a field of a struct at addr.
func (f *function) fieldOf(addr ssa.Value, field int, t types.Type, at ssa.Instruction) *term.Node {
	return f.before(addr, field, at, func(instr ssa.Instruction) (func(func() *term.Node) *term.Node, bool) {
		if store, ok := instr.(*ssa.Store); ok {
			if store.Addr == addr {
				return func(func() *term.Node) *term.Node {
					return f.field(f.term(store.Val, store), addr.Type(), field)
				}, true
			}
			if fa, ok := store.Addr.(*ssa.FieldAddr); ok && fa.X == addr && fa.Field == field {
				return func(func() *term.Node) *term.Node { return f.boxed(store.Val, t, store) }, true
			}
		}
		if v, ok := instr.(ssa.Value); ok && v == addr {
			return func(func() *term.Node) *term.Node { return zero(t) }, true
		}
		return nil, false
	})
}

// load is what is read through a pointer.
func (f *function) load(v *ssa.UnOp) *term.Node {
	return f.pointee(v.X, v)
}

// pointee is what addr points to, when at is about to run.
func (f *function) pointee(addr ssa.Value, at ssa.Instruction) *term.Node {
	switch addr := addr.(type) {
	case *ssa.Alloc:
		return f.variable(addr, nil, at)
	case *ssa.Global:
		return &term.Node{Op: term.Global, Str: addr.String(), Lift: !isLogger(deref(addr.Type())), Maybe: addr.Object() == nil || addr.Object().Exported()}
	case *ssa.FreeVar:
		bound := f.binding(addr)
		if bound == nil {
			return term.Why("the function that it comes from is made in several places")
		}
		if alloc, ok := bound.(*ssa.Alloc); ok {
			if isLoggerStruct(deref(alloc.Type())) {
				if made := closure(f.fn); f.parent().changesElsewhere(alloc, made) {
					return f.parent().anyStored(alloc)
				} else {
					return f.parent().object(alloc, made)
				}
			}
			return f.parent().variable(alloc, nil, closure(f.fn))
		}
		return f.parent().pointee(bound, closure(f.fn))
	case *ssa.FieldAddr:
		if alloc, ok := addr.X.(*ssa.Alloc); ok {
			t := deref(alloc.Type()).Underlying().(*types.Struct).Field(addr.Field).Type()
			if !isShared(alloc) {
				return f.fieldOf(alloc, addr.Field, t, at)
			}
		}
		return f.field(f.term(addr.X, at), addr.X.Type(), addr.Field)
	case *ssa.IndexAddr:
		return f.element(addr, at)
	case *ssa.Parameter, *ssa.Call, *ssa.Phi, *ssa.UnOp, *ssa.Extract:
		return f.term(addr, at) // a pointer and what it points to are one
	}
	return term.Why("it is read through a pointer")
}

// element is an element of a slice or array.
func (f *function) element(addr *ssa.IndexAddr, at ssa.Instruction) *term.Node {
	var list *term.Node
	if alloc, ok := addr.X.(*ssa.Alloc); ok {
		list = f.array(alloc, at)
	} else {
		list = f.term(addr.X, at)
	}
	if c, ok := addr.Index.(*ssa.Const); ok {
		return &term.Node{Op: term.Index, N: int(c.Int64()), Args: []*term.Node{list}}
	}
	if header := counterOf(addr.Index); header != nil {
		return &term.Node{Op: term.Elem, Str: f.loopName(header), Args: []*term.Node{list}}
	}
	return term.Why("it is an element of a list")
}
