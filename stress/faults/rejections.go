package faults

import (
	"slices"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// gateway: why it rejects an event.
const (
	forGood = "timestamp_ms is required and must be > 0"
	forNow  = "failed to publish event: nats: no response from stream"
)

func rejections() []*Fault {
	rejecting := func(why string, bad ...int) fakegateway.Answer {
		names := make([]string, len(bad))
		for i, n := range bad {
			names[i] = eventName(n)
		}
		return fakegateway.Reject(func(e causality.Event) string {
			if slices.Contains(names, e.EventType) {
				return why
			}
			return ""
		})
	}
	noNATS := func(d time.Duration) func(*Gateway) Script {
		return during(d, storeNone)
	}
	return []*Fault{
		{
			Name: "the first event is rejected for good", Events: someEvents, PerSecond: perSecond,
			Setup: always(Answer(rejecting(forGood, 0))),
			Want:  Want{Rejected: 1, Requests: 25, Says: []string{"gateway rejected events", forGood, "e0"}},
		},
		{
			Name: "10 events are rejected for good", Events: someEvents, PerSecond: perSecond,
			Setup: always(Answer(rejecting(forGood, span(49, 10, 100)...))),
			Want:  Want{Rejected: 10, Requests: 25, Says: []string{"gateway rejected events", forGood}},
		},
		{
			Name: "an event is rejected for good, with words that a terminal obeys", Events: someEvents, PerSecond: perSecond,
			Setup: always(Answer(rejecting(forGood+"\nlevel=ERROR\x1b[2J\u009b\u202e", 0))),
			Want:  Want{Rejected: 1, Requests: 25, Says: []string{saysRejected, forGood}},
		},
		{
			Name: "10 events cannot be published, once", Events: someEvents, PerSecond: perSecond,
			Setup: first(20, Answer(rejecting(forNow, span(5, 10, 1)...))),
			Want:  Want{Requests: 25, Quiet: true},
		},
		{
			// It takes minutes of tries, and traffic that shows that it is the event
			// and not the gateway.
			Name: "1 event can never be published", Events: 20_000, PerSecond: perSecond,
			Setup: always(Answer(rejecting(forNow, 77))),
			Want:  Want{Rejected: 1, Requests: 440, Says: []string{"gateway rejected events", forNow, "e77"}},
		},
		{
			Name: "no event can be published for 5 s", Events: someEvents, PerSecond: perSecond,
			Setup: noNATS(5 * time.Second),
			Want:  Want{},
		},
		{
			Name: "no event can be published for a minute", Events: someEvents, PerSecond: perSecond,
			Setup: noNATS(time.Minute),
			Want:  Want{Flush: fails, Says: []string{saysFailed, "could store none of the events", saysResumed}},
		},
		{
			Name: "no event can be published for 10 minutes", Events: 6000, PerSecond: 10,
			Setup: noNATS(10 * time.Minute),
			Want:  Want{Says: []string{saysFailed, "could store none of the events", saysResumed}},
		},
	}
}

// storeNone takes requests and can store none of their events.
func storeNone(x *Exchange) bool {
	return Answer(fakegateway.Reject(func(causality.Event) string { return forNow }))(x)
}
