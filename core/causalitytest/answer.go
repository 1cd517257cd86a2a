package causalitytest

import (
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// An Answer says what becomes of one request. [Recorder.Script] and
// [Recorder.Always] take it; the functions below make it and its methods refine
// it:
//
//	rec.Script(
//		causalitytest.Status(503).Times(2),
//		causalitytest.Accept().Delay(time.Second),
//	)
//
// The zero Answer is [Accept].
type Answer struct{ play fakegateway.Answer }

// Accept lets the gateway's own rules decide, as without a script. It fills the
// place of a request in a script that is not to fail.
func Accept() Answer { return Answer{} }

// Status answers with a status code and the body that the gateway, or Go's
// HTTP server, sends with it. No event is looked at or stored.
func Status(code int) Answer { return Answer{fakegateway.Status(code)} }

// StatusRetryAfter is [Status] with a Retry-After header, in whole seconds
// rounded up.
func StatusRetryAfter(code int, after time.Duration) Answer {
	return Answer{fakegateway.StatusRetryAfter(code, after)}
}

// Reject answers 200 and, among the events that the gateway would accept,
// rejects those for which why returns a reason; "" accepts the event. As the
// gateway does, it remembers the idempotency key of an event whose reason
// begins with "failed to publish event: ", and of no other rejected one.
func Reject(why func(event causality.Event) string) Answer { return Answer{fakegateway.Reject(why)} }

// Hang reads the request and does not answer until its context ends: the client
// runs into its timeout. Nothing is stored, as if the request had been lost on
// the way.
func Hang() Answer { return Answer{fakegateway.Hang()} }

// Break drops the connection before the body is read. Nothing is stored.
func Break() Answer { return Answer{fakegateway.Break()} }

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
// Only what choose returns counts, with its own Delay. It is called on a goroutine
// of its own and must be safe for concurrent use. It may call t.Fatal: the request
// then has no answer, and all later ones are accepted.
func AnswerFunc(choose func(req Request) Answer) Answer {
	return Answer{fakegateway.AnswerFunc(func(req fakegateway.Request) fakegateway.Answer {
		return choose(Request(req)).play
	})}
}

// Times repeats the answer for n requests of a script. [Recorder.Always] has no
// use for it.
func (a Answer) Times(n int) Answer { return Answer{a.play.Times(n)} }

// Delay lets d pass between reading the request and answering. A request whose
// context ends before is given up, and nothing of it is stored.
func (a Answer) Delay(d time.Duration) Answer { return Answer{a.play.Delay(d)} }
