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

// entryKey is a place in memory where a block begins: a variable, a field of one, or an
// object that methods change.
type entryKey struct {
	object ssa.Value
	field  path
	block  *ssa.BasicBlock
}

// change says what an instruction does to an object: nothing (changes is false), or
// what it makes of what was there before.
type change func(instr ssa.Instruction) (make func(before func() *term.Node) *term.Node, changes bool)

// whole is a variable, not a field of it.
const whole path = ""

// before is what an object holds when at is about to run.
func (f *function) before(object ssa.Value, field path, at ssa.Instruction, change change) *term.Node {
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

func (f *function) beforeIndex(object ssa.Value, field path, block *ssa.BasicBlock, i int, change change) *term.Node {
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
func (f *function) atEntry(object ssa.Value, field path, block *ssa.BasicBlock, change change) *term.Node {
	if phi, ok := object.(*ssa.Phi); ok && phi.Block() == block {
		return f.merge(block, func(i int) *term.Node {
			pred := block.Preds[i]
			return f.contents(phi.Edges[i], pred.Instrs[len(pred.Instrs)-1])
		}, entryKey{object, field, block})
	}
	if len(block.Preds) == 0 {
		return f.initial(object)
	}
	for _, header := range f.loopsAround(block) {
		// Begun in the middle of a turn, it would depend on itself.
		if header != block && f.entries[entryKey{object, field, header}] == nil && !f.isMadeIn(object, header) {
			f.atEntry(object, field, header, change)
		}
	}
	return f.merge(block, func(i int) *term.Node {
		pred := block.Preds[i]
		return f.beforeIndex(object, field, pred, len(pred.Instrs), change)
	}, entryKey{object, field, block})
}

// isMadeIn reports whether an object is made anew in each turn of a loop.
func (f *function) isMadeIn(object ssa.Value, header *ssa.BasicBlock) bool {
	instr, ok := object.(ssa.Instruction)
	return ok && f.loop(header).has(instr.Block())
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
	return f.pointed(alloc, at)
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
		if root, path := pathOf(addr); isOwn(root) {
			return f.fieldAt(root, path, fieldName(addr.X.Type(), addr.Field), deref(addr.Type()), at)
		}
		return f.field(f.term(addr.X, at), addr.X.Type(), addr.Field)
	case *ssa.IndexAddr:
		return f.element(addr, at)
	case *ssa.Parameter:
		if isPointed(addr.Type()) && at != nil && at.Parent() == f.fn {
			return f.pointed(addr, at)
		}
		return f.term(addr, at)
	case *ssa.Call, *ssa.Phi, *ssa.UnOp, *ssa.Extract:
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
	return f.elementOf(list, addr.Index)
}

func (f *function) elementOf(list *term.Node, index ssa.Value) *term.Node {
	if c, ok := index.(*ssa.Const); ok {
		return &term.Node{Op: term.Index, N: int(c.Int64()), Args: []*term.Node{list}}
	}
	n := term.Of(term.Elem, list) // of no loop: any
	if header := counterOf(index); header != nil {
		n.Str = f.loopName(header)
	}
	return n
}
