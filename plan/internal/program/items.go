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
	case term.Boxed:
		return p.items(n.Arg(0), e, policy)
	case term.Group:
		return p.items(n.Arg(0), e, policy)
	case term.Either, term.Param, term.Member, term.Global, term.Call, term.Invoke, term.Index, term.Elem, term.Val:
		all := p.resolve(n, e, policy)
		for _, v := range all {
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
			for _, it := range more {
				it.maybe = it.maybe || len(all) > 1
				found = append(found, it)
			}
		}
		return found, holes, len(holes) == 0
	}
	return nil, nil, false
}
