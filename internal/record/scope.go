package record

import (
	"log/slog"
	"slices"
	"strconv"
	"sync/atomic"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Scope is what is bound to a logger: attributes, and the groups that they and
// the record's attributes are in. It is a list from the innermost binding
// outwards and never changes, so that loggers derived from one another share
// it. A nil Scope has nothing bound.
type Scope struct {
	parent *Scope
	// group is the name of a group that this binding opens; else attrs are the
	// attributes it adds.
	group string
	attrs []slog.Attr
	// level counts the attributes bound since a group was opened, these included,
	// and all those of every level.
	level, all int
	// omitted counts the attributes that MaxBound left out.
	omitted int
	// isFull says that few of the attributes are hidden by later ones.
	isFull bool

	// uses counts the events of the scope. From the second on they begin with encoded.
	uses    atomic.Int32
	encoded atomic.Pointer[envelope.Bound]

	// inEvent is the group "event" if it is the innermost one that is open: its
	// members are bound here.
	inEvent *Scope

	// What the list contains, so that a record need not walk it.
	lastEvent event
	allIDs    causality.Identity
}

// MaxBound is the most attributes that a logger keeps for its events: each event
// copies and encodes all of them, and more than these would hardly fit one. A
// loop that derives its logger from the one of the round before grows without
// end.
const MaxBound = 10_000

// With returns the scope with attributes bound. It keeps copies: what a caller
// changes later does not change, nor race with, an event. Where there are more than
// MaxBound, those go which a later one of the same name hides. What is beyond it then
// is left out, which every event of the scope reports; an event type and an identity
// among it count.
func (s *Scope) With(rules *Rules, attrs []slog.Attr) *Scope {
	f := found{group: s.eventGroup(), binds: true}
	for _, a := range attrs {
		f.add(rules, a.Key, a.Value)
	}
	winner := f.settle(s.event())
	bound := &Scope{parent: s, inEvent: f.group, allIDs: f.identity.Or(*s.identity())}
	if s != nil && s.group == "" && len(s.attrs) == 0 {
		// It has only an event or an identity, which bound has as well: a loop that
		// binds these again and again keeps one of them.
		bound.parent = s.parent
	}
	if s != nil {
		bound.level, bound.all, bound.omitted, bound.isFull = s.level, s.all, s.omitted, s.isFull
	}
	resolve(f.attrs)
	attrs = f.attrs
	if bound.all+len(attrs) > MaxBound && !bound.isFull {
		attrs = bound.fold(attrs)
	}
	kept := min(len(attrs), MaxBound-bound.all)
	bound.omitted += len(attrs) - kept
	bound.attrs = attrs[:kept:kept]
	bound.level += kept
	bound.all += kept
	if winner == &f.event {
		resolve(winner.members)
	}
	bound.lastEvent = *winner
	// What it would be as an attribute, should another event key win later.
	bound.lastEvent.value = value.Resolve(winner.value)
	return bound
}

// fold returns attrs together with all others bound since a group was opened, which
// it takes out of the scope, without those that a later one hides.
func (s *Scope) fold(attrs []slog.Attr) []slog.Attr {
	all := make([]slog.Attr, s.level+len(attrs))
	at := s.level
	copy(all[at:], attrs)
	for ; s.parent != nil && s.parent.group == ""; s.parent = s.parent.parent {
		at -= len(s.parent.attrs)
		copy(all[at:], s.parent.attrs)
	}
	kept := withoutHidden(all)
	// It takes a while, and is not tried at each step where it gains little.
	s.isFull = len(kept) > len(all)/2
	s.all -= s.level
	s.level = 0
	return kept
}

// withoutHidden leaves out the attributes that a later one of the same name hides, and
// the groups whose members are all hidden so.
func withoutHidden(attrs []slog.Attr) []slog.Attr {
	seen := make(names)
	first := len(attrs)
	for i := len(attrs) - 1; i >= 0; i-- {
		if seen.add("", attrs[i].Key, attrs[i].Value) {
			first--
			attrs[first] = attrs[i]
		}
	}
	return slices.Clone(attrs[first:])
}

// names are those of attributes, with the groups around them.
type names map[string]bool

// add adds the names of an attribute and reports whether one of them is new.
func (n names) add(groups, key string, v slog.Value) (isNew bool) {
	switch {
	case v.Kind() == slog.KindGroup:
		if key != "" {
			groups += strconv.Quote(key)
		}
		for _, member := range v.Group() {
			isNew = n.add(groups, member.Key, member.Value) || isNew
		}
		return isNew
	case value.IsTooLarge(v):
		return true
	case v.Kind() == slog.KindAny && v.Any() == nil: // nil is left out anyway
		return false
	}
	name := groups + strconv.Quote(key)
	isNew = !n[name]
	n[name] = true
	return isNew
}

// maxEncodedGroups is how many groups may be open for the scope to be encoded.
const maxEncodedGroups = 32

// begin returns what is bound to be encoded once for all events of the scope, or nil
// where that does not pay: a logger that was derived for one request may log one
// event.
func (s *Scope) begin() *envelope.Bound {
	if s == nil || s.all == 0 {
		return nil
	}
	if known := s.encoded.Load(); known != nil {
		return known
	}
	if s.uses.Add(1) == 1 {
		return nil
	}
	var steps []envelope.Step
	groups := 0
	for at := s; at != nil; at = at.parent {
		if at.group != "" {
			groups++
		}
		steps = append(steps, envelope.Step{Group: at.group, Attrs: at.attrs})
	}
	if groups > maxEncodedGroups {
		s.uses.Store(0)
		return nil
	}
	slices.Reverse(steps)
	known := envelope.NewBound(steps)
	s.encoded.Store(known)
	return known
}

func resolve(attrs []slog.Attr) {
	for i := range attrs {
		attrs[i].Value = value.Resolve(attrs[i].Value)
	}
}

// WithGroup returns the scope with a group opened. A group without a name is
// none.
func (s *Scope) WithGroup(name string) *Scope {
	if name == "" {
		return s
	}
	inner := &Scope{parent: s, group: name, lastEvent: *s.event(), allIDs: *s.identity()}
	if name == EventKey {
		inner.inEvent = inner
	}
	if s != nil {
		inner.all, inner.omitted = s.all, s.omitted
	}
	return inner
}

// IsEvent reports whether every record of this scope is an event.
func (s *Scope) IsEvent() bool { return s != nil && s.lastEvent.form != none }

func (s *Scope) event() *event {
	if s == nil {
		return &noEvent
	}
	return &s.lastEvent
}

func (s *Scope) identity() *causality.Identity {
	if s == nil {
		return &nobody
	}
	return &s.allIDs
}

func (s *Scope) eventGroup() *Scope {
	if s == nil {
		return nil
	}
	return s.inEvent
}

// omits counts the attributes that MaxBound keeps from every event.
func (s *Scope) omits() int {
	if s == nil {
		return 0
	}
	return s.omitted
}

// What a logger with nothing bound has.
var (
	noEvent event
	nobody  causality.Identity
)
