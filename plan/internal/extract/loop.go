package extract

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// loop is the blocks of a loop, by the block that it begins with.
type loop struct {
	header *ssa.BasicBlock
	blocks map[*ssa.BasicBlock]bool
	// exits says that it may end in the middle of a turn.
	exits bool
	// isLooked says that what its variables are where a turn begins is known.
	isLooked bool
}

func (l *loop) has(b *ssa.BasicBlock) bool { return l.blocks[b] }

// loop returns the loop that begins with a block, or nil.
func (f *function) loop(header *ssa.BasicBlock) *loop {
	if known, ok := f.loops[header]; ok {
		return known
	}
	l := &loop{header: header, blocks: map[*ssa.BasicBlock]bool{header: true}}
	var visit func(b *ssa.BasicBlock)
	visit = func(b *ssa.BasicBlock) {
		if !l.blocks[b] {
			l.blocks[b] = true
			for _, pred := range b.Preds {
				visit(pred)
			}
		}
	}
	isLoop := false
	for _, pred := range header.Preds {
		if header.Dominates(pred) {
			isLoop = true
			visit(pred)
		}
	}
	if !isLoop {
		l = nil
	} else {
		for b := range l.blocks {
			for _, next := range b.Succs {
				l.exits = l.exits || b != header && !l.blocks[next]
			}
		}
	}
	f.loops[header] = l
	return l
}

// loopsFirst finds out what the loops around v, the outermost first, make of variables:
// begun in the middle of a turn, v would depend on itself.
func (f *function) loopsFirst(v ssa.Value) {
	instr, ok := v.(ssa.Instruction)
	if !ok || instr.Block() == nil || !matters(v.Type()) || f.looked[v] {
		return
	}
	f.looked[v] = true
	for _, header := range f.loopsAround(instr.Block()) {
		for _, first := range header.Instrs {
			phi, ok := first.(*ssa.Phi)
			if !ok {
				break
			}
			if phi != v && f.terms[phi] == nil && types.Identical(phi.Type(), v.Type()) {
				f.term(phi, phi)
			}
		}
		f.memoryFirst(header)
	}
}

// memoryFirst finds out what the variables that a loop reads are where a turn begins.
func (f *function) memoryFirst(header *ssa.BasicBlock) {
	l := f.loop(header)
	if l.isLooked {
		return
	}
	l.isLooked = true
	for _, block := range f.fn.Blocks {
		if !l.has(block) {
			continue
		}
		for _, instr := range block.Instrs {
			load, ok := instr.(*ssa.UnOp)
			if !ok || load.Op != token.MUL || !matters(load.Type()) {
				continue
			}
			if root, _ := pathOf(load.X); isAlloc(root) && !f.isMadeIn(root, header) {
				f.pointee(load.X, header.Instrs[0])
			}
		}
	}
}

func isAlloc(v ssa.Value) bool {
	_, ok := v.(*ssa.Alloc)
	return ok
}

// loopsAround are the headers of the loops that a block is in, the outermost first.
func (f *function) loopsAround(block *ssa.BasicBlock) (headers []*ssa.BasicBlock) {
	for b := block; b != nil; b = b.Idom() {
		if l := f.loop(b); l != nil && l.has(block) {
			headers = append(headers, b)
		}
	}
	slices.Reverse(headers)
	return headers
}

func (f *function) loopName(header *ssa.BasicBlock) string {
	return fmt.Sprintf("%s#%d", f.id, header.Index)
}

// over is the list or map that a loop goes through from its beginning to its end, or
// Nothing.
func (f *function) over(l *loop) *term.Node {
	for _, instr := range l.header.Instrs {
		switch instr := instr.(type) {
		case *ssa.Next:
			if r, ok := instr.Iter.(*ssa.Range); ok && !instr.IsString {
				return f.term(r.X, r)
			}
		case *ssa.BinOp:
			if instr.Op != token.LSS || counterOf(instr.X) != l.header {
				continue
			}
			if call, ok := instr.Y.(*ssa.Call); ok {
				if builtin, ok := call.Call.Value.(*ssa.Builtin); ok && builtin.Name() == "len" {
					return f.term(call.Call.Args[0], call)
				}
			}
		}
	}
	return term.Nothing
}

// counterOf returns the header of the loop that counts v from 0 on, or nil.
func counterOf(v ssa.Value) *ssa.BasicBlock {
	start := int64(0)
	if sum, ok := v.(*ssa.BinOp); ok && sum.Op == token.ADD && isOne(sum.Y) { // range counts from -1
		v, start = sum.X, -1
	}
	phi, ok := v.(*ssa.Phi)
	if !ok {
		return nil
	}
	isStart, isNext := false, false
	for _, edge := range phi.Edges {
		if c, ok := edge.(*ssa.Const); ok && c.Value != nil && c.Int64() == start {
			isStart = true
		}
		if sum, ok := edge.(*ssa.BinOp); ok && sum.Op == token.ADD && sum.X == phi && isOne(sum.Y) {
			isNext = true
		}
	}
	if isStart && isNext && len(phi.Edges) == 2 {
		return phi.Block()
	}
	return nil
}

func isOne(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Int64() == 1
}
