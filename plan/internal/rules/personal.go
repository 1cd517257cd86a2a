package rules

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
)

// properties looks for what should not leave the process: the plain form sends what was
// meant for the log, the group form only what is listed for the event.
func (c *checker) properties(call *program.Call) {
	if !call.Plain {
		return
	}
	for _, p := range call.Properties {
		// A flag or a count of it is not the thing itself.
		if len(p.Types) > 0 && !slices.Contains(p.Types, "string") || !c.plan.IsPersonal(p.Name) {
			continue
		}
		c.add(call.Place, "personal-data", "%s: the property %s looks like personal data or a secret; the plain form sends it with all else on the line, the group form would not", call.Event, p.Name)
	}
}
