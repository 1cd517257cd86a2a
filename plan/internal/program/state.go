package program

import (
	"maps"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// state is what a line has on it, as far as it has been read: one alternative for each
// event that it may be. A state does not change once it is made.
type state struct {
	alts  []*alt
	holes []hole
}

// alt is one of the alternatives.
type alt struct {
	line
	// mode says what the attributes that come next are.
	mode mode
	// prefix is the names of the groups that are open, each with a "_".
	prefix string
	// pending is the key whose value comes next, in a list of keys and values.
	pending *value
	// lost says that a list of keys and values cannot be read any further.
	lost bool
}

type mode uint8

const (
	onLine   mode = iota // attributes of the line: the event and the identity are among them
	ofEvent              // members of the group form
	inGroups             // members of a group: nothing but properties
)

// line is what is known of a line.
type line struct {
	form form
	// name is the event's, unless why says that it is not known.
	name, why string
	// rank is the place among the event keys of the key that the event is under: the
	// first wins. key and value are the attribute that makes the event.
	rank    int
	key     string
	value   value
	props   map[string]prop
	members map[string]prop // of the group form
	ids     map[string]bool // identity attributes: true if always there
	// base are the properties that every event has: Config.Attrs.
	base map[string]prop
	// open is why there may be more properties, memberOpen why more of the group
	// form.
	open, memberOpen []string
	// inEvent is the prefix of the group "event", if that is the innermost group that
	// is open, and openEvent that of the one whose members are the event's.
	inEvent, openEvent string

	level, minLevel  int
	hasLevel, hasMin bool
	ours             ours
	keys             []string
	keyless          bool // WithEventKeys without a key
	context          bool
	notLifted        []string
}

type form uint8

const (
	noEvent form = iota
	plainForm
	groupForm
	openForm // the group form, where the logger has the group open
)

// ours says whether the line reaches an adapter.
type ours uint8

const (
	maybeOurs ours = iota
	isOurs
	notOurs
)

// prop is a property.
type prop struct {
	kinds  term.Kinds
	why    string // why its type is not known
	always bool
	// key is how the code spells it, with the names of the groups; clash are the
	// spellings, if there are two, one of them with a dot.
	key    string
	clash  []string
	prefix string // the groups that were open
}

func (a *alt) copy() *alt {
	c := *a
	return &c
}

func (s *state) each(f func(a *alt) []*alt) *state {
	out := &state{holes: s.holes}
	for _, a := range s.alts {
		out.alts = append(out.alts, f(a)...)
	}
	return out.merged()
}

// change makes a new state by changing a copy of each alternative.
func (s *state) change(f func(a *alt)) *state {
	out := &state{holes: s.holes, alts: make([]*alt, len(s.alts))}
	for i, a := range s.alts {
		c := a.copy()
		f(c)
		out.alts[i] = c
	}
	return out
}

func (s *state) with(holes ...hole) *state {
	out := &state{alts: s.alts, holes: slices.Clone(s.holes)}
	for _, h := range holes {
		if !slices.Contains(out.holes, h) {
			out.holes = append(out.holes, h)
		}
	}
	return out
}

// either is the state after one of several ways.
func either(states ...*state) *state {
	if len(states) == 1 {
		return states[0]
	}
	out := &state{}
	for _, s := range states {
		out.alts = append(out.alts, s.alts...)
		out = out.with(s.holes...)
	}
	return out.merged()
}

// identity of an alternative: those that have the same become one.
type altKey struct {
	form              form
	name, why, prefix string
	rank              int
	mode              mode
	pending           value
	lost              bool
	level, minLevel   int
	hasLevel, hasMin  bool
	ours              ours
	keys              string
	inEvent           string
	openEvent         string
}

func (a *alt) identity() altKey {
	k := altKey{
		form: a.form, name: a.name, why: a.why, prefix: a.prefix, rank: a.rank, mode: a.mode, lost: a.lost,
		level: a.level, minLevel: a.minLevel, hasLevel: a.hasLevel, hasMin: a.hasMin, ours: a.ours,
		keys: strings.Join(a.keys, "\x00"), inEvent: a.inEvent, openEvent: a.openEvent,
	}
	if a.pending != nil {
		k.pending = *a.pending
	}
	return k
}

// merged puts the alternatives together that differ in properties alone.
func (s *state) merged() *state {
	out := &state{holes: s.holes}
	index := map[altKey]int{}
	for _, a := range s.alts {
		k := a.identity()
		i, ok := index[k]
		if !ok {
			index[k] = len(out.alts)
			out.alts = append(out.alts, a)
			continue
		}
		out.alts[i] = mergeAlts(out.alts[i], a)
	}
	if len(out.alts) > maxAlternatives {
		out.alts = out.alts[:maxAlternatives]
		return out.change(func(a *alt) { a.open = add(a.open, "the line has too many variants") })
	}
	return out
}

func mergeAlts(a, b *alt) *alt {
	if a == b {
		return a
	}
	c := a.copy()
	c.props = mergeProps(a.props, b.props)
	c.members = mergeProps(a.members, b.members)
	c.ids = map[string]bool{}
	for _, m := range []map[string]bool{a.ids, b.ids} {
		for id := range m {
			c.ids[id] = a.ids[id] && b.ids[id]
		}
	}
	c.open = add(a.open, b.open...)
	c.memberOpen = add(a.memberOpen, b.memberOpen...)
	c.notLifted = add(a.notLifted, b.notLifted...)
	c.context = a.context || b.context
	return c
}

func mergeProps(a, b map[string]prop) map[string]prop {
	out := make(map[string]prop, len(a)+len(b))
	for name, p := range a {
		q, ok := b[name]
		out[name] = mergeProp(p, q, ok)
	}
	for name, q := range b {
		if _, ok := a[name]; !ok {
			q.always = false
			out[name] = q
		}
	}
	return out
}

func mergeProp(p, q prop, both bool) prop {
	if !both {
		p.always = false
		return p
	}
	p.kinds |= q.kinds
	p.always = p.always && q.always
	if p.why == "" {
		p.why = q.why
	}
	p.clash = add(p.clash, q.clash...)
	return p
}

func add(list []string, more ...string) []string {
	out := slices.Clone(list)
	for _, text := range more {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// set sets a property. If it can be absent, what was there before may stay.
func (a *alt) set(name, key string, p prop) {
	target := &a.props
	if a.mode == ofEvent {
		target = &a.members
	}
	props := maps.Clone(*target)
	if props == nil {
		props = map[string]prop{}
	}
	p.key, p.prefix = key, a.prefix
	before, ok := props[name]
	if ok && before.key != key && strings.Contains(before.key+key, ".") {
		p.clash = add(before.clash, before.key, key)
	}
	if ok && !p.always {
		before.kinds |= p.kinds
		before.clash = p.clash
		if before.why == "" {
			before.why = p.why
		}
		p = before
	}
	props[name] = p
	*target = props
}
