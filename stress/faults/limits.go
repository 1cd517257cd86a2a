package faults

import (
	"fmt"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// gateway: the words with which it refuses a body over its limit.
var tooLarge = fakegateway.Violation("body", "failed to parse request body: could not read request body: http: request body too large")

func limits() []*Fault {
	bodies := func(limit int, no fakegateway.Answer) func(*Gateway) Script {
		return always(func(x *Exchange) bool {
			if !x.read(-1) {
				return false
			}
			if len(x.Body) > limit {
				return x.write(x.gateway.answer(x, no))
			}
			return x.write(x.gateway.answer(x, fakegateway.Accept()))
		})
	}
	counts := func(limit int) func(*Gateway) Script {
		return always(func(x *Exchange) bool {
			if !x.read(-1) {
				return false
			}
			if x.record.Events > limit {
				return x.write(x.gateway.answer(x, fakegateway.Reply(500, nil, `{"message":"batch exceeds maximum event count"}`)))
			}
			return x.write(x.gateway.answer(x, fakegateway.Accept()))
		})
	}
	return []*Fault{
		{
			Name: "bodies over 10 KB are refused with 400", Events: someEvents, PerSecond: perSecond,
			Setup: bodies(10_000, tooLarge),
			Want:  Want{Requests: 100, Says: []string{saysFailed}},
		},
		{
			Name: "bodies over 10 KB are refused with 413", Events: someEvents, PerSecond: perSecond,
			Setup: bodies(10_000, fakegateway.Status(413)),
			Want:  Want{Requests: 100, Says: []string{saysFailed}},
		},
		{
			Name: "requests of more than 20 events are refused", Events: someEvents, PerSecond: perSecond,
			Setup: counts(20),
			Want:  Want{Requests: 100, Says: []string{saysFailed}},
		},
		{
			Name: "413 for everything for a minute", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, Status(413)),
			Want:  Want{Flush: fails, Requests: 60, Says: []string{saysFailed, saysResumed, "gateway answered 413"}},
		},
		{
			Name: fmt.Sprintf("one event of 300 KB among %d, and bodies over 200 KB are refused", someEvents), Events: someEvents, PerSecond: perSecond,
			Config:  padded(300_000, "e300"),
			Company: company,
			Setup:   bodies(200_000, tooLarge),
			Want:    Want{Rejected: 1, Flush: either, Requests: 80, Says: []string{saysRejected, "e300"}},
		},
		{
			Name: "2 events of 900 KB a second, for 30 s", Events: 60, PerSecond: 2,
			Config: padded(900_000),
			Want:   Want{Quiet: true},
		},
		{
			Name: "a queue of 10 KB (MaxQueueBytes)", Events: 6000, PerSecond: perSecond,
			Config: func(cfg *causality.Config) { cfg.MaxQueueBytes = 10_000 },
			Want:   Want{Quiet: true},
		},
	}
}
