package command

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
)

func (c *command) update(args []string) error {
	flags := c.flags("update")
	c.planFlag(flags)
	if err := c.parse(flags, args); err != nil {
		return err
	}
	before, err := c.readPlan()
	if err != nil {
		return err
	}
	l, err := c.load(flags.Args())
	if err != nil {
		return err
	}
	p := updated(before, l.Calls().Events())
	data, err := p.Marshal()
	if err != nil {
		return err
	}
	if old, err := os.ReadFile(c.plan); err == nil && bytes.Equal(old, data) {
		return nil // its time stays too
	}
	if err := os.WriteFile(c.plan, data, 0o666); err != nil {
		return err
	}
	fmt.Fprintf(c.stderr, "causality-plan: %s has %d events\n", c.plan, len(p.Events))
	if before != nil {
		for _, name := range slices.Sorted(maps.Keys(before.Events)) {
			if p.Events[name] == nil {
				fmt.Fprintf(c.stderr, "causality-plan: note: it no longer has the event %s, which these packages do not track\n", name)
			}
		}
	}
	return nil
}

// updated is the plan with the events of the code, and all that people have written of
// them. An event that the code has lost stays if it is deprecated.
func updated(before *plan.Plan, events []program.Event) *plan.Plan {
	p := &plan.Plan{Events: map[string]*plan.Event{}}
	if before != nil {
		p.Personal = before.Personal
		for name, e := range before.Events {
			if e.Deprecated {
				p.Events[name] = e
			}
		}
	}
	for _, found := range events {
		e := &plan.Event{}
		if before != nil && before.Events[found.Name] != nil {
			e = before.Events[found.Name]
		}
		old := e.Properties
		e.Identity = found.Identity
		e.Properties, e.Required, e.Open = map[string]*plan.Property{}, nil, found.Open
		for _, q := range found.Properties {
			property := old[q.Name]
			if property == nil {
				property = &plan.Property{}
			}
			property.Types = q.Types
			e.Properties[q.Name] = property
			if q.Always {
				e.Required = append(e.Required, q.Name)
			}
		}
		slices.Sort(e.Required)
		p.Events[found.Name] = e
	}
	return p
}
