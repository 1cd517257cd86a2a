package faults

import (
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

func replies() []*Fault {
	stored := fakegateway.Accept()
	page := "<html><body>Please sign in to the guest network.</body></html>"
	return []*Fault{
		{
			Name: "the header of a 200 comes and its body does not, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Stall(stored)),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "the reply is cut short, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Truncate(stored)),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "the reply comes at a byte every 100 ms, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Trickle(stored, 100*time.Millisecond)),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "the reply is not HTTP, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Raw("\x16\x03\x01 what?\n\n")),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "200 with a sign-in page for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Reply(nothing(), func(string) string { return page })),
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{"does not add up", "sign in to the guest network", saysResumed}},
		},
		{
			Name: "200 with an empty body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string { return "" })),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "200 with a count that is wrong, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(stored, func(body string) string { return strings.Replace(body, `"acceptedCount":`, `"acceptedCount":1`, 1) })),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "200 about fewer events than were sent, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string {
				return `{"acceptedCount":1, "results":[{"eventId":"x", "status":"accepted"}]}`
			})),
			Want: Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "200 with results that nobody asked for, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string {
				return `{"acceptedCount":49, "rejectedCount":1, "results":[{"index":1000000, "status":"rejected", "error":"timestamp_ms is required"}]}`
			})),
			Want: Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "a reply without end, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, endless),
			Want:  Want{Uncertain: true, Quiet: true},
		},
		{
			Name: "a header without end, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, endlessHeader),
			Want:  Want{Uncertain: true, Quiet: true},
		},
	}
}

// endless answers 200 with a body that goes on until the client hangs up.
func endless(x *Exchange) bool {
	if x.read(-1) && x.write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10737418240\r\n\r\n{\"results\":[")) {
		x.pour([]byte(strings.Repeat(`{"status":"accepted"},`, 1000)))
	}
	return false
}

// endlessHeader answers 200 and goes on with one header line.
func endlessHeader(x *Exchange) bool {
	if x.read(-1) && x.write([]byte("HTTP/1.1 200 OK\r\nX-Padding: ")) {
		x.pour([]byte(strings.Repeat("0123456789abcdef", 1000)))
	}
	return false
}

// pour writes the same bytes again and again until the client hangs up.
func (x *Exchange) pour(b []byte) {
	for {
		if _, err := x.conn.Write(b); err != nil {
			return
		}
	}
}
