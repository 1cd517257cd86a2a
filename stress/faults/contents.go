package faults

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// poisoned takes every request but those with a bad event in it. For these it does
// what act says, which is given the number of the first such event in the request.
func poisoned(isBad func(event int) bool, act func(at int) Act) func(*Gateway) Script {
	return always(func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		if at := slices.IndexFunc(numbersIn(x.Body), isBad); at >= 0 {
			return act(at)(x)
		}
		return Accept(x)
	})
}

// refuse answers 400, as the gateway does to an event whose content it does not
// take.
func refuse(int) Act {
	return Answer(fakegateway.Violation("events.device_id", "value length must be at least 1 characters"))
}

// refuseByLine does so too, and names the line of the event.
func refuseByLine(at int) Act {
	return Answer(fakegateway.Violation("body", fmt.Sprintf("failed to parse request body: could not unmarshal request JSON: proto:\u00a0(line %d:7): unknown field \"nope\"", at+2)))
}

// refusing refuses every request with one of these events in it.
func refusing(named bool, bad ...int) func(*Gateway) Script {
	act := refuse
	if named {
		act = refuseByLine
	}
	return poisoned(func(event int) bool { return slices.Contains(bad, event) }, act)
}

// span returns n numbers from first, each so much after the one before.
func span(first, n, step int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = first + i*step
	}
	return numbers
}

const saysRejected = "gateway rejected events, which are dropped"

// company is long enough for an event to fail alone as often as it takes.
const company = 420

func contents() []*Fault {
	bad := func(name string, named bool, requests int, numbers ...int) *Fault {
		f := &Fault{
			Name: name, Events: 1000, Config: oneRequest,
			Setup: refusing(named, numbers...),
			Want:  Want{Rejected: len(numbers), Requests: requests, Says: []string{saysFailed, saysRejected}},
		}
		if !named {
			f.Company, f.Want.Flush = company, fails
		}
		return f
	}
	return []*Fault{
		bad("1 bad event of 1000, named by its line", true, 4, 500),
		bad("2 bad events of 1000, named by their lines", true, 8, 0, 999),
		bad("10 bad events of 1000, named by their lines", true, 30, span(7, 10, 97)...),
		bad("10 bad events of 1000 that stand together, named by their lines", true, 30, span(333, 10, 1)...),
		bad("1 bad event of 1000", false, 100, 613),
		bad("2 bad events of 1000", false, 160, 21, 801),
		bad("10 bad events of 1000", false, 600, span(41, 10, 97)...),
		bad("10 bad events of 1000 that stand together", false, 300, span(333, 10, 1)...),
		bad("3 bad events of 1000: the first, the middle and the last", false, 200, 0, 500, 999),
		{
			Name: "1 bad event among 1000", Events: someEvents, PerSecond: perSecond, Company: company,
			Setup: refusing(false, 613),
			Want:  Want{Rejected: 1, Requests: 90, Flush: either, Says: []string{saysFailed, saysRejected, "e613"}},
		},
		{
			// There is nothing to compare it with.
			Name: "the only event is bad", Events: 1,
			Setup: refusing(false, 0),
			Want:  Want{Closed: 1, Requests: 60, Flush: fails, Says: []string{saysFailed, "closed with events undelivered"}},
		},
		{
			Name: "the only event is bad, and others come later", Events: 1, Company: company,
			Setup: refusing(false, 0),
			Want:  Want{Rejected: 1, Requests: 90, Flush: fails, Says: []string{saysFailed, saysRejected, "e0"}},
		},
		{
			Name: "every event is refused for a minute", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, refuse(0)),
			Want:  Want{Flush: fails, Requests: 60, Says: []string{saysFailed, saysResumed, "if every event is refused, check that Endpoint is the gateway"}},
		},
		{
			// By a gateway of another version, which does not know a field that every
			// event has.
			Name: "every event is refused for a minute, named by its line", Events: someEvents, PerSecond: perSecond,
			Setup: during(time.Minute, refuseByLine(0)),
			Want:  Want{Flush: fails, Requests: 60, Says: []string{saysFailed, saysResumed, "if every event is refused, check that Endpoint is the gateway"}},
		},
	}
}

// poisons are the ways in which a bad event makes its request fail.
var poisons = []struct {
	name string
	act  func(at int) Act
	// slow: the client waits for Timeout each time, so there are fewer of them.
	slow bool
	// unsure: the client cannot know what became of the request.
	unsure bool
}{
	{"make it answer 403, as a firewall does", func(int) Act { return Status(403) }, false, false},
	{"make it answer 404", func(int) Act { return Status(404) }, false, false},
	{"make it answer 500", func(int) Act { return Status(500) }, false, false},
	{"make it answer 408", func(int) Act { return Status(408) }, false, true},
	{"make a proxy answer 502", func(int) Act { return Status(502) }, false, true},
	{"break the connection", func(int) Act { return HangUpAfter(nothing()) }, false, true},
	{"make it answer with a page", func(int) Act {
		return Reply(nothing(), func(string) string { return "<html>sorry</html>" })
	}, false, true},
	{"make it answer nothing at all", func(int) Act { return Silence(nothing()) }, true, true},
	{"make it answer 400", refuse, false, false},
	{"make it answer 400 and name the line", refuseByLine, false, false},
}

// badEvents are faults that one event in fifty causes, or one in a thousand.
func badEvents() []*Fault {
	const events, perSecond = 6000, 10
	const healthy = events/50 + company/30
	var faults []*Fault
	for _, p := range poisons {
		one, share := 50, "2 %"
		if p.slow {
			one, share = 1000, "0.1 %"
		}
		for _, arrangement := range []string{"scattered", "in bursts"} {
			bad := make(map[int]bool)
			rng := rand.New(rand.NewPCG(7, 0))
			for len(bad) < events/one {
				if at := rng.IntN(events); arrangement == "scattered" {
					bad[at] = true
				} else {
					for i := at; i < min(at+events/one/3, events) && len(bad) < events/one; i++ {
						bad[i] = true
					}
				}
			}
			f := &Fault{
				Name: fmt.Sprintf("%s of the events %s, %s", share, p.name, arrangement), Events: events, PerSecond: perSecond, Company: company,
				Setup:   poisoned(func(event int) bool { return bad[event] }, p.act),
				Healthy: healthy,
				Want: Want{
					Rejected: len(bad), Requests: 25 * healthy, Flush: either, Uncertain: p.unsure,
					Says: []string{saysFailed, saysRejected},
				},
			}
			if p.unsure {
				f.Want = f.Want.saying(saysUnknown)
			}
			faults = append(faults, f)
		}
	}
	return faults
}

// badAtClose are faults of a few events that wait when the client is closed.
func badAtClose() []*Fault {
	var faults []*Fault
	for _, p := range poisons {
		f := &Fault{
			Name: "2 of 40 events " + p.name, Events: 40, Company: company,
			Setup: poisoned(func(event int) bool { return event == 11 || event == 30 }, p.act),
			Want: Want{
				Rejected: 2, Flush: either, Uncertain: p.unsure, Left: 2, Says: []string{saysFailed, saysRejected},
			},
		}
		if p.slow {
			f.Want.Left = 10 // it has 15 s for all of them
		}
		faults = append(faults, f)
	}
	return faults
}

// replicas are faults of one gateway among several, which answers badly to whatever
// it is sent.
func replicas() []*Fault {
	oneOf := func(n int, name string, act Act) *Fault {
		return &Fault{
			Name: fmt.Sprintf("one of %d replicas %s", n, name), Events: 20_000, PerSecond: 100, Company: company,
			Healthy: 20_000/50 + company/30,
			Setup: func(*Gateway) Script {
				rng := rand.New(rand.NewPCG(uint64(n), 0))
				return func(int, time.Duration) Act {
					if rng.IntN(n) == 0 {
						return act
					}
					return Accept
				}
			},
			Want: Want{Flush: either, Says: []string{saysFailed}},
		}
	}
	reset := oneOf(3, "ends connections inside the body", HangUpInside)
	reset.Want.Uncertain = true
	return []*Fault{
		oneOf(3, "answers 400 to everything", refuse(0)),
		oneOf(3, "answers 400 to everything and names the first line", refuseByLine(0)),
		oneOf(3, "answers 403 to everything", Status(403)),
		oneOf(3, "answers 500 to everything", Status(500)),
		oneOf(2, "answers 500 to everything", Status(500)),
		reset,
	}
}
