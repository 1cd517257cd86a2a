package faults

import (
	"net/http"
	"strconv"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

func waits() []*Fault {
	busy := func(name string, header func(at time.Duration) string, want Want) *Fault {
		return &Fault{
			Name: name, Events: someEvents, PerSecond: perSecond,
			Setup: func(*Gateway) Script {
				return func(n int, at time.Duration) Act {
					if at >= aWhile {
						return Accept
					}
					return Answer(fakegateway.Reply(429, http.Header{"Retry-After": {header(at)}}, "Too Many Requests"))
				}
			},
			Want: want,
		}
	}
	date := func(ahead time.Duration) func(time.Duration) string {
		return func(time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
	}
	text := func(s string) func(time.Duration) string {
		return func(time.Duration) string { return s }
	}
	waits := Want{Flush: either, Says: []string{saysFailed, "gateway answered 429"}}
	return []*Fault{
		{
			Name: "429 without Retry-After for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Status(429)),
			Want:  waits,
		},
		{
			Name: "429 without Retry-After, 5 times", Events: someEvents, PerSecond: perSecond,
			Setup: first(5, Status(429)),
			Want:  waits,
		},
		busy("429 with Retry-After of the seconds that are left of 15", func(at time.Duration) string {
			return strconv.Itoa(int((aWhile-at)/time.Second) + 1)
		}, Want{Requests: 30, Says: []string{saysFailed}}),
		busy("429 for 15 s with Retry-After as a date in 5 s", date(5*time.Second), Want{}),
		busy("429 for 15 s with Retry-After as a date, from a clock that is an hour ahead", date(time.Hour), Want{Requests: 30, Says: []string{saysFailed}}),
		busy("429 for 15 s with Retry-After as a date, from a clock that is an hour behind", date(-time.Hour), waits),
		busy("429 for 15 s with Retry-After of 9999999999", text("9999999999"), Want{Requests: 30, Says: []string{saysFailed}}),
		busy("429 for 15 s with Retry-After of -5", text("-5"), waits),
		busy("429 for 15 s with Retry-After of nonsense", text("soon\t\u202e"), waits),
		{
			Name: "503 with Retry-After of 20 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(20*time.Second, Answer(fakegateway.StatusRetryAfter(503, 20*time.Second))),
			Want:  Want{Requests: 30, Says: []string{saysFailed, "gateway answered 503"}},
		},
		{
			// Fewer requests are asked for, so they must hold more.
			Name: "429 to all but one request a second, at 500 events a second for a minute", Events: 30_000, PerSecond: 500,
			Setup: func(*Gateway) Script {
				next := time.Duration(0)
				return func(_ int, at time.Duration) Act {
					if at < next {
						return Status(429)
					}
					next = at + time.Second
					return Accept
				}
			},
			Want: Want{Flush: either, Requests: 200, Settled: 2 * time.Minute, Says: []string{saysFailed, "gateway answered 429"}},
		},
	}
}
