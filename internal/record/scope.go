package record

import (
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Scope is what is bound to a logger: attributes, and the groups that they and
// the record's attributes stand in. It is a list from the innermost binding
// outwards and never changes, so that loggers derived from one another share
// it. A nil Scope has nothing bound.
type Scope struct {
	parent *Scope
	// group is the name of a group that this binding opens; else attrs are the
	// attributes it adds.
	group string
	attrs []slog.Attr

	// What the list comes to, so that a record need not walk it.
	lastEvent event
	allIDs    causality.Identity
}

// With returns the scope with attributes bound. It keeps copies: what a caller
// changes later does not change, nor race with, an event.
func (s *Scope) With(rules *Rules, attrs []slog.Attr) *Scope {
	var f found
	for _, a := range attrs {
		f.add(rules, a.Key, a.Value)
	}
	for _, list := range [...][]slog.Attr{f.attrs, f.event.members} {
		for i := range list {
			list[i].Value = value.Resolve(list[i].Value)
		}
	}
	bound := &Scope{
		parent:    s,
		attrs:     f.attrs,
		lastEvent: f.event,
		allIDs:    f.identity.Or(*s.identity()),
	}
	if bound.lastEvent.form == none {
		bound.lastEvent = *s.event()
	}
	return bound
}

// WithGroup returns the scope with a group opened. A group without a name is
// none.
func (s *Scope) WithGroup(name string) *Scope {
	if name == "" {
		return s
	}
	return &Scope{parent: s, group: name, lastEvent: *s.event(), allIDs: *s.identity()}
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

// What a logger with nothing bound has.
var (
	noEvent event
	nobody  causality.Identity
)
