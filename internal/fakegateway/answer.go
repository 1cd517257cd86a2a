package fakegateway

import (
	"math"
	"net/http"
	"strconv"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// An Answer says what becomes of one request. [Gateway.Script] and
// [Gateway.Always] take it; the functions below make it and its methods refine
// it:
//
//	rec.Script(
//		causalitytest.Status(503).Times(2),
//		causalitytest.Hang().Storing(3),
//	)
//
// The zero Answer is [Accept].
type Answer struct {
	act    action
	reply  reply                        // of replyAct
	reject func(causality.Event) string // of gatewayAct
	choose func(Request) Answer         // decides instead of all else

	delay   time.Duration
	storing bool
	limit   int // how many events are stored, if storing
	extra   int // how often to repeat it
}

type action uint8

const (
	gatewayAct action = iota // the gateway's own rules
	replyAct
	hangAct
	breakAct      // before the body was read
	breakAfterAct // after it was read
)

// mayFail reports whether the answer may keep events from being delivered.
func (a Answer) mayFail() bool {
	return a.act != gatewayAct || a.reject != nil || a.choose != nil || a.delay > 0
}

// Accept lets the gateway's own rules decide, as without a script. It fills the
// place of a request in a script that is not to fail.
func Accept() Answer { return Answer{} }

// Status answers with a status code and the body that the gateway, or Go's
// HTTP server, sends with it. No event is looked at or stored.
func Status(code int) Answer {
	return Answer{act: replyAct, reply: statusReply(code)}
}

// StatusRetryAfter is [Status] with a Retry-After header, in whole seconds
// rounded up.
func StatusRetryAfter(code int, after time.Duration) Answer {
	a := Status(code)
	if a.reply.header == nil {
		a.reply.header = make(http.Header)
	}
	a.reply.header.Set("Retry-After", strconv.FormatFloat(math.Ceil(after.Seconds()), 'f', 0, 64))
	return a
}

// Reply answers with just this status, header and body. The header may be nil.
// No event is looked at or stored.
func Reply(code int, header http.Header, body string) Answer {
	return Answer{act: replyAct, reply: reply{code, header.Clone(), []byte(body)}}
}

// Violation refuses the whole request as the gateway refuses content: status
// 400 and one violation, for example
//
//	Violation("events.device_id", "value length must be at least 1 characters")
//	Violation("body", "failed to parse request body: …")
//
// Neither names an event, unless the description holds a place such as
// "(line 3:227)". No event is looked at or stored.
func Violation(field, description string) Answer {
	return Answer{act: replyAct, reply: violationReply([]violation{{field, description}})}
}

// Reject answers 200 and, among the events that the gateway would accept,
// rejects those for which why returns a reason; "" accepts the event. As the
// gateway does, it remembers the idempotency key of an event whose reason
// begins with "failed to publish event: ", and of no other rejected one.
func Reject(why func(event causality.Event) string) Answer {
	return Answer{reject: why}
}

// Hang reads the request and does not answer until its context ends: the client
// runs into its timeout. Nothing is stored, as if the request had been lost on
// the way; Hang().Storing(n) is the gateway that was too slow.
func Hang() Answer { return Answer{act: hangAct} }

// Break drops the connection before the body is read. Nothing is stored.
func Break() Answer { return Answer{act: breakAct} }

// BreakAfter reads the request and drops the connection instead of answering.
// Nothing is stored, as if a proxy had failed; with [Answer.Storing] the
// gateway has.
func BreakAfter() Answer { return Answer{act: breakAfterAct} }

// AnswerFunc chooses the answer when the request is there and its body is read:
// for a gateway that fails for some content only.
//
//	rec.Always(causalitytest.AnswerFunc(func(req causalitytest.Request) causalitytest.Answer {
//		for _, e := range req.Events() {
//			if e.EventType == "poison" {
//				return causalitytest.Status(500)
//			}
//		}
//		return causalitytest.Accept()
//	}))
//
// Only what choose returns counts, with its own Delay and Storing. It is called
// on the goroutine of the request and must be safe for concurrent use.
func AnswerFunc(choose func(req Request) Answer) Answer {
	return Answer{choose: choose}
}

// Times repeats the answer for n requests of a script. [Gateway.Always] has no
// use for it.
func (a Answer) Times(n int) Answer {
	a.extra = n - 1
	return a
}

// Delay lets d pass between reading the request and answering. A request whose
// context ends before is given up, and nothing of it is stored unless
// [Answer.Storing] says so.
func (a Answer) Delay(d time.Duration) Answer {
	a.delay = d
	return a
}

// Storing lets the request take effect whatever becomes of its answer, which is
// then the outcome that nobody knows: of the events that the gateway accepts
// the first n are stored, and the idempotency keys of all of them count as
// seen. So the real gateway behaves when its client goes away too early; the
// events beyond n are lost if they come again under the same keys. An n of at
// least the size of the request stores all: only the answer is lost.
//
// Accept().Storing(n) answers "accepted" for all of them, as the gateway does
// when its memory of keys is overcrowded.
func (a Answer) Storing(n int) Answer {
	a.storing, a.limit = true, n
	return a
}
