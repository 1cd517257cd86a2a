// Package guard has the snippet of plan.md that holds a running program to its plan.
package guard

import (
	"log"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/plan"
)

// Configure reads the plan and puts it before every event.
func Configure(cfg *causality.Config) error {
	// snippet: guard
	p, err := plan.Load("tracking-plan.json")
	if err != nil {
		return err
	}
	guard := p.Guard(plan.Warn, nil) // or plan.Drop, plan.Off
	cfg.BeforeTrack = guard.BeforeTrack
	// end snippet
	log.Print(guard.Counts())
	return nil
}
