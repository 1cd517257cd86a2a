// Package rules says what of a program's events cannot be meant.
package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Finding is something that cannot be meant.
type Finding struct {
	Rule    string
	Place   term.Place
	Message string
	// Old and New are a string literal of the call and what it should be, if that is
	// known.
	Old, New string
}

// Rules are the names of the rules and what each finds.
var Rules = []struct{ Name, Finds string }{
	{"unknown-event", "an event that the plan does not have"},
	{"deprecated-event", "an event that the plan says is not to be tracked any more"},
	{"unknown-property", "a property that the plan's event does not have"},
	{"missing-property", "a call that does not always give a property which the plan requires"},
	{"wrong-type", "a property of another type than in the plan"},
	{"two-types", "two calls that give one property of an event two types"},
	{"near-name", "two names that are one edit apart"},
	{"not-constant", "an event whose name is not a constant"},
	{"not-snake-case", "a name that is not in snake_case"},
	{"too-long", "an event's name of over 256 bytes, which is cut"},
	{"dotted-key", "a key whose dot becomes a _ and makes it the same as another key"},
	{"catalogue", "an event of the catalogue without a property that its typed payload requires"},
	{"personal-data", "what looks like personal data or a secret and leaves with the plain form"},
	{"identity-type", "an identity key whose value has no plain text, so that it stays a property"},
}

// Check applies the rules to what a program tracks. A plan of nil is none: the rules that
// compare with one find nothing.
func Check(p *plan.Plan, found program.Result) []Finding {
	c := &checker{plan: p, found: found, events: found.Events()}
	for _, call := range found.Calls {
		c.call(&call)
	}
	for _, u := range found.Unknown {
		switch {
		case !u.NoName || u.Unseen:
		case u.Empty:
			c.add(u.Place, "not-constant", "%s", u.Why)
		default:
			c.add(u.Place, "not-constant", "%s; what varies is a property, never part of the name", u.Why)
		}
	}
	c.twoTypes()
	c.nearNames()
	slices.SortStableFunc(c.findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Place.File, b.Place.File), cmp.Compare(a.Place.Line, b.Place.Line),
			cmp.Compare(a.Place.Column, b.Place.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(c.findings, func(a, b Finding) bool {
		return a.Place == b.Place && a.Rule == b.Rule && a.Message == b.Message
	})
}

type checker struct {
	plan     *plan.Plan
	found    program.Result
	events   []program.Event
	findings []Finding
}

func (c *checker) add(at term.Place, rule, format string, args ...any) *Finding {
	c.findings = append(c.findings, Finding{Rule: rule, Place: at, Message: fmt.Sprintf(format, args...)})
	return &c.findings[len(c.findings)-1]
}

func (c *checker) call(call *program.Call) {
	if c.plan != nil {
		c.againstPlan(call)
	}
	c.names(call)
	c.properties(call)
	c.catalogue(call)
	for _, key := range call.NotLifted {
		c.add(call.Place, "identity-type", "%s: the value of %s is no string and no whole number, so it says nothing of whom the event is about and stays a property", call.Event, key)
	}
}

// againstPlan compares a call with the plan.
func (c *checker) againstPlan(call *program.Call) {
	want, ok := c.plan.Events[call.Event]
	if !ok {
		c.unknownEvent(call)
		return
	}
	if want.Deprecated {
		c.add(call.Place, "deprecated-event", "the event %s is deprecated in the tracking plan", call.Event)
	}
	always := map[string]bool{}
	for _, p := range call.Properties {
		always[p.Name] = p.Always
		planned, ok := want.Properties[p.Name]
		if !ok {
			if !want.Open {
				f := c.add(call.Place, "unknown-property", "%s: the property %s is not in the tracking plan", call.Event, p.Name)
				if near := plan.Nearest(p.Name, sortedNames(want.Properties)); near != "" && !has(call, near) {
					f.Message += "; did you mean " + near + "?"
					f.Old, f.New = p.Name, near
				}
			}
			continue
		}
		if len(planned.Types) == 0 {
			continue
		}
		for _, t := range p.Types {
			if !slices.Contains(planned.Types, t) && !(t == "int" && p.Whole && slices.Contains(planned.Types, "float")) {
				c.add(call.Place, "wrong-type", "%s: the property %s is of the type %s here and of the type %s in the tracking plan",
					call.Event, p.Name, t, strings.Join(planned.Types, " or "))
			}
		}
	}
	if len(call.Open) > 0 {
		return // what is missing may be among what is not known
	}
	for _, name := range want.Required {
		if is, has := always[name]; !has {
			c.add(call.Place, "missing-property", "%s: the property %s is missing, which the tracking plan requires", call.Event, name)
		} else if !is {
			c.add(call.Place, "missing-property", "%s: the property %s is not always there, and the tracking plan requires it", call.Event, name)
		}
	}
}

func has(call *program.Call, name string) bool {
	return slices.ContainsFunc(call.Properties, func(p program.Property) bool { return p.Name == name })
}

func (c *checker) unknownEvent(call *program.Call) {
	if near := plan.Nearest(call.Event, sortedNames(c.plan.Events)); near != "" {
		f := c.add(call.Place, "unknown-event", "the event %s is not in the tracking plan; did you mean %s?", call.Event, near)
		f.Old, f.New = call.Event, near
		return
	}
	if call.Plain {
		c.add(call.Place, "unknown-event", "this line's event attribute makes it the analytics event %s, with all its attributes, which is not in the tracking plan", call.Event)
		return
	}
	c.add(call.Place, "unknown-event", "the event %s is not in the tracking plan", call.Event)
}

func sortedNames[T any](m map[string]T) []string {
	all := make([]string, 0, len(m))
	for name := range m {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}
