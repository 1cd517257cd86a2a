// Package endtoend holds what the command of that name prints as JSON.
package endtoend

import (
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

// Result is what one run took.
type Result struct {
	Library string
	Events  int // tracked
	Tally   sink.Tally
	Wall    time.Duration
	CPU     time.Duration // user and system
	Peak    int64         // resident bytes, the most at a time
}

// PerEvent is the processor time for each event that arrived.
func (r Result) PerEvent() time.Duration {
	return time.Duration(float64(r.CPU) / float64(max(r.Tally.Events, 1)))
}

// PerRequest is how many events a request carried.
func (r Result) PerRequest() int {
	return max(1, (r.Tally.Events+r.Tally.Requests/2)/max(r.Tally.Requests, 1))
}

// Lost is the share of the events that did not arrive.
func (r Result) Lost() float64 {
	return float64(r.Events-r.Tally.Events) / float64(max(r.Events, 1))
}
