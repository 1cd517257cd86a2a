// Package scaling has the arithmetic of docs/scaling.md.
package scaling

import "time"

// snippet: formulas
const (
	eventBytes = 500                    // an event, encoded
	perEvent   = 180 * time.Microsecond // the gateway stores the events of a request one after the other
)

// requestTime is how long the gateway takes for a request of so many events.
func requestTime(batch int, roundTrip time.Duration) time.Duration {
	return roundTrip + time.Duration(batch)*perEvent
}

// perProcess is the most events a second that one process can send.
func perProcess(batch, inFlight int, roundTrip time.Duration) float64 {
	return float64(batch*inFlight) / requestTime(batch, roundTrip).Seconds()
}

// requestRate is the requests a second of all processes together, each tracking
// rate events a second: a request for each full batch, or one an interval.
func requestRate(processes int, rate float64, batch int, interval time.Duration) float64 {
	return float64(processes) * max(rate/float64(batch), min(rate, 1/interval.Seconds()))
}

// outage is how long the gateway may be away before events are dropped.
func outage(maxQueueBytes int, rate float64) time.Duration {
	return time.Duration(float64(maxQueueBytes) / eventBytes / rate * float64(time.Second))
}

// recovery is how long the backlog of an outage takes to drain, if the gateway
// can take capacity events a second and rate come meanwhile.
func recovery(lasted time.Duration, rate, capacity float64) time.Duration {
	return time.Duration(lasted.Seconds() * rate / (capacity - rate) * float64(time.Second))
}

// end snippet
