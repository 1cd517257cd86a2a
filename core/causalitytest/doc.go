// Package causalitytest lets tests see which events their code tracks. It is to
// package causality what net/http/httptest is to net/http:
//
//	package shop_test
//
//	import (
//		"testing"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
//	)
//
//	func TestCheckout(t *testing.T) {
//		client, rec := causalitytest.New(t)
//
//		checkout(client, "o-42") // the code under test
//
//		rec.Expect(t, "purchase_complete", "order_id", "o-42")
//	}
//
//	func checkout(client *causality.Client, order string) {
//		client.Track(causality.Event{
//			EventType:  "purchase_complete",
//			Properties: map[string]any{"order_id": order},
//		})
//	}
//
// The [Recorder] is not a mock that takes anything. It refuses what the real
// gateway refuses, with the gateway's status, body and words, and is tested
// against recorded exchanges with the gateway: what a test sees stored is what
// the gateway would have taken. It also remembers idempotency keys as the
// gateway does, and so answers "accepted" for an event that comes again, without
// storing it twice.
//
// What the code under test does when the gateway fails is a matter of
// [Recorder.Script]:
//
//	rec.Script(
//		causalitytest.StatusRetryAfter(429, time.Second),
//		causalitytest.Break().Times(2),
//		causalitytest.Hang(),
//	)
//
// Code that makes a client of its own takes the Recorder as Config.Transport,
// or an httptest.NewServer(rec) as its Endpoint. The loggers of slogcausality,
// zapcausality and zerologcausality work on the client of [New] as on any other.
//
// # Where the Recorder differs from the gateway
//
// It is stricter with what no client should send, because it harms the gateway
// for everyone: an event name with a carriage return in it is rejected, which
// the gateway takes, and so is an event whose name and app ID have 4000 bytes
// together, of which the gateway still took 4009. It does not fail further
// events after such a one. It refuses a number with an empty exponent (1e),
// which is not JSON. It names a field that is empty in several events once; what
// the gateway does then is not recorded.
//
// It serves /v1/events/batch alone, and JSON alone. It has no rate limit, and
// remembers keys for ever, not for five to ten minutes.
package causalitytest
