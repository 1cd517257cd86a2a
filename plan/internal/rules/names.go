package rules

import (
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// maxEventBytes is where the SDK cuts an event's name.
const maxEventBytes = 256

// names looks at how a call's event and properties are called.
func (c *checker) names(call *program.Call) {
	if call.Cut {
		c.add(call.Place, "too-long", "the event's name is over %d bytes and is cut: %s…", maxEventBytes, call.Event[:40])
	}
	if !isSnake(call.Event) {
		c.snake(call, "the event", call.Event)
	}
	for _, p := range call.Properties {
		if !isSnake(p.Name) && !strings.HasPrefix(p.Name, "!") {
			c.snake(call, "the property", p.Name)
		}
		if len(p.Spellings) > 0 {
			c.add(call.Place, "dotted-key", "%s: the keys %s arrive as one property, %s, and the last one wins", call.Event, strings.Join(p.Spellings, " and "), p.Name)
		}
	}
}

func (c *checker) snake(call *program.Call, what, name string) {
	snake := plan.SnakeCase(name)
	f := c.add(call.Place, "not-snake-case", "%s %s is not in snake_case", what, name)
	if isSnake(snake) {
		f.Message += ": " + snake
		f.Old, f.New = name, snake
	}
}

// isSnake reports whether a name is lower-case letters and digits with "_" between them,
// a letter first. It may begin with "_" and have several in a row, because groups have
// names of their own.
func isSnake(name string) bool {
	trimmed := strings.TrimLeft(name, "_")
	if trimmed == "" || trimmed[0] < 'a' || trimmed[0] > 'z' {
		return false
	}
	for _, r := range trimmed {
		if r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// twoTypes looks for properties that have another type in another call.
func (c *checker) twoTypes() {
	type key struct{ event, property string }
	first := map[key]program.Property{}
	places := map[key]term.Place{}
	for _, call := range c.found.Calls {
		for _, p := range call.Properties {
			if len(p.Types) == 0 || p.Whole {
				continue
			}
			k := key{call.Event, p.Name}
			before, ok := first[k]
			if !ok {
				first[k], places[k] = p, call.Place
				if len(p.Types) > 1 {
					c.add(call.Place, "two-types", "%s: the property %s can be of the types %s", call.Event, p.Name, strings.Join(p.Types, " and "))
				}
				continue
			}
			if !slices.Equal(before.Types, p.Types) {
				c.add(call.Place, "two-types", "%s: the property %s is of the type %s here and of the type %s in %s", call.Event, p.Name,
					strings.Join(p.Types, " or "), strings.Join(before.Types, " or "), places[k])
			}
		}
	}
}

// nearNames looks for names that are likely one name, once mistyped.
func (c *checker) nearNames() {
	for i, a := range c.events {
		for _, b := range c.events[i+1:] {
			if !plan.OneEdit(a.Name, b.Name) || c.areMeant(a.Name, b.Name) {
				continue
			}
			if typo, other := rarer(c, a, b); !c.isSaid(typo.Name) {
				c.near(typo, other)
			}
		}
		c.nearProperties(a)
	}
	if c.plan != nil {
		return // what is near to the plan is an unknown event, which says so
	}
	for _, e := range c.events {
		if isCatalogued(e.Name) {
			continue
		}
		for _, m := range payloads() {
			if plan.OneEdit(e.Name, m) && !slices.ContainsFunc(c.events, func(o program.Event) bool { return o.Name == m }) {
				f := c.add(e.Calls[0], "near-name", "the event %s is one edit from %s of the platform's catalogue", e.Name, m)
				f.Old, f.New = e.Name, m
			}
		}
	}
}

// areMeant reports whether people have written in the plan what each of two events is.
func (c *checker) areMeant(a, b string) bool {
	if c.plan == nil {
		return false
	}
	x, y := c.plan.Events[a], c.plan.Events[b]
	return x != nil && y != nil && x.Description != "" && y.Description != ""
}

// isSaid reports whether an event is one that the plan does not have but nearly: that is
// said already.
func (c *checker) isSaid(event string) bool {
	return c.plan != nil && c.plan.Events[event] == nil && plan.Nearest(event, sortedNames(c.plan.Events)) != ""
}

// rarer orders two events so that the one that is more likely mistyped comes first.
func rarer(c *checker, a, b program.Event) (program.Event, program.Event) {
	planned := func(e program.Event) bool { return c.plan != nil && c.plan.Events[e.Name] != nil }
	switch {
	case planned(a) != planned(b):
		if planned(a) {
			return b, a
		}
		return a, b
	case isCatalogued(a.Name) != isCatalogued(b.Name):
		if isCatalogued(a.Name) {
			return b, a
		}
		return a, b
	case len(a.Calls) > len(b.Calls), len(a.Calls) == len(b.Calls) && len(a.Name) > len(b.Name):
		return b, a
	}
	return a, b
}

func (c *checker) near(typo, other program.Event) {
	for _, place := range typo.Calls {
		f := c.add(place, "near-name", "the event %s is one edit from %s (%s); are they one event?", typo.Name, other.Name, other.Calls[0])
		f.Old, f.New = typo.Name, other.Name
	}
}

// nearProperties looks at the properties of one event's calls: two that no call has
// both of.
func (c *checker) nearProperties(e program.Event) {
	for i, p := range e.Properties {
		for _, q := range e.Properties[i+1:] {
			if !plan.OneEdit(p.Name, q.Name) || !slices.Equal(p.Types, q.Types) {
				continue
			}
			var withP, withQ []program.Call
			both := false
			for _, call := range c.found.Calls {
				if call.Event != e.Name {
					continue
				}
				hasP, hasQ := has(&call, p.Name), has(&call, q.Name)
				both = both || hasP && hasQ
				if hasP {
					withP = append(withP, call)
				} else if hasQ {
					withQ = append(withQ, call)
				}
			}
			if both || len(withP) == 0 || len(withQ) == 0 {
				continue
			}
			var planned map[string]*plan.Property
			if c.plan != nil && c.plan.Events[e.Name] != nil && !c.plan.Events[e.Name].Open {
				planned = c.plan.Events[e.Name].Properties
			}
			if planned != nil && (planned[p.Name] == nil || planned[q.Name] == nil) {
				continue // what the plan does not have is said already
			}
			typo, name, other, calls := p.Name, q.Name, withQ[0], withP
			if len(withP) > len(withQ) {
				typo, name, other, calls = q.Name, p.Name, withP[0], withQ
			}
			for _, call := range calls {
				f := c.add(call.Place, "near-name", "%s: the property %s is one edit from %s (%s); are they one property?", e.Name, typo, name, other.Place)
				f.Old, f.New = typo, name
			}
		}
	}
}

// catalogue looks whether an event of the catalogue has what its payload requires.
func (c *checker) catalogue(call *program.Call) {
	for i := range catalogue.Envelope.Fields {
		payload := &catalogue.Envelope.Fields[i]
		if !payload.Payload || payload.Name != call.Event || payload.Name == "custom_event" || len(call.Open) > 0 {
			continue
		}
		for _, field := range payload.Message.Fields {
			if !field.Required {
				continue
			}
			at := slices.IndexFunc(call.Properties, func(p program.Property) bool { return p.Name == field.Name })
			if at < 0 {
				c.add(call.Place, "catalogue", "%s: the property %s is missing, which the platform's catalogue requires", call.Event, field.Name)
			} else if !call.Properties[at].Always {
				c.add(call.Place, "catalogue", "%s: the property %s is not always there, and the platform's catalogue requires it", call.Event, field.Name)
			}
		}
	}
}

// payloads are the names of the catalogue's events.
func payloads() (all []string) {
	for i := range catalogue.Envelope.Fields {
		if f := &catalogue.Envelope.Fields[i]; f.Payload && f.Name != "custom_event" {
			all = append(all, f.Name)
		}
	}
	return all
}

func isCatalogued(name string) bool { return slices.Contains(payloads(), name) }
