package program

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Call is a call that makes an event.
type Call struct {
	Event  string
	Cut    bool // the name is too long, and Event is what is left of it
	Logger term.Logger
	// Plain says that the line is sent with all that it carries.
	Plain      bool
	Properties []Property
	// Identity are the identity keys among the attributes.
	Identity []string
	// Context says that the line has a context, which may say whom it is about.
	Context bool
	// NotLifted are identity keys whose value has no plain text.
	NotLifted []string
	// Open are the reasons why the event may have more properties than these.
	Open  []string
	Place term.Place
	// Sink is where the log call is, if a helper makes it.
	Sink term.Place
}

// Property is a property as it arrives.
type Property struct {
	Name string
	// Types are some of string, int, float and bool, in this order.
	Types []string
	// Always says that every event of this call has it.
	Always bool
	// Why says why the type is not known.
	Why string
	// Spellings are how the code spells it, where two keys make one name.
	Spellings []string
	// Whole says that a float among the values is known to be whole, which arrives
	// as an int from zerolog.
	Whole bool
}

// Unknown is what cannot be known of a call.
type Unknown struct {
	Event  string // if that is known
	Why    string
	Place  term.Place
	NoName bool // the name is what is not known
	Empty  bool // the name is known to be empty
	// Unseen says that a call which is not seen would tell the name.
	Unseen bool
}

// Result is what a program tracks.
type Result struct {
	Calls   []Call
	Unknown []Unknown
}

// Calls finds the events of the program, of the functions that want says.
func (p *Program) Calls(want func(fn string) bool) Result {
	f := &finder{p: p, seen: map[string]bool{}}
	f.base = p.configAttrs()
	for _, id := range slices.Sorted(maps.Keys(p.funcs)) {
		if want != nil && !want(id) {
			continue
		}
		for i := range p.funcs[id].Sinks {
			sink := &p.funcs[id].Sinks[i]
			if sink.Logger != term.Track && !p.mayHaveEvents {
				continue
			}
			f.left = maxReadings
			f.sink(sink, id, nil, sink.Place, 0)
		}
	}
	f.hooks()
	slices.SortStableFunc(f.result.Calls, func(a, b Call) int {
		return cmp.Or(comparePlaces(a.Place, b.Place), cmp.Compare(a.Event, b.Event))
	})
	slices.SortStableFunc(f.result.Unknown, func(a, b Unknown) int {
		return cmp.Or(comparePlaces(a.Place, b.Place), cmp.Compare(a.Why, b.Why))
	})
	return f.result
}

// hooks notes the functions that may change what events have before they are sent.
func (f *finder) hooks() {
	for _, hook := range []string{"ReplaceAttr", "BeforeTrack"} {
		if at, ok := f.p.taken["github.com/SebastienMelki/causality/sdk/go/core.Config."+hook]; ok && len(f.result.Calls) > 0 {
			f.unknown(Unknown{Why: "Config." + hook + " may change the properties of every event, or leave events out", Place: at})
		}
	}
}

func comparePlaces(a, b term.Place) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}

type finder struct {
	p      *Program
	left   int // how often a log call may still be read
	base   *alt
	result Result
	seen   map[string]bool
}

// configAttrs is what Config.Attrs puts on every event.
func (p *Program) configAttrs() *alt {
	base := &alt{}
	stores := p.stores["github.com/SebastienMelki/causality/sdk/go/core.Config.Attrs"]
	if len(stores) == 0 {
		return base
	}
	w := &walker{p: p, memo: map[walkKey]*state{}, active: map[reading]bool{}}
	from := &state{alts: []*alt{{mode: inGroups}}}
	var all []*state
	for _, n := range stores {
		all = append(all, w.list(n, nil, from, how{}))
	}
	s := either(all...)
	for _, a := range s.alts {
		base.props = a.props
		base.open = add(base.open, a.open...)
	}
	base.base = base.props
	return base
}

// maxLifts is how many helpers may pass arguments on to one another, and maxReadings how
// many callers one log call may have by way of them.
const (
	maxLifts    = 6
	maxReadings = 2000
)

// sink reads what a log call writes, called as env says. Where its callers decide what
// it is, it is read for each of them.
func (f *finder) sink(sink *term.Sink, fn string, e *env, place term.Place, lifts int) {
	if f.left--; f.left < 0 {
		return
	}
	if f.left == 0 {
		f.unknown(Unknown{Why: "it has too many callers, by way of the functions around it", Place: sink.Place})
		return
	}
	f.p.forget()
	w := &walker{p: f.p, memo: map[walkKey]*state{}, active: map[reading]bool{}, zerolog: sink.Logger == term.Zerolog}
	start := f.base.copy()
	var s *state
	if sink.Logger == term.Track {
		s = w.track(sink.Line, e, &state{alts: []*alt{start}})
	} else {
		s = w.list(sink.Line, e, &state{alts: []*alt{start}}, how{})
	}
	s = s.with(w.takeHoles()...)
	if h, ok := f.liftable(s.holes, fn); ok {
		at := &place
		if slices.ContainsFunc(s.holes, func(other hole) bool { return other.fn == h.fn && !e.isCallee(other) }) {
			at = nil
		}
		if f.lift(sink, h, e, at, lifts) {
			return
		}
	}
	f.report(sink, s, place)
}

// defaultMin is the lowest level at which a line is an event.
var defaultMin = [...]int{term.Slog: 0, term.ZapLogger: 0, term.Zerolog: 1, term.Track: 0}

// report adds the events of a line.
func (f *finder) report(sink *term.Sink, s *state, place term.Place) {
	if place.File == "" {
		return // a logger's method that nobody calls as a value
	}
	for _, a := range s.alts {
		if a.form == noEvent {
			// That a logger might make each of its lines an event is not worth a word.
			if len(a.open) > 0 && !strings.HasPrefix(a.open[0], unseen) {
				f.unknown(Unknown{Why: "the line may be an event: " + a.open[0], Place: place})
			}
			continue
		}
		lowest := defaultMin[sink.Logger]
		if a.hasMin {
			lowest = a.minLevel
		}
		if a.hasLevel && a.level < lowest || a.ours == notOurs && f.p.hasOurs[sink.Logger] {
			continue
		}
		if a.why != "" {
			f.unknown(Unknown{Why: "the event's name is not known: " + a.why, Place: place, NoName: true, Unseen: len(s.holes) > 0})
			continue
		}
		if a.name == "" {
			f.unknown(Unknown{Why: "the event has no name, so it is dropped", Place: place, NoName: true, Empty: true})
			continue
		}
		f.call(sink, a, place)
	}
}

func (f *finder) call(sink *term.Sink, a *alt, place term.Place) {
	c := Call{
		Event: cleanEvent(a.name), Cut: len(a.name) > maxEventBytes, Logger: sink.Logger, Plain: a.form == plainForm, Context: a.context,
		NotLifted: a.notLifted, Place: place, Sink: sink.Place,
	}
	props, open := a.props, a.open
	switch a.form {
	case groupForm:
		props, open = a.members, a.memberOpen
	case openForm:
		props = a.membersOf(a.openEvent)
	}
	for _, name := range slices.Sorted(maps.Keys(props)) {
		p := props[name]
		names := arriving(name, a.ids)
		p.always = p.always && len(names) == 1
		for _, name := range names {
			c.Properties = append(c.Properties, Property{
				Name: name, Types: types(p.kinds, sink.Logger == term.Zerolog), Always: p.always, Why: p.why,
				Spellings: p.clash, Whole: p.kinds&term.Whole != 0,
			})
		}
		if p.why != "" {
			f.unknown(Unknown{Event: c.Event, Why: fmt.Sprintf("the type of %s is not known: %s", name, p.why), Place: place})
		}
	}
	for _, id := range Identity {
		if _, ok := a.ids[id]; ok {
			c.Identity = append(c.Identity, id)
		}
	}
	c.Open = open
	for _, why := range open {
		f.unknown(Unknown{Event: c.Event, Why: "the event may have more properties: " + why, Place: place})
	}
	if key := fmt.Sprintf("%+v", c); !f.seen[key] {
		f.seen[key] = true
		f.result.Calls = append(f.result.Calls, c)
	}
}

// membersOf are the properties in an open group, by their names in it, and those that
// every event has.
func (a *alt) membersOf(prefix string) map[string]prop {
	members := maps.Clone(a.base)
	if members == nil {
		members = map[string]prop{}
	}
	for name, p := range a.props {
		if strings.HasPrefix(p.prefix, prefix) {
			members[strings.TrimPrefix(name, prefix)] = p
		}
	}
	return members
}

// arriving are the names under which a property may arrive: one that the event itself
// uses gets another.
func arriving(name string, ids map[string]bool) []string {
	switch name {
	case "_server_hostname", "_server_go_version", "_server_sdk_version":
		return []string{name + "_2"}
	case "user_id", "session_id":
		if always, ok := ids[name]; ok && always {
			return []string{name + "_2"}
		} else if ok {
			return []string{name, name + "_2"}
		}
	}
	return []string{name}
}

func (f *finder) unknown(u Unknown) {
	key := fmt.Sprint(u.Event, u.Why, u.Place.File, u.Place.Line, u.Place.Column)
	if !f.seen[key] {
		f.seen[key] = true
		f.result.Unknown = append(f.result.Unknown, u)
	}
}

// types are the kinds as they arrive.
func types(kinds term.Kinds, zerolog bool) (names []string) {
	isInt := kinds&term.Int != 0 || zerolog && kinds&term.Whole != 0
	isFloat := kinds&(term.Float|term.Duration) != 0 || !zerolog && kinds&term.Whole != 0
	for _, t := range []struct {
		name string
		is   bool
	}{
		{"string", kinds&(term.String|term.Time|term.JSON) != 0},
		{"int", isInt},
		{"float", isFloat},
		{"bool", kinds&term.Bool != 0},
	} {
		if t.is {
			names = append(names, t.name)
		}
	}
	return names
}

// maxEventBytes is where an event's name is cut.
const maxEventBytes = 256

// cleanEvent is an event's name as it arrives.
func cleanEvent(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || 0x7f <= r && r < 0xa0 {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
	for len(name) > maxEventBytes {
		cut := maxEventBytes
		for cut > 0 && name[cut]&0xc0 == 0x80 {
			cut--
		}
		name = name[:cut]
	}
	return name
}
