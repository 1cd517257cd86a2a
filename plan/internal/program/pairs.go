package program

import (
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

func howPairs(style term.Style) how { return how{pairs: true, style: style} }

func (w *walker) startPairs(from *state) *state {
	return from.change(func(a *alt) { a.pending, a.lost = nil, false })
}

// badKey is the key that log/slog gives to a value without one.
const badKey = "!BADKEY"

// endPairs ends a list of keys and values: a key may be left.
func (w *walker) endPairs(s *state, style term.Style) *state {
	return s.each(func(a *alt) []*alt {
		left := a.pending
		b := a.copy()
		b.pending, b.lost = nil, false
		if left == nil || style != term.Log {
			return []*alt{b}
		}
		return w.property(b, badKey, value{term.Kind(term.String), nil})
	})
}

// pair reads an element of a list of keys and values: an attribute, a key, or the
// value of the key before it.
func (w *walker) pair(n *term.Node, e *env, from *state, style term.Style) *state {
	var all []*state
	for _, a := range from.alts {
		one := &state{alts: []*alt{a}}
		switch {
		case a.lost:
			all = append(all, one)
		case a.pending != nil:
			key := *a.pending
			next := one.change(func(a *alt) { a.pending = nil })
			if key.node.Op == term.Nil { // no string
				all = append(all, next)
				continue
			}
			val := &term.Node{Op: term.As, N: int(style), Args: []*term.Node{n}}
			all = append(all, w.pairValue(key, val, e, next))
		default:
			all = append(all, w.first(n, e, one, style))
		}
	}
	if len(all) == 0 {
		return from
	}
	return either(all...).with(from.holes...)
}

// pairValue reads a value, whose key may be known elsewhere.
func (w *walker) pairValue(key value, val *term.Node, e *env, from *state) *state {
	var all []*state
	for _, name := range w.p.texts(key.node, key.env) {
		s := from
		if name.hole != nil {
			s = s.with(*name.hole)
		}
		if name.why != "" {
			all = append(all, w.more(s, "a key is not known: "+name.why))
			continue
		}
		all = append(all, w.keyed(name.text, val, e, s))
	}
	if len(all) == 0 {
		return from
	}
	return either(all...)
}

// first reads what is an attribute or the key of what follows.
func (w *walker) first(n *term.Node, e *env, from *state, style term.Style) *state {
	var all []*state
	for _, v := range w.p.resolve(n, e, ask) {
		all = append(all, w.firstValue(v, from, style))
	}
	if len(all) == 0 {
		return from
	}
	return either(all...)
}

func (w *walker) firstValue(v value, from *state, style term.Style) *state {
	pending := func(key value) *state {
		return from.change(func(a *alt) { a.pending = &key })
	}
	switch n := v.node; n.Op {
	case open:
		return from.with(hole{n.Str, n.N}).change(func(a *alt) { a.lost = true })
	case term.Text, term.Concat:
		return pending(v)
	case term.Attr, term.Struct, term.Open, term.List, term.Cat, term.Context:
		return w.element(n, v.env, from, how{style: style})
	case term.Nil:
		if style == term.Log {
			return w.badKey(value{term.Nothing, nil}, from)
		}
		return pending(value{term.Nothing, nil})
	case term.Boxed:
		switch {
		case n.Str == "string":
			return pending(value{n.Arg(0), v.env})
		case n.Str == "log/slog.Attr" && style == term.Log, strings.HasSuffix(n.Str, "zapcore.Field") && style == term.Zap:
			return w.list(n.Arg(0), v.env, from, how{})
		case style == term.Zap && n.Kinds == term.IsError:
			return w.attr(term.Const("error"), n.Arg(1+int(term.Zap)), v.env, from, false)
		case n.Str == "?": // an interface whose type tells no more
			inner := w.p.resolve(n.Arg(0), v.env, ask)
			var all []*state
			for _, i := range inner {
				all = append(all, w.firstValue(i, from, style))
			}
			if len(all) > 0 {
				return either(all...)
			}
		case style == term.Log:
			return w.badKey(value{n.Arg(1), v.env}, from)
		}
		return pending(value{term.Nothing, nil})
	case term.Plain:
		if n.Kinds == term.String {
			return pending(v)
		}
	case term.Unknown:
		return from.change(func(a *alt) { a.lost = true; a.open = add(a.open, n.Str) })
	}
	return from.change(func(a *alt) { a.lost = true; a.open = add(a.open, "it is computed") })
}

func (w *walker) badKey(v value, from *state) *state {
	return from.each(func(a *alt) []*alt { return w.property(a, badKey, v) })
}
