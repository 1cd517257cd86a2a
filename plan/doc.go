// Package plan keeps a program to its tracking plan: the list of its events, with the
// properties of each and their types. The plan is a file, tracking-plan.json, that the
// command causality-plan reads out of the program's code:
//
//	go run github.com/SebastienMelki/causality/sdk/go/plan/cmd/causality-plan update ./...
//
// This package reads that file while the program runs, for what the code does not show
// (a name or a key that is computed), and in tests:
//
//	p, err := plan.Load("tracking-plan.json")
//	if err != nil {
//		return err
//	}
//	cfg.BeforeTrack = p.Guard(plan.Warn, nil).BeforeTrack
//
// In a test, [Plan.Check] is what causalitytest.WithCheck takes: the test fails on an
// event that is not in the plan.
package plan
