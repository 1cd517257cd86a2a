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
		if v.Op == token.ARROW {
			return term.Why("it is received from a channel")
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
	case *ssa.Function, *ssa.MakeClosure:
		return f.functionValue(v)
	case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Global:
		return f.pointee(v, at)
	case *ssa.Index:
		return f.elementOf(f.term(v.X, v), v.Index)
	case *ssa.Lookup:
		return f.lookup(v)
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
		if s, ok := c.Type().Underlying().(*types.Struct); ok && s.NumFields() <= maxFields {
			return emptyStruct(c.Type(), s)
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
	case *ssa.Lookup:
		return f.lookup(tuple)
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

// lookup is any of the names or functions that a map has.
func (f *function) lookup(v *ssa.Lookup) *term.Node {
	if t, ok := v.X.Type().Underlying().(*types.Map); ok {
		if _, isFunc := t.Elem().Underlying().(*types.Signature); isFunc || isString(t.Elem()) {
			return term.Of(term.Val, f.contents(v.X, v))
		}
	}
	return term.Why("it is looked up in a map")
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
		if index, ok := instr.(*ssa.IndexAddr); ok && isAssigned(index) {
			return term.Why("its elements are assigned one by one")
		}
	}
	return n
}

// isAssigned reports whether something is assigned to what is at addr, to a field of that,
// or to a member of a map that is there.
func isAssigned(addr ssa.Value) bool {
	for _, use := range *addr.Referrers() {
		switch use := use.(type) {
		case *ssa.Store:
			if use.Addr == addr {
				return true
			}
		case *ssa.FieldAddr:
			if isAssigned(use) {
				return true
			}
		case *ssa.UnOp:
			for _, user := range *use.Referrers() {
				if update, ok := user.(*ssa.MapUpdate); ok && update.Map == use {
					return true
				}
			}
		}
	}
	return false
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
		return model(&modelled{f: f, args: args, call: call, id: callee.id})
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
