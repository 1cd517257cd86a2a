package program

import (
	"fmt"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// walker reads the list of all that is on a line.
type walker struct {
	p           *Program
	memo        map[walkKey]*state
	deep, steps int
	// zerolog says that the line is JSON when it is looked at.
	zerolog bool
	// active are the fields, variables and calls that are being read: what comes of
	// one by way of itself adds nothing. True is for one that is made of nothing else.
	active map[reading]bool
	// pendingHoles are those of what is being read.
	pendingHoles []hole
}

type walkKey struct {
	node *term.Node
	env  *env
	from *state
	how  how
}

// how says what the elements of a list are.
type how struct {
	pairs bool
	style term.Style
}

// list reads a list, after what from has.
func (w *walker) list(n *term.Node, e *env, from *state, how how) *state {
	if n == nil || n.Op == term.Nil {
		return from
	}
	key := walkKey{n, e, from, how}
	if known := w.memo[key]; known != nil {
		return known
	}
	if w.steps++; w.steps > maxSteps {
		return w.more(from, "it takes too long to find out")
	}
	if w.deep++; w.deep > 400 || e.length() > maxFrames {
		w.deep--
		return w.more(from, "it is passed on too often")
	}
	s := w.read(n, e, from, how)
	w.deep--
	w.memo[key] = s
	return s
}

func (w *walker) read(n *term.Node, e *env, from *state, how how) *state {
	switch n.Op {
	case term.List:
		for _, element := range n.Args {
			from = w.element(element, e, from, how)
		}
		return from
	case term.Cat:
		for _, list := range n.Args {
			from = w.list(list, e, from, how)
		}
		return from
	case term.Either:
		all := make([]*state, len(n.Args))
		for i, list := range n.Args {
			all[i] = w.list(list, e, from, how)
		}
		return either(all...)
	case term.Pairs:
		style := term.Style(n.N)
		return w.endPairs(w.list(n.Arg(0), e, w.startPairs(from), howPairs(style)), style)
	case term.Fold:
		return w.fold(n, e, from, how)
	case term.Acc:
		for at := e; at != nil; at = at.up {
			if at.acc == n.Str {
				return at.before
			}
		}
		return w.list(n.Arg(0), e, from, how)
	case term.Effect:
		all := []*state{}
		for _, id := range w.p.targets(n.Str) {
			fn := w.p.funcs[id]
			if fn == nil || fn.Effects[n.N] == nil {
				all = append(all, w.more(w.list(n.Arg(n.N), e, from, how), "it is passed to "+short(n.Str)))
				continue
			}
			all = append(all, w.list(fn.Effects[n.N], &env{up: e, fn: id, args: n.Args}, from, how))
		}
		return either(all...)
	case term.Boxed:
		if s, ok := w.handler(n, e, from); ok {
			return s
		}
		return w.list(n.Arg(0), e, from, how)
	case term.Group, term.More: // a map that is passed on
		return w.list(n.Arg(0), e, from, how)
	case term.Unknown:
		return w.more(from, n.Str)
	case term.Param, term.Member, term.Global, term.Call, term.Invoke, term.Index, term.Elem, term.Key, term.Val, term.As, term.Later:
		values := w.p.resolve(n, e, ask)
		if len(values) == 0 {
			return from
		}
		again := whatIsRead(n, e, values)
		if adds, isActive := w.active[again]; isActive && adds {
			return from
		} else if isActive {
			return &state{}
		}
		defer delete(w.active, again)
		w.active[again] = false
		s := w.values(values, from, how)
		if len(s.alts) == 0 { // all that is assigned to it is made of it: it begins with nothing
			clear(w.memo)
			w.active[again] = true
			s = either(from, w.values(values, from, how))
		}
		return s
	case term.Attr, term.Open, term.Root, term.AtLevel, term.Context, term.Struct:
		return w.element(n, e, from, how)
	}
	return w.more(from, "it is computed")
}

// reading is what is being read: a term, or a variable or field as a whole.
type reading struct {
	seenKey
	name string
}

// whatIsRead is a variable or field, where the values of a term are what is assigned to
// that.
func whatIsRead(n *term.Node, e *env, values []value) reading {
	if n.Op != term.Member && n.Op != term.Global && n.Op != term.Later || !allOf(values, func(v value) bool { return v.env == anyCaller }) {
		return reading{seenKey: seenKey{n, e}}
	}
	return reading{name: n.Str}
}

// values reads each list that a term may be.
func (w *walker) values(values []value, from *state, how how) *state {
	var all []*state
	for _, v := range values {
		switch {
		case v.node.Op == term.More:
		case v.node.Op == open:
			why := fmt.Sprintf(unseen+"%s is seen, so its parameter %s is not known", short(v.node.Str), name(v.node))
			all = append(all, w.more(from, why).with(hole{v.node.Str, v.node.N}))
		default:
			all = append(all, w.list(v.node, v.env, from, how))
		}
	}
	s := either(all...)
	for _, v := range values {
		if v.node.Op == term.More {
			s = either(s, w.list(v.node, v.env, s, how))
		}
	}
	return s
}

// handler reads a slog.Handler of the program's own: what its Handle passes on, with an
// empty record, is what it adds to every record and where that goes.
func (w *walker) handler(n *term.Node, e *env, from *state) (*state, bool) {
	id := "(" + n.Str + ").Handle"
	fn := w.p.funcs[id]
	if fn == nil || len(fn.Params) != 3 {
		return nil, false
	}
	var all []*state
	for _, sink := range fn.Sinks {
		if sink.Logger == term.Slog {
			inner := &env{up: e, fn: id, args: []*term.Node{n.Arg(0), nil, term.Nothing}}
			all = append(all, w.list(sink.Line, inner, from, how{}))
		}
	}
	if len(all) == 0 {
		return w.more(from, "it goes through "+short(id)), true
	}
	return either(all...), true
}

// more notes why there may be more on the line.
func (w *walker) more(from *state, why string) *state {
	return from.change(func(a *alt) { a.open = add(a.open, why) })
}

// fold reads what a loop makes of a list.
func (w *walker) fold(n *term.Node, e *env, from *state, how how) *state {
	s := w.list(n.Arg(1), e, from, how)
	turns, holes := w.p.turns(n, e)
	s = s.with(holes...)
	for _, turn := range turns {
		turn.env.acc, turn.env.before = n.Str, s
		after := w.list(n.Arg(2), turn.env, from, how)
		if turn.maybe {
			after = either(s, after)
		}
		s = after
	}
	return s
}

// element reads one element of a list.
func (w *walker) element(n *term.Node, e *env, from *state, how how) *state {
	if how.pairs {
		return w.pair(n, e, from, how.style)
	}
	switch n.Op {
	case term.Nil, term.EventKeys, term.MinLevel:
		return from
	case term.Attr:
		if n.N == term.Replaces {
			from = w.without(n.Arg(0), e, from)
		}
		return w.attr(n.Arg(0), as(n.Arg(1), how.style), e, from, n.Maybe)
	case term.Struct:
		if n.Str == "log/slog.Attr" && len(n.Args) == 2 {
			if n.Args[0].Op == term.Nil || n.Args[0].Op == term.Text && n.Args[0].Str == "" && n.Args[1].Op == term.Nil {
				return from
			}
			return w.attr(n.Args[0], as(n.Args[1], how.style), e, from, false)
		}
		if strings.HasSuffix(n.Str, "zapcore.Field") {
			return w.more(from, "it is a field that is put together by hand")
		}
		return from // a handler or a core of the program's own, which has nothing bound
	case term.Open:
		return w.openGroup(n, e, from)
	case term.Root:
		return w.root(n, e, from)
	case term.AtLevel:
		return from.change(func(a *alt) { a.level, a.hasLevel = n.N, true })
	case term.Context:
		return from.change(func(a *alt) { a.context = true })
	}
	return w.list(n, e, from, how)
}

// without is the list without a member of a map that gets another value.
func (w *walker) without(key *term.Node, e *env, from *state) *state {
	names := w.p.texts(key, e)
	if len(names) != 1 || names[0].why != "" {
		return from
	}
	return from.change(func(a *alt) {
		props := &a.props
		if a.mode == ofEvent {
			props = &a.members
		}
		kept := map[string]prop{}
		name := a.prefix + clean(names[0].text)
		for other, p := range *props {
			if other != name && !strings.HasPrefix(other, name+"_") {
				kept[other] = p
			}
		}
		*props = kept
	})
}

// as is a value as a property.
func as(n *term.Node, style term.Style) *term.Node {
	switch n.Op {
	case term.Plain, term.Nil, term.Group:
		return n
	}
	return &term.Node{Op: term.As, N: int(style), Args: []*term.Node{n}}
}

// openGroup opens a group for what follows.
func (w *walker) openGroup(n *term.Node, e *env, from *state) *state {
	var all []*state
	for _, name := range w.p.texts(n.Arg(0), e) {
		s := from
		if name.hole != nil {
			s = s.with(*name.hole)
		}
		all = append(all, s.change(func(a *alt) {
			switch {
			case name.why != "":
				a.open = add(a.open, "the name of a group is not known: "+name.why)
				a.prefix += "?_"
			case name.text != "":
				a.prefix += clean(name.text) + "_"
				a.inEvent = ""
				if name.text == groupKey && a.mode == onLine {
					a.inEvent = a.prefix
				}
			}
		}))
	}
	if len(all) == 0 {
		return from
	}
	return either(all...)
}

// clean is a key as it arrives.
func clean(key string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(key, ".", "_"), "\uFFFD")
}
