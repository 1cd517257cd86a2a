package program

import (
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// item is an element of a list, or a member of a map.
type item struct {
	elem, key, at *value
	maybe         bool
}

// items are the elements of a list or map in their order, if these are known.
func (p *Program) items(n *term.Node, e *env, policy policy) (found []item, holes []value, ok bool) {
	if p.depth++; p.depth > maxDepth {
		p.depth--
		return nil, nil, false
	}
	defer func() { p.depth-- }()
	switch n.Op {
	case term.Nil:
		return nil, nil, true
	case term.List:
		for _, arg := range n.Args {
			it := item{elem: &value{arg, e}}
			if arg.Op == term.Attr {
				it.key, it.at, it.maybe = &value{arg.Arg(0), e}, &value{arg.Arg(1), e}, arg.Maybe
			}
			found = append(found, it)
		}
		return found, nil, true
	case term.Cat:
		for _, arg := range n.Args {
			more, moreHoles, ok := p.items(arg, e, policy)
			holes = append(holes, moreHoles...)
			if !ok {
				return nil, holes, false
			}
			found = append(found, more...)
		}
		return found, holes, true
	case term.Fold:
		found, holes, ok = p.items(n.Arg(1), e, policy)
		turns, _ := p.turns(n, e)
		for _, turn := range turns {
			more, moreHoles, isKnown := p.items(n.Arg(2), turn.env, policy)
			holes, ok = append(holes, moreHoles...), ok && isKnown
			for _, it := range more {
				it.maybe = true
				found = append(found, it)
			}
		}
		return found, holes, ok
	case term.Acc: // what the turns before have added
		return nil, nil, true
	case term.Boxed:
		return p.items(n.Arg(0), e, policy)
	case term.Group, term.More:
		return p.items(n.Arg(0), e, policy)
	case term.Either, term.Param, term.Member, term.Global, term.Call, term.Invoke, term.Index, term.Elem, term.Val, term.Later:
		var alternatives [][]item
		for _, v := range p.resolve(n, e, policy) {
			if v.node.Op == open {
				holes = append(holes, v)
				continue
			}
			if v.node == n {
				return nil, holes, false
			}
			more, moreHoles, ok := p.items(v.node, v.env, policy)
			holes = append(holes, moreHoles...)
			if !ok {
				return nil, holes, false
			}
			alternatives = append(alternatives, more)
		}
		return oneOf(alternatives), holes, len(holes) == 0
	}
	return nil, nil, false
}

// oneOf are the elements of a list that is one of several. An element of them all, as what
// was there before one of them was added to, is there once and always.
func oneOf(alternatives [][]item) (found []item) {
	if len(alternatives) == 1 {
		return alternatives[0]
	}
	in := map[value]int{} // in how many of them an element is
	for _, items := range alternatives {
		here := map[value]bool{}
		for _, it := range items {
			if !it.maybe && !here[*it.elem] {
				here[*it.elem] = true
				in[*it.elem]++
			}
		}
	}
	added := map[value]int{}
	for _, items := range alternatives {
		here := map[value]int{}
		for _, it := range items {
			if here[*it.elem]++; here[*it.elem] <= added[*it.elem] {
				continue // it is that of another alternative
			}
			added[*it.elem]++
			it.maybe = in[*it.elem] < len(alternatives) || added[*it.elem] > 1
			found = append(found, it)
		}
	}
	return found
}

// turn is where a loop's body is read. maybe says that there may be no such turn.
type turn struct {
	env   *env
	maybe bool
}

// maxTurns bounds the turns of a loop that are looked at one by one.
const maxTurns = 200

// turns are those of a loop, one for each element of what it is over or, where that is
// not known, one for any of them. The holes would say what it is over.
func (p *Program) turns(fold *term.Node, e *env) (turns []turn, holes []hole) {
	if over := fold.Arg(0); over.Op != term.Nil {
		items, open, ok := p.items(over, e, ask)
		for _, h := range open {
			holes = append(holes, hole{h.node.Str, h.node.N})
		}
		if ok && len(items) <= maxTurns {
			for _, it := range items {
				in := &env{up: e, loop: fold.Names[0], elem: it.elem, key: it.key, at: it.at}
				turns = append(turns, turn{in, it.maybe || fold.Maybe})
			}
			return turns, holes
		}
	}
	return []turn{{&env{up: e, loop: fold.Names[0]}, true}}, holes
}
