package command

import (
	"fmt"
	"go/token"
	"maps"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/rules"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/source"
)

func (c *command) check(args []string) error {
	flags := c.flags("check")
	c.planFlag(flags)
	var disabled rules.Disabled
	flags.Var(&disabled, "disable", "`rules` that are not applied, with commas between them; all: "+strings.Join(rules.Names(), ", "))
	fix := flags.Bool("fix", false, "apply the suggested fixes")
	if err := c.parse(flags, args); err != nil {
		return err
	}
	p, err := c.readPlan()
	if err != nil {
		return err
	}
	l, err := c.load(flags.Args())
	if err != nil {
		return err
	}
	found := l.Calls()
	planned := p
	if p == nil {
		planned = &plan.Plan{} // so that what would be sent is listed
	}
	sources := source.New(l.Fset, slices.Collect(maps.Values(l.Files))...)
	var edits []source.Edit
	fixed := map[string]bool{}
	n := 0
	for _, f := range rules.Check(planned, found) {
		if slices.Contains(disabled, f.Rule) || sources.IsExcused(f.Place) {
			continue
		}
		n++
		at := token.Position{Filename: relative(f.Place.File), Line: f.Place.Line, Column: f.Place.Column}
		fmt.Fprintf(c.stdout, "%s: %s (%s)\n", at, f.Message, f.Rule)
		if edit, ok := sources.Fix(f.Place, f.Old, f.New); ok {
			if *fix {
				edits = append(edits, edit)
				fixed[f.New] = true
				fmt.Fprintf(c.stdout, "\tfixed: %q is now %q\n", f.Old, f.New)
			} else {
				fmt.Fprintf(c.stdout, "\tfix: write %q in place of %q\n", f.New, f.Old)
			}
		}
	}
	if p == nil && len(found.Calls) > 0 {
		if above := c.planAbove(); above != "" {
			fmt.Fprintf(c.stderr, "causality-plan: there is no %s here; for the one above: -plan %s\n", c.plan, above)
		} else {
			fmt.Fprintf(c.stderr, "causality-plan: there is no %s yet; causality-plan update writes it\n", c.plan)
		}
	}
	c.lost(p, found, fixed)
	if err := source.Apply(edits); err != nil {
		return err
	}
	if n > 0 {
		return errFound
	}
	return nil
}

// lost says which events of the plan the code no longer has. That is no fault of a call,
// and the plan's next update removes them. Those that a fix has written are there.
func (c *command) lost(p *plan.Plan, found program.Result, fixed map[string]bool) {
	if p == nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(p.Events)) {
		if !p.Events[name].Deprecated && !fixed[name] && !slices.ContainsFunc(found.Calls, func(call program.Call) bool { return call.Event == name }) {
			fmt.Fprintf(c.stderr, "causality-plan: note: %s has the event %s, which these packages do not track\n", c.plan, name)
		}
	}
}
