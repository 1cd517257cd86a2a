package faults

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// mood is what becomes of the requests for a while.
type mood struct {
	name string
	// play answers a request with an answer that says what the gateway makes of
	// it.
	play func(a fakegateway.Answer) Act
	// unread: the gateway does not get to see the events.
	unread bool
	// unsure: the client does not get the answer.
	unsure bool
	// hidden: the client gets an answer of somebody else's.
	hidden bool
	// stall: some events cannot be published.
	stall bool
}

func moods() []mood {
	status := func(code int) mood {
		return mood{name: strconv.Itoa(code), unread: true, play: func(fakegateway.Answer) Act { return Status(code) }}
	}
	busy := func(code int) mood {
		return mood{name: strconv.Itoa(code) + " with Retry-After", unread: true, play: func(fakegateway.Answer) Act {
			return Answer(fakegateway.StatusRetryAfter(code, time.Second))
		}}
	}
	unread := func(name string, act Act) mood {
		return mood{name: name, unread: true, play: func(fakegateway.Answer) Act { return act }}
	}
	unsure := func(name string, play func(fakegateway.Answer) Act) mood {
		return mood{name: name, unsure: true, play: play}
	}
	return []mood{
		{name: "well", play: Answer},
		{name: "slow", play: func(a fakegateway.Answer) Act { return Answer(a.Delay(200 * time.Millisecond)) }},
		{name: "some cannot be published", play: Answer, stall: true},
		status(503), status(500), status(507), status(401), status(404), status(408), busy(429), busy(503),
		{name: "one of three replicas refuses everything", play: func(a fakegateway.Answer) Act {
			return func(x *Exchange) bool {
				if n, _ := strconv.Atoi(x.name); n%3 == 0 {
					return refuse(0)(x)
				}
				return Answer(a)(x)
			}
		}},
		{name: "compressed", play: compressed},
		unread("101 and an open connection", switching),
		unread("connection ends before the body", HangUp),
		unread("connection ends inside the body", HangUpInside),
		unread("not HTTP", Raw("\x00\x01\x02\n\n")),
		unread("a sign-in page", Raw("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")),
		unsure("connection ends after the body", HangUpAfter),
		unsure("no answer", Silence),
		unsure("no body", Stall),
		unsure("half a reply", Truncate),
		unsure("a reply in trickles", func(a fakegateway.Answer) Act { return Trickle(a, ChaosTimeout/50) }),
		unsure("a wrong count", func(a fakegateway.Answer) Act {
			return Reply(a, func(body string) string { return strings.Replace(body, `"acceptedCount":`, `"acceptedCount":1`, 1) })
		}),
		unsure("202", func(a fakegateway.Answer) Act { return answering(a, 202) }),
		unsure("204", func(a fakegateway.Answer) Act { return answering(a, 204) }),
		{name: "a proxy's 502", unsure: true, hidden: true, play: func(a fakegateway.Answer) Act { return answering(a, http.StatusBadGateway) }},
	}
}
