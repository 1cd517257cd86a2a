package faults

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// refusing refuses every request with one of these events in it. Named, it says
// on which line the first of them stands.
func refusing(named bool, bad ...int) func(*Gateway) Script {
	names := make([]string, len(bad))
	for i, n := range bad {
		names[i] = `"event_name":"` + eventName(n) + `"`
	}
	return always(func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		answer := fakegateway.Accept()
		for i, line := range strings.Split(string(x.Body), "\n") {
			if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(line, name) }) {
				answer = fakegateway.Violation("events.device_id", "value length must be at least 1 characters")
				if named {
					answer = fakegateway.Violation("body", fmt.Sprintf("failed to parse request body: could not unmarshal request JSON: proto:\u00a0(line %d:7): unknown field \"nope\"", i+1))
				}
				break
			}
		}
		return x.write(x.gateway.answer(x, answer))
	})
}

// span returns n numbers from first, each so much after the one before.
func span(first, n, step int) []int {
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = first + i*step
	}
	return numbers
}

func contents() []*Fault {
	const saysRejected = "gateway rejected events, which are dropped"
	bad := func(name string, named bool, requests int, numbers ...int) *Fault {
		return &Fault{
			Name: name, Events: 1000, Config: oneRequest,
			Setup: refusing(named, numbers...),
			Want:  Want{Rejected: len(numbers), Requests: requests, Says: []string{saysRejected}},
		}
	}
	everything := func(named bool) func(*Gateway) Script {
		if named {
			return during(time.Minute, nameFirst)
		}
		return during(time.Minute, refuseAll)
	}
	return []*Fault{
		bad("1 bad event of 1000, named by its line", true, 2, 500),
		bad("2 bad events of 1000, named by their lines", true, 3, 0, 999),
		bad("10 bad events of 1000, named by their lines", true, 12, span(7, 10, 97)...),
		bad("10 bad events of 1000 that stand together, named by their lines", true, 12, span(333, 10, 1)...),
		bad("1 bad event of 1000", false, 20, 613),
		bad("2 bad events of 1000", false, 40, 21, 801),
		bad("10 bad events of 1000", false, 130, span(41, 10, 97)...),
		bad("10 bad events of 1000 that stand together", false, 40, span(333, 10, 1)...),
		{
			// The three that are sent alone to learn whether the gateway refuses
			// everything.
			Name: "3 bad events of 1000: the first, the middle and the last", Events: 1000, Config: oneRequest,
			Setup: refusing(false, 0, 500, 999),
			Want:  Want{Rejected: 3, Requests: 60, Flush: fails, Says: []string{saysRejected, saysPaused}},
		},
		{
			Name: "1 bad event among 1000", Events: someEvents, PerSecond: perSecond,
			Setup: refusing(false, 613),
			Want:  Want{Rejected: 1, Requests: 50, Says: []string{saysRejected, "e613"}},
		},
		{
			Name: "the only event is bad", Events: 1,
			Setup: refusing(false, 0),
			Want:  Want{Rejected: 1, Flush: fails, Says: []string{saysPaused, saysRejected, "e0"}},
		},
		{
			Name: "every event is refused for a minute", Events: someEvents, PerSecond: perSecond,
			Setup: everything(false),
			Want:  Want{Flush: fails, Says: []string{saysPaused, saysResumed, "the gateway refuses every event"}},
		},
		{
			// One of another version, which does not know a field of every event.
			Name: "every event is refused for a minute, named by its line", Events: someEvents, PerSecond: perSecond,
			Setup: everything(true),
			Want:  Want{Flush: fails, Says: []string{saysPaused, saysResumed, "the gateway refuses every event"}},
		},
	}
}

// refuseAll refuses whatever it is sent, for its content.
func refuseAll(x *Exchange) bool {
	return Answer(fakegateway.Violation("events.device_id", "value length must be at least 1 characters"))(x)
}

// nameFirst does so too, as a gateway that does not know a field which every
// event has: it names the first event it meets.
func nameFirst(x *Exchange) bool {
	return Answer(fakegateway.Violation("body", "failed to parse request body: could not unmarshal request JSON: proto: (line 2:7): unknown field \"device_context\""))(x)
}
