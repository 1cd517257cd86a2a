package extract

import (
	"go/constant"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// term is what v is, when at is about to run.
func (f *function) term(v ssa.Value, at ssa.Instruction) *term.Node {
	if owner, at := f.owner(v, at); owner != f {
		return owner.term(v, at)
	}
	if isMutable(v.Type()) {
		return f.contents(v, at) // depends on at
	}
	if f.terms[v] == nil {
		f.loopsFirst(v)
	}
	if known := f.terms[v]; known != nil {
		return known
	}
	f.terms[v] = term.Why("it depends on itself")
	n := f.newTerm(v, at)
	f.terms[v] = n
	return n
}

// owner is the function that a value is of, which is not f where a closure has bound
// it, and where that looks at it.
func (f *function) owner(v ssa.Value, at ssa.Instruction) (*function, ssa.Instruction) {
	fn := v.Parent()
	if fn == nil || fn == f.fn {
		return f, at
	}
	if made := closure(f.fn); made != nil && made.Parent() == fn {
		return f.extractor.function(fn), made
	}
	instr, _ := v.(ssa.Instruction)
	return f.extractor.function(fn), instr
}

func (f *function) newTerm(v ssa.Value, at ssa.Instruction) *term.Node {
	switch v := v.(type) {
	case *ssa.Const:
		return constTerm(v)
	case *ssa.MakeInterface:
		return f.box(v.X, instructionOf(v, at))
	case *ssa.ChangeInterface:
		// An error or a Stringer in an any: what is lost is known here.
		if f.shape(v.X.Type(), term.Log).Op == term.Plain {
			return f.box(v.X, instructionOf(v, at))
		}
		return f.term(v.X, instructionOf(v, at))
	case *ssa.ChangeType:
		return f.term(v.X, instructionOf(v, at))
	case *ssa.Convert:
		if isString(v.Type()) && isString(v.X.Type()) {
			return f.term(v.X, instructionOf(v, at))
		}
		if isNumber(v.Type()) {
			return f.term(v.X, instructionOf(v, at))
		}
		return term.Why("it is converted")
	case *ssa.Phi:
		return f.phi(v)
	case *ssa.Parameter:
		return f.param(v)
	case *ssa.FreeVar:
		if bound := f.binding(v); bound != nil {
			return f.parent().term(bound, closure(f.fn))
		}
		return term.Why("the function that it comes from is made in several places")
	case *ssa.Call:
		return f.call(v.Common(), v, 0)
	case *ssa.Extract:
		return f.extract(v, at)
	case *ssa.TypeAssert:
		return f.term(v.X, instructionOf(v, at))
	case *ssa.UnOp:
		if v.Op == token.MUL {
			return f.load(v)
		}
	case *ssa.BinOp:
		if v.Op == token.ADD && isString(v.Type()) {
			return term.Of(term.Concat, f.term(v.X, v), f.term(v.Y, v))
		}
	case *ssa.Field:
		return f.field(f.term(v.X, v), v.X.Type(), v.Field)
	case *ssa.Slice:
		return f.slice(v)
	case *ssa.MakeSlice:
		if n, ok := v.Len.(*ssa.Const); ok && n.Int64() == 0 {
			return term.Nothing
		}
		return f.filled(v)
	case *ssa.Alloc:
		return f.variable(v, instructionOf(v, at), at)
	case *ssa.Function:
		return &term.Node{Op: term.Function, Str: idOf(v)}
	case *ssa.MakeClosure:
		return &term.Node{Op: term.Function, Str: idOf(v.Fn.(*ssa.Function))}
	case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Global:
		return f.pointee(v, at)
	case *ssa.Lookup:
		return term.Why("it is looked up in a map")
	}
	return term.Why("it is computed")
}

// instructionOf is the instruction that makes v, where v has one in this function.
func instructionOf(v ssa.Value, at ssa.Instruction) ssa.Instruction {
	if instr, ok := v.(ssa.Instruction); ok {
		return instr
	}
	return at
}

func constTerm(c *ssa.Const) *term.Node {
	if c.Value == nil {
		if isString(c.Type()) {
			return term.Const("")
		}
		return term.Nothing
	}
	switch c.Value.Kind() {
	case constant.String:
		return term.Const(constant.StringVal(c.Value))
	case constant.Int:
		if n, ok := constant.Int64Val(c.Value); ok {
			return &term.Node{Op: term.Plain, Kinds: term.Int, N: int(n), Names: known}
		}
	}
	return term.Why("it is computed")
}

// known marks a number whose value is in N.
var known = []string{"known"}

func (f *function) param(p *ssa.Parameter) *term.Node {
	for i, other := range f.fn.Params {
		if other == p {
			return &term.Node{Op: term.Param, Str: f.id, N: i, Names: []string{p.Name()}, Lift: !isLogger(p.Type())}
		}
	}
	return term.Why("it is computed")
}

func (f *function) extract(v *ssa.Extract, at ssa.Instruction) *term.Node {
	switch tuple := v.Tuple.(type) {
	case *ssa.Call:
		return f.call(tuple.Common(), tuple, v.Index)
	case *ssa.TypeAssert:
		return f.term(tuple.X, tuple)
	case *ssa.Next:
		if ranged, ok := tuple.Iter.(*ssa.Range); ok && !tuple.IsString {
			op := term.Key
			if v.Index == 2 {
				op = term.Val
			}
			return &term.Node{Op: op, Str: f.loopName(tuple.Block()), Args: []*term.Node{f.term(ranged.X, ranged)}}
		}
	}
	return term.Why("it is computed")
}

// field is a field of a struct that is known or, where it is not, any that is
// assigned to this field.
func (f *function) field(base *term.Node, t types.Type, i int) *term.Node {
	if base.Op == term.Struct && i < len(base.Args) {
		return base.Arg(i)
	}
	name := fieldName(t, i)
	s, ok := deref(t).Underlying().(*types.Struct)
	if !ok {
		return term.Why("it is computed")
	}
	n := &term.Node{Op: term.Member, Str: name, Names: []string{s.Field(i).Name()}, Args: []*term.Node{base}}
	n.Lift = !isLogger(s.Field(i).Type())
	n.Maybe = s.Field(i).Exported() && !isLogger(s.Field(i).Type()) // others may assign to it
	return n
}

// slice is part of an array or slice.
func (f *function) slice(v *ssa.Slice) *term.Node {
	low, high := constIndex(v.Low, 0), constIndex(v.High, -1)
	if low < 0 || high < -1 {
		return term.Why("it is a part of a list")
	}
	var n *term.Node
	if alloc, ok := v.X.(*ssa.Alloc); ok {
		n = f.array(alloc, v)
	} else {
		n = f.term(v.X, v)
	}
	switch {
	case high == 0:
		return term.Nothing
	case low == 0 && high < 0:
		return f.unlessAssigned(v, n)
	case n.Op == term.List && high < 0 && low <= len(n.Args):
		return term.Of(term.List, n.Args[low:]...)
	case n.Op == term.List && low <= high && high <= len(n.Args):
		return term.Of(term.List, n.Args[low:high]...)
	}
	return term.Why("it is a part of a list")
}

func constIndex(v ssa.Value, otherwise int) int {
	if v == nil {
		return otherwise
	}
	if c, ok := v.(*ssa.Const); ok && c.Value != nil {
		return int(c.Int64())
	}
	return -2
}

// unlessAssigned is n, unless elements of the slice are assigned later.
func (f *function) unlessAssigned(v ssa.Value, n *term.Node) *term.Node {
	for _, instr := range *v.Referrers() {
		if index, ok := instr.(*ssa.IndexAddr); ok {
			for _, use := range *index.Referrers() {
				if store, ok := use.(*ssa.Store); ok && store.Addr == index {
					return term.Why("its elements are assigned one by one")
				}
			}
		}
	}
	return n
}

// filled is a slice whose elements are assigned in one loop over another list.
func (f *function) filled(slice *ssa.MakeSlice) *term.Node {
	unknown := term.Why("its elements are assigned one by one")
	var filled *term.Node
	for _, instr := range *slice.Referrers() {
		index, ok := instr.(*ssa.IndexAddr)
		if !ok {
			continue
		}
		for _, use := range *index.Referrers() {
			store, ok := use.(*ssa.Store)
			if !ok || store.Addr != index {
				continue
			}
			header := counterOf(index.Index)
			if header == nil || filled != nil {
				return unknown
			}
			loop := f.loop(header)
			if loop == nil || !loop.has(store.Block()) || loop.exits || !header.Dominates(store.Block()) || f.isConditional(loop, store.Block()) {
				return unknown
			}
			over := f.over(loop)
			if over.Op == term.Nil {
				return unknown
			}
			acc := &term.Node{Op: term.Acc, Str: f.loopName(header) + "filled"}
			t := slice.Type().Underlying().(*types.Slice).Elem()
			filled = &term.Node{Op: term.Fold, Str: acc.Str, Names: []string{f.loopName(header)}, Args: []*term.Node{over, term.Nothing, term.Append(acc, f.boxed(store.Val, t, store))}}
			acc.Args = []*term.Node{filled}
		}
	}
	if filled == nil {
		return unknown
	}
	return filled
}

// isConditional reports whether a block of a loop is not run in each turn.
func (f *function) isConditional(loop *loop, block *ssa.BasicBlock) bool {
	for _, pred := range loop.header.Preds {
		if loop.has(pred) && !block.Dominates(pred) {
			return true
		}
	}
	return false
}

// array is the elements of an array that a composite literal or a variadic call has
// filled.
func (f *function) array(alloc *ssa.Alloc, at ssa.Instruction) *term.Node {
	t, ok := deref(alloc.Type()).Underlying().(*types.Array)
	if !ok || t.Len() > 4096 {
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

// call is a result of a call.
func (f *function) call(common *ssa.CallCommon, call *ssa.Call, result int) *term.Node {
	if builtin, ok := common.Value.(*ssa.Builtin); ok {
		if builtin.Name() == "append" {
			a, b := f.term(common.Args[0], call), f.term(common.Args[1], call)
			if b.Op == term.Nil {
				return a
			}
			return term.Of(term.Cat, a, b)
		}
		return term.Why("it is computed")
	}
	callee, args := f.callee(common)
	if callee == nil {
		switch common.Value.(type) {
		case *ssa.Parameter, *ssa.Call, *ssa.UnOp, *ssa.Phi, *ssa.Extract, *ssa.Field:
			n := term.Of(term.Invoke, f.term(common.Value, call))
			for _, arg := range common.Args {
				n.Args = append(n.Args, f.boxed(arg, nil, call))
			}
			n.N = result
			return n
		}
		return term.Why("the function that it comes from is not known")
	}
	if model := values[callee.id]; model != nil && result == 0 {
		return model(&modelled{f, args, call, callee.id})
	}
	if n := f.zerologValue(callee, args, call); n != nil {
		return n
	}
	if typeName(call.Type()) == zapPath+".Option" && callee.pkg != nil && callee.pkg.Path() == zapPath {
		return term.Nothing // no field, no core
	}
	n := &term.Node{Op: term.Call, Str: callee.id, N: result}
	if f.mayPassOn(callee) {
		n.Args = f.arguments(callee, args, call)
	} else {
		n = term.Why("it comes from " + short(callee.id))
	}
	return n
}
