package faults

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
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
			Want:  unsure.doubling(150),
		},
		{
			Name: "the reply is cut short, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Truncate(stored)),
			Want:  unsure.doubling(150),
		},
		{
			Name: "the reply comes at a byte every 100 ms, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Trickle(stored, 100*time.Millisecond)),
			Want:  unsure.doubling(150),
		},
		{
			Name: "the reply is not HTTP, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Raw("\x16\x03\x01 what?\n\n")),
			Want:  unsure,
		},
		{
			Name: "200 with a sign-in page for 15 s", Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Reply(nothing(), func(string) string { return page })),
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{saysUnknown, "does not add up", "sign in to the guest network", saysResumed}},
		},
		{
			Name: "200 with an empty body, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string { return "" })),
			Want:  unsure,
		},
		{
			Name: "200 with a count that is wrong, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(stored, func(body string) string { return strings.Replace(body, `"acceptedCount":`, `"acceptedCount":1`, 1) })),
			Want:  unsure.doubling(150),
		},
		{
			Name: "200 about fewer events than were sent, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string {
				return `{"acceptedCount":1, "results":[{"eventId":"x", "status":"accepted"}]}`
			})),
			Want: unsure,
		},
		{
			Name: "200 with results that nobody asked for, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, Reply(nothing(), func(string) string {
				return `{"acceptedCount":49, "rejectedCount":1, "results":[{"index":1000000, "status":"rejected", "error":"timestamp_ms is required"}]}`
			})),
			Want: unsure,
		},
		{
			Name: "a reply without end, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, endless),
			Want:  unsure,
		},
		{
			Name: "a header without end, 3 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(3, endlessHeader),
			Want:  unsure,
		},
		{
			Name: "101 Switching Protocols, and the connection stays open, 4 times", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: first(4, switching),
			Want:  Want{Flush: either, Errors: 4, Settled: 40 * time.Second, Says: []string{saysFailed, "gateway answered 101"}},
		},
		{
			Name: "a 200 that somebody compressed, though nobody asked", Events: someEvents, PerSecond: perSecond, Wire: true,
			Setup: always(compressed(stored)),
			Want:  Want{Quiet: true, Requests: 25},
		},
		odd(201, 3), odd(202, 3), odd(204, 3),
		{
			Name: "202 to everything for 15 s, and nothing is stored", Events: someEvents, PerSecond: perSecond,
			Setup: during(aWhile, Answer(fakegateway.Status(202))),
			Want:  Want{Flush: fails, Uncertain: true, Says: []string{saysFailed, saysUnknown, saysResumed, "the gateway answers 200"}},
		},
	}
}

// odd stores the events and answers with a success that the gateway never answers
// with.
func odd(code, times int) *Fault {
	return &Fault{
		Name: fmt.Sprintf("all is stored and the answer is %d %s, %d times", code, http.StatusText(code), times), Events: someEvents, PerSecond: perSecond,
		Setup: first(times, answering(fakegateway.Accept(), code)),
		Want:  unsure.doubling(50 * times).saying(fmt.Sprintf("gateway answered %d", code)),
	}
}

// answering lets the gateway have the request with the given answer, and answers with
// another status.
func answering(a fakegateway.Answer, code int) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		x.gateway.answer(x, a)
		return x.write(x.gateway.answer(x, fakegateway.Status(code)))
	}
}

// switching answers 101 and leaves the connection open, as a proxy does that takes
// the request for one to upgrade.
func switching(x *Exchange) bool {
	if x.read(-1) && x.write([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")) {
		<-x.gone
	}
	return false
}

// compressed answers 200 as the gateway does, with a reply that is compressed.
func compressed(a fakegateway.Answer) Act {
	return func(x *Exchange) bool {
		if !x.read(-1) {
			return false
		}
		_, reply, _ := strings.Cut(string(x.gateway.answer(x, a)), "\r\n\r\n")
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, reply)
		_ = w.Close() // into memory
		head := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n", b.Len())
		return x.write(append([]byte(head), b.Bytes()...))
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
