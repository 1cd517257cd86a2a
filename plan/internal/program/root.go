package program

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// root reads what a logger writes to, and the options of our adapters there.
func (w *walker) root(n *term.Node, e *env, from *state) *state {
	kind, options := w.kindOf(n, e, 0)
	return from.change(func(a *alt) {
		switch kind {
		case term.Ours:
			*a = alt{line: line{ours: isOurs, props: a.base, base: a.base}}
		case term.OursToo:
			a.ours = isOurs
		case term.NotOurs:
			if a.ours == maybeOurs {
				a.ours = notOurs
			}
			return
		default:
			if a.ours != isOurs {
				a.ours = maybeOurs
			}
			return
		}
		w.options(options, a)
	})
}

func (w *walker) kindOf(n *term.Node, e *env, depth int) (int, *value) {
	if n.N != term.AllOfThese {
		return n.N, &value{n.Arg(0), e}
	}
	if depth > 8 {
		return term.MayBeOurs, nil
	}
	items, _, ok := w.p.items(n.Arg(0), e, join)
	if !ok {
		return term.MayBeOurs, nil
	}
	result := term.NotOurs
	for _, it := range items {
		for _, v := range w.p.resolve(it.elem.node, it.elem.env, join) {
			node := v.node
			if node.Op == term.Boxed {
				node = node.Arg(0)
			}
			roots := []value{{node, v.env}}
			if node.Op == term.Cat && len(node.Args) > 0 {
				roots = w.p.resolve(node.Args[0], v.env, join)
			}
			for _, root := range roots {
				switch {
				case root.node.Op == term.Root:
					kind, options := w.kindOf(root.node, root.env, depth+1)
					if kind == term.Ours || kind == term.OursToo {
						return kind, options
					}
					if kind == term.MayBeOurs {
						result = kind
					}
				case root.node.Op == term.Plain, root.node.Op == term.Nil: // a writer of the standard library
				default:
					result = term.MayBeOurs
				}
			}
		}
	}
	return result, nil
}

// options reads the options of an adapter.
func (w *walker) options(list *value, a *alt) {
	if list == nil {
		return
	}
	items, _, ok := w.p.items(list.node, list.env, join)
	if !ok {
		a.open = add(a.open, "the options of the adapter are not known")
		return
	}
	for _, it := range items {
		for _, v := range w.p.resolve(it.elem.node, it.elem.env, join) {
			switch v.node.Op {
			case term.MinLevel:
				a.minLevel, a.hasMin = v.node.N, true
				if v.node.Maybe {
					a.minLevel = -1 << 30
				}
			case term.EventKeys:
				keys, _, ok := w.p.items(v.node.Arg(0), v.env, join)
				if !ok {
					a.open = add(a.open, "the event keys are not known")
					continue
				}
				a.keys, a.keyless = nil, len(keys) == 0
				for _, key := range keys {
					for _, t := range w.p.texts(key.elem.node, key.elem.env) {
						if t.why == "" && t.text != "" && !slices.Contains(a.keys, t.text) {
							a.keys = append(a.keys, t.text)
						}
					}
				}
			}
		}
	}
}
