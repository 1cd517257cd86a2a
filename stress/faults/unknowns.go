package faults

import (
	"math"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// unknowns are the faults after which the gateway alone knows what it has
// stored, by default and with Config.ReuseKeys.
func unknowns() []*Fault {
	half := fakegateway.Accept().Storing(25)
	none := fakegateway.Accept().Storing(0)
	proxy := answering(half, 502)
	// restart stores the first three requests, loses their answers and with the
	// next one all memory of them.
	restart := func(g *Gateway) Script {
		return func(n int, _ time.Duration) Act {
			if n < 3 {
				return HangUpAfter(fakegateway.Accept())
			}
			if n == 3 {
				g.restart()
			}
			return Accept
		}
	}
	var faults []*Fault
	both := func(name string, setup func(*Gateway) Script, reused, byDefault Want) {
		faults = append(faults,
			&Fault{Name: name, Events: someEvents, PerSecond: perSecond, Setup: setup, Want: byDefault},
			&Fault{Name: name + ", ReuseKeys", Events: someEvents, PerSecond: perSecond, Setup: setup, Want: reused, Config: reuseKeys})
	}
	const many = math.MaxInt
	said := []string{saysFailed, saysUnknown}
	both("keys are marked as seen, nothing is stored and no answer comes, 3 times", first(3, Silence(none)),
		Want{Uncertain: true, Vanished: 500, SomeVanish: true},
		Want{Uncertain: true})
	both("half of a request is stored and the connection ends, 3 times", first(3, HangUpAfter(half)),
		Want{Uncertain: true, Vanished: 75, SomeVanish: true, Says: said},
		Want{Uncertain: true, Doubled: 75, SomeDouble: true, Says: said})
	both("all is stored and the answer is lost, 3 times", first(3, HangUpAfter(fakegateway.Accept())),
		Want{Uncertain: true, Says: said},
		Want{Uncertain: true, Doubled: 150, SomeDouble: true, Says: said})
	both("all is stored, the answer is lost, and the gateway restarts and forgets its keys", restart,
		Want{Uncertain: true, Doubled: 150, SomeDouble: true, Says: said},
		Want{Uncertain: true, Doubled: 150, SomeDouble: true, Says: said})
	both("a proxy answers 502 for a gateway that has stored half, 3 times", first(3, proxy),
		Want{Uncertain: true, Vanished: 75, SomeVanish: true, Says: said},
		Want{Uncertain: true, Doubled: 75, SomeDouble: true, Says: said})
	both("the gateway's memory of keys is overcrowded: it answers accepted and stores half, 3 times", first(3, Answer(half)),
		Want{Vanished: many, SomeVanish: true, Quiet: true},
		Want{Vanished: many, SomeVanish: true, Quiet: true})
	return faults
}
