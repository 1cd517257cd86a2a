package faults

import (
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func outages() []*Fault {
	return []*Fault{
		{
			Name: "nothing is wrong", Events: someEvents, PerSecond: perSecond, Wire: true,
			Want: Want{Quiet: true, Requests: 25},
		},
		{
			Name: "connections are refused for 10 minutes", Events: 6000, PerSecond: 10,
			Setup: noDial(10*time.Minute, errRefused),
			Want:  Want{Says: []string{saysFailed, saysResumed}},
		},
		{
			Name: "503 for 10 minutes, and the queue holds 2 MB", Events: 6000, PerSecond: 10,
			Config: func(cfg *causality.Config) { cfg.MaxQueueBytes = 2_000_000 },
			Setup:  during(10*time.Minute, Status(503)),
			Want:   Want{QueueFull: true, Says: []string{saysFailed, saysResumed, "the queue is full"}},
		},
		{
			Name: "503 and 200 by turns of 3 s, for a minute", Events: 2000, PerSecond: perSecond,
			Setup: func(*Gateway) Script {
				return func(_ int, at time.Duration) Act {
					if at < time.Minute && int(at/(3*time.Second))%2 == 0 {
						return Status(503)
					}
					return Accept
				}
			},
			Want: Want{Flush: either},
		},
		{
			Name: "a gateway of 100 events a second, offered 200", Events: 2000, PerSecond: 200,
			Setup: always(Slow(100, true)),
			Want:  Want{Quiet: true},
		},
		{
			Name: "a gateway of 10 events a second, offered 20", Events: 600, PerSecond: 20,
			Setup: always(Slow(10, true)),
			Want:  Want{Doubled: 300, SomeDouble: true, Uncertain: true, Flush: either},
		},
	}
}
