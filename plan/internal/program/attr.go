package program

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// DefaultEventKeys are the keys of the plain form, the first before the second.
var DefaultEventKeys = []string{"event", "otel.event.name"}

const (
	groupKey = "event"
	typeKey  = "event_type"
	idKey    = "event_id"
)

// Identity are the keys that say whom an event is about.
var Identity = []string{"user_id", "session_id", "device_id", "correlation_id"}

// attr reads one attribute.
func (w *walker) attr(key, val *term.Node, e *env, from *state, maybe bool) *state {
	var all []*state
	for _, name := range w.p.texts(key, e) {
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
	if maybe || len(all) == 0 {
		all = append(all, from)
	}
	return either(all...)
}

// keyed reads an attribute whose key is known.
func (w *walker) keyed(key string, val *term.Node, e *env, from *state) *state {
	values := w.p.resolve(val, e, policyOf(key, from))
	var all []*state
	for _, v := range values {
		if v.node.Op == open {
			all = append(all, from.with(hole{v.node.Str, v.node.N}))
			continue
		}
		all = append(all, from.each(func(a *alt) []*alt {
			return w.assign(a, key, v)
		}).with(from.holes...))
	}
	// What the walks of groups have left open.
	s := either(all...)
	return s.with(w.takeHoles()...)
}

// policyOf: of the attribute that may be the event the callers are asked.
func policyOf(key string, from *state) policy {
	for _, a := range from.alts {
		if a.mode == onLine && (slices.Contains(a.eventKeys(), key) || key == groupKey || key == typeKey) || a.mode == ofEvent && key == typeKey || key == "" {
			return ask
		}
	}
	return join
}

func (a *alt) eventKeys() []string {
	if a.keys != nil || a.keyless {
		return a.keys
	}
	return DefaultEventKeys
}

// assign is an alternative with one attribute more.
func (w *walker) assign(a *alt, key string, v value) []*alt {
	if key == "" && v.node.Op == term.Group {
		s := w.list(v.node.Arg(0), v.env, &state{alts: []*alt{a}}, mapStyle(v.node))
		w.keepHoles(s)
		return restored(s, a)
	}
	switch a.mode {
	case onLine:
		if found, ok := w.event(a, key, v); ok {
			return found
		}
	case ofEvent:
		if key == typeKey {
			if names, ok := w.eventName(v); ok {
				var all []*alt
				for _, name := range names {
					b := a.copy()
					b.form, b.name, b.why = groupForm, name.text, name.why
					all = append(all, b)
				}
				return all
			}
		}
		if key == idKey && v.node.Op == term.Plain {
			return []*alt{a}
		}
	}
	if a.mode != inGroups && slices.Contains(Identity, key) {
		if lifted, ok := w.lift(a, key, v.node); ok {
			return []*alt{lifted}
		}
	}
	return w.property(a, key, v)
}

// restored gives the alternatives the place in the line that a has.
func restored(s *state, a *alt) []*alt {
	all := make([]*alt, len(s.alts))
	for i, b := range s.alts {
		c := b.copy()
		c.mode, c.prefix, c.pending, c.lost = a.mode, a.prefix, a.pending, a.lost
		all[i] = c
	}
	return all
}

// mapStyle: the members of a map are values in the style that its Group says.
func mapStyle(group *term.Node) how {
	if group.N == 0 {
		return how{}
	}
	return how{style: term.Style(group.N - 1)}
}

// eventName are the names that a value gives to an event; false if it is no string.
func (w *walker) eventName(v value) ([]text, bool) {
	switch v.node.Op {
	case term.Plain:
		if v.node.Kinds&term.String != 0 && len(v.node.Args) > 0 {
			return w.collect(w.p.texts(v.node.Args[0], v.env)), true
		}
		if v.node.Kinds&term.String != 0 && v.node.N == term.IsText || w.zerolog && v.node.Kinds&(term.String|term.Time) != 0 {
			return []text{{why: "it is computed"}}, true
		}
	case term.Unknown:
		return []text{{why: v.node.Str}}, true
	}
	return nil, false
}

// collect keeps the holes that names have left.
func (w *walker) collect(names []text) []text {
	for _, name := range names {
		if name.hole != nil {
			w.pendingHoles = append(w.pendingHoles, *name.hole)
		}
	}
	return names
}

func (w *walker) keepHoles(s *state) { w.pendingHoles = append(w.pendingHoles, s.holes...) }

func (w *walker) takeHoles() []hole {
	holes := w.pendingHoles
	w.pendingHoles = nil
	return holes
}

// event is the alternative as the event that an attribute makes of its line.
func (w *walker) event(a *alt, key string, v value) ([]*alt, bool) {
	rank := slices.Index(a.eventKeys(), key)
	groupRank := slices.Index(a.eventKeys(), groupKey) // -1, before all others, where it is none
	isMember := a.inEvent != "" && key == typeKey
	if rank < 0 && key != groupKey && !isMember {
		return nil, false
	}
	if names, ok := w.eventName(v); ok {
		if rank < 0 && !isMember {
			return nil, false
		}
		form := plainForm
		if isMember {
			form, rank = openForm, groupRank
		}
		return w.take(a, key, v, rank, func(b *alt) []*alt {
			var all []*alt
			for _, name := range names {
				c := b.copy()
				c.form, c.name, c.why, c.members = form, name.text, name.why, nil
				if isMember {
					c.openEvent = a.inEvent
				}
				all = append(all, c)
			}
			return all
		}), true
	}
	if key != groupKey || v.node.Op != term.Group {
		return nil, false
	}
	inner := &alt{line: line{members: a.base}, mode: ofEvent}
	s := w.list(v.node.Arg(0), v.env, &state{alts: []*alt{inner}}, mapStyle(v.node))
	w.keepHoles(s)
	var all []*alt
	for _, m := range s.alts {
		if m.form != groupForm {
			all = append(all, w.property(a, key, v)...)
			continue
		}
		all = append(all, w.take(a, key, v, groupRank, func(b *alt) []*alt {
			c := b.copy()
			c.form, c.name, c.why, c.members, c.memberOpen = groupForm, m.name, m.why, m.members, m.open
			c.ids = bothIDs(b.ids, m.ids)
			c.notLifted = add(b.notLifted, m.notLifted...)
			c.context = b.context || m.context
			return []*alt{c}
		})...)
	}
	return all, true
}

// take makes an attribute the event of the line, unless there is one whose key comes
// first. Of two with different keys the other is an ordinary attribute.
func (w *walker) take(a *alt, key string, v value, rank int, make func(b *alt) []*alt) []*alt {
	if a.form != noEvent && rank > a.rank {
		return w.property(a, key, v)
	}
	from := []*alt{a}
	if a.form != noEvent && rank < a.rank {
		from = w.property(a, a.key, a.value)
	}
	var all []*alt
	for _, b := range from {
		for _, c := range make(b) {
			c.rank, c.key, c.value = rank, key, v
			all = append(all, c)
		}
	}
	return all
}

func bothIDs(a, b map[string]bool) map[string]bool {
	out := map[string]bool{}
	for _, m := range []map[string]bool{a, b} {
		for id, always := range m {
			out[id] = out[id] || always
		}
	}
	return out
}

// lift takes an attribute as part of the identity, if it has a plain text.
func (w *walker) lift(a *alt, key string, n *term.Node) (*alt, bool) {
	kinds := n.Kinds
	switch n.Op {
	case term.Nil:
		return a, true
	case term.Plain:
	case term.Unknown:
		b := a.copy()
		b.ids = bothIDs(a.ids, map[string]bool{key: false})
		return b, true
	default:
		return nil, false
	}
	lifts := term.String | term.Int | term.Absent
	if w.zerolog {
		lifts |= term.Time
	}
	if kinds == term.Whole {
		kinds = term.Int
	}
	if kinds == term.Float && n.N != term.Fraction { // it is whole, or not
		b := w.property(a, key, value{node: term.Kind(term.Float | term.Absent)})[0]
		b.ids = bothIDs(a.ids, map[string]bool{key: false})
		return b, true
	}
	if kinds&lifts == 0 || kinds&^lifts != 0 {
		b := w.property(a, key, value{node: n})[0]
		b.notLifted = add(b.notLifted, key)
		return b, true
	}
	b := a.copy()
	b.ids = bothIDs(a.ids, map[string]bool{key: kinds&term.Absent == 0})
	return b, true
}

// property is the alternative with a property more, or several.
func (w *walker) property(a *alt, key string, v value) []*alt {
	name := a.prefix + clean(key)
	switch v.node.Op {
	case term.Nil:
		return []*alt{a}
	case term.Group:
		inner := a.copy()
		if a.mode == onLine {
			inner.mode = inGroups
		}
		wasMember := a.mode == ofEvent
		if wasMember {
			inner.mode = inGroups
			inner.props, inner.members = a.members, nil
		}
		inner.prefix, inner.pending, inner.lost = name+"_", nil, false
		how := mapStyle(v.node)
		s := w.list(v.node.Arg(0), v.env, &state{alts: []*alt{inner}}, how)
		w.keepHoles(s)
		all := restored(s, a)
		if wasMember {
			for _, b := range all {
				b.members, b.props = b.props, a.props
			}
		}
		return all
	case term.Unknown:
		b := a.copy()
		b.set(name, a.prefix+key, prop{why: v.node.Str})
		return []*alt{b}
	case term.Plain, term.Text:
		kinds := v.node.Kinds
		if v.node.Op == term.Text {
			kinds = term.String
		}
		b := a.copy()
		if kinds&^term.Absent != 0 {
			b.set(name, a.prefix+key, prop{kinds: kinds &^ term.Absent, always: kinds&term.Absent == 0})
		}
		return []*alt{b}
	case term.Boxed:
		return w.property(a, key, value{v.node.Arg(1), v.env})
	}
	b := a.copy()
	b.set(name, a.prefix+key, prop{why: "it is computed"})
	return []*alt{b}
}
