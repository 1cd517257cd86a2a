package program

import (
	"cmp"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Event is an event as all its calls make it.
type Event struct {
	Name       string
	Properties []Property // by name
	Identity   []string
	Context    bool // a call has a context, which may say whom it is about
	Open       bool // it may have more properties
	Calls      []term.Place
}

// typeOrder is the order in which types are listed.
var typeOrder = []string{"string", "int", "float", "bool"}

// Events puts the calls of each event together, by name.
func (r Result) Events() []Event {
	index := map[string]int{}
	var events []Event
	for _, c := range r.Calls {
		i, ok := index[c.Event]
		if !ok {
			i = len(events)
			index[c.Event] = i
			events = append(events, Event{Name: c.Event})
		}
		events[i].add(c)
	}
	for i := range events {
		slices.SortFunc(events[i].Properties, func(a, b Property) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(events, func(a, b Event) int { return strings.Compare(a.Name, b.Name) })
	return events
}

func (e *Event) add(c Call) {
	first := len(e.Calls) == 0
	has := map[string]bool{}
	for _, p := range c.Properties {
		has[p.Name] = true
		i := slices.IndexFunc(e.Properties, func(q Property) bool { return q.Name == p.Name })
		if i < 0 {
			p.Always = p.Always && first
			p.Types = slices.Clone(p.Types)
			e.Properties = append(e.Properties, p)
			continue
		}
		q := &e.Properties[i]
		q.Always = q.Always && p.Always
		q.Types = union(q.Types, p.Types)
		if q.Why == "" {
			q.Why = p.Why
		}
	}
	for i := range e.Properties {
		if !has[e.Properties[i].Name] {
			e.Properties[i].Always = false
		}
	}
	for _, id := range Identity {
		if slices.Contains(c.Identity, id) && !slices.Contains(e.Identity, id) {
			e.Identity = append(e.Identity, id)
		}
	}
	slices.SortFunc(e.Identity, func(a, b string) int {
		return slices.Index(Identity, a) - slices.Index(Identity, b)
	})
	e.Context = e.Context || c.Context
	e.Open = e.Open || len(c.Open) > 0
	if !slices.Contains(e.Calls, c.Place) {
		e.Calls = append(e.Calls, c.Place)
	}
}

// union is the types of both, in their order.
func union(a, b []string) (all []string) {
	for _, t := range typeOrder {
		if slices.Contains(a, t) || slices.Contains(b, t) {
			all = append(all, t)
		}
	}
	return all
}
