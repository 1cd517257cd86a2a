package program

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// fieldIDs are the identity fields of a causality.Event.
var fieldIDs = map[string]string{
	"UserID": "user_id", "SessionID": "session_id", "DeviceID": "device_id", "CorrelationID": "correlation_id",
}

// track reads a causality.Event, or a list of them, as an alternative for each event.
func (w *walker) track(n *term.Node, e *env, from *state) *state {
	var all []*state
	for _, v := range w.p.resolve(n, e, ask) {
		switch v.node.Op {
		case open:
			all = append(all, from.with(hole{v.node.Str, v.node.N}))
		case term.Struct:
			all = append(all, w.event1(v.node, v.env, from))
		case term.List, term.Cat:
			for _, arg := range v.node.Args {
				if arg.Op == term.Context {
					from = w.element(arg, v.env, from, how{})
					continue
				}
				all = append(all, w.track(arg, v.env, from))
			}
		case term.Fold:
			all = append(all, w.track(v.node.Arg(1), v.env, from))
			turns, holes := w.p.turns(v.node, v.env)
			for _, turn := range turns {
				all = append(all, w.track(v.node.Arg(2), turn.env, from.with(holes...)))
			}
		case term.Acc: // the events of the turns before
		case term.Nil:
		case term.Unknown:
			all = append(all, unnamed(from, v.node.Str))
		default:
			all = append(all, unnamed(from, "it is computed"))
		}
	}
	return either(all...)
}

func unnamed(from *state, why string) *state {
	return from.change(func(a *alt) { a.form, a.why = plainForm, why })
}

// event1 reads one causality.Event.
func (w *walker) event1(n *term.Node, e *env, from *state) *state {
	s := from.change(func(a *alt) { a.mode = inGroups })
	field := func(name string) *term.Node {
		for i, f := range n.Names {
			if f == name {
				return n.Arg(i)
			}
		}
		return term.Nothing
	}
	s = w.list(field("Properties"), e, s, how{})
	s = w.list(field("Attrs"), e, s, how{})
	for name, id := range fieldIDs {
		all := w.p.resolve(field(name), e, join)
		isKnown := func(v value) bool { return v.node.Op == term.Text && v.node.Str != "" }
		isEmpty := func(v value) bool { return v.node.Op == term.Nil || v.node.Op == term.Text && v.node.Str == "" }
		if len(all) > 0 && !allOf(all, isEmpty) {
			s = s.change(func(a *alt) { a.ids = bothIDs(a.ids, map[string]bool{id: allOf(all, isKnown)}) })
		}
	}
	var all []*state
	for _, name := range w.p.texts(field("EventType"), e) {
		named := s
		if name.hole != nil {
			named = named.with(*name.hole)
		}
		all = append(all, named.change(func(a *alt) {
			a.mode, a.form, a.name, a.why = onLine, groupForm, name.text, name.why
			a.members, a.memberOpen = a.props, a.open
		}))
	}
	if len(all) == 0 {
		return unnamed(s, "it is computed")
	}
	return either(all...)
}

func allOf[T any](list []T, is func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !is(v) })
}
