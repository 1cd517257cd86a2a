// Package causality sends product-analytics events from a Go service to a
// self-hosted Causality gateway.
//
//	package main
//
//	import (
//		"log"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv()) // CAUSALITY_ENDPOINT, _API_KEY, _APP_ID
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close() // last: it sends what still waits
//
//		client.Track(causality.Event{
//			EventType:  causality.EventPurchaseComplete,
//			UserID:     "u-1",
//			Properties: map[string]any{"order_id": "o-42", "total_cents": 1999},
//		})
//	}
//
// Without a gateway at hand, CAUSALITY_DRY_RUN=1 prints the events instead.
//
// A service that logs need not call Track: the packages slogcausality,
// zapcausality and zerologcausality turn log records that carry an event
// attribute into events.
//
// # What is sent
//
// An event becomes the gateway's EventEnvelope with a custom_event payload:
// EventType is its event_name, and the properties go by their type into
// string_params, int_params, float_params and bool_params. UserID, SessionID and
// the server context (_server_hostname, _server_go_version,
// _server_sdk_version) are string_params too.
//
//   - Integers are ints; a uint above MaxInt64 is its decimal string.
//   - Finite floats are floats; NaN and the infinities are strings.
//   - A time.Duration is a float of milliseconds; a time.Time an RFC 3339 string
//     in UTC.
//   - A []byte is base64; an error, a fmt.Stringer and an
//     encoding.TextMarshaler are their text. Named types count by their kind and
//     pointers are followed.
//   - Groups, maps with string keys, and whatever marshals to a JSON object
//     flatten: {"req": {"method": "GET"}} is req_method. A dot in a key becomes
//     "_". Anything else is what it marshals to; an array stays JSON text.
//   - nil is left out. A value that cannot be read becomes a string that begins
//     with "!ERROR: " or "!PANIC: ".
//   - Of two properties with the same key the later wins; Properties come before
//     Attrs, in the order of their keys.
//
// # What happens to an event
//
// Track encodes the event and queues it, within Config.MaxQueueBytes. A batch is
// sent when Config.BatchSize events wait, Config.FlushInterval after the first of
// them, at Flush and at Close. A request that fails is repeated with
// exponential back-off; after Config.MaxRetries the error is reported, the
// events go back to the head of the queue, and the client pauses: it sends one
// probe after 5, 10 … 60 seconds until one is answered. When the gateway refuses
// a batch for its content, the bad events are found and dropped, and the others
// sent. Every event ends as delivered, or dropped and counted by reason;
// [Stats] always adds up.
package causality
