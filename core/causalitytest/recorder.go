package causalitytest

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// A Recorder plays the gateway: it takes what the gateway takes, refuses what
// it refuses in the gateway's words, and keeps what a test may want to see. It
// is an [http.RoundTripper], for Config.Transport, and an [http.Handler], for a
// real server:
//
//	srv := httptest.NewServer(rec)
//
// The zero value is ready to use and accepts every well-formed API key. A
// Recorder is safe for concurrent use and must not be copied.
type Recorder struct {
	gateway fakegateway.Gateway
	made    *made     // what New has made for it; nil for one without
	since   time.Time // when New or NewRecorder made it

	mu         sync.Mutex
	forgotten  []fakegateway.Stored // for the checks
	lostBefore int64                // what made.lost was when events were forgotten
}

var (
	_ http.RoundTripper = (*Recorder)(nil)
	_ http.Handler      = (*Recorder)(nil)
)

// NewRecorder returns a Recorder without any events.
func NewRecorder(opts ...Option) *Recorder {
	r := &Recorder{since: time.Now()}
	r.gateway.Key = newSettings(opts).key
	return r
}

// RoundTrip implements [http.RoundTripper]: it answers req without a network.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	return r.gateway.RoundTrip(req)
}

// ServeHTTP implements [http.Handler]. A scripted [Break] drops the TCP
// connection by panicking with [http.ErrAbortHandler], which net/http's server
// expects.
func (r *Recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.gateway.ServeHTTP(w, req) }

// Script says what becomes of the next requests, one answer each, in the order
// in which they arrive. It adds to what is left of an earlier script. When the
// script is used up, [Recorder.Always] holds.
func (r *Recorder) Script(answers ...Answer) {
	plays := make([]fakegateway.Answer, len(answers))
	for i, a := range answers {
		plays[i] = a.play
	}
	r.gateway.Script(plays...)
}

// Always says what becomes of every request that no script is left for. The
// default is [Accept].
func (r *Recorder) Always(answer Answer) { r.gateway.Always(answer.play) }

// Events returns the stored events in the order in which they were stored,
// decoded to what was tracked: the user and the session are in their fields,
// the other properties in Properties, as string, int64, float64 and bool, and
// the SDK's own _server_ properties are left out (see [Recorder.Envelopes]). A
// typed payload's fields are its properties, nested ones as map[string]any and
// []any. The caller may keep and change the result.
//
// What differs from one run to the next is left out, so that events can be
// compared: the idempotency key, an ID of the SDK's own form (a UUIDv7), a time
// that is that of the test, and the AppID and DeviceID of the client that [New]
// returned. [Request.Events] has all of it. Events of that client are flushed
// first, for at most 5 s, so it must not be called by a function given to
// [AnswerFunc] or [Reject].
func (r *Recorder) Events() []causality.Event {
	r.flush()
	return r.decode(r.gateway.Stored())
}

// OfType returns the stored events of one type, like Events.
func (r *Recorder) OfType(eventType string) []causality.Event {
	return slices.DeleteFunc(r.Events(), func(e causality.Event) bool { return e.EventType != eventType })
}

// Take returns the stored events, like Events, and forgets them. It forgets
// nothing else.
func (r *Recorder) Take() []causality.Event {
	r.flush()
	return r.decode(r.take())
}

func (r *Recorder) take() []fakegateway.Stored {
	taken := r.gateway.Take()
	if r.made != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.lostBefore = r.made.lost()
		if len(r.made.checks) > 0 {
			r.forgotten = append(r.forgotten, taken...)
		}
	}
	return taken
}

// Envelopes returns the stored events as they were received, in the order of
// Events.
func (r *Recorder) Envelopes() []Envelope {
	r.flush()
	all := r.gateway.Envelopes()
	envelopes := make([]Envelope, len(all))
	for i := range all {
		envelopes[i] = Envelope(all[i])
	}
	return envelopes
}

// Len returns how many events are stored. It does not flush, and so shows what
// has been sent by itself.
func (r *Recorder) Len() int { return r.gateway.Len() }

// Requests returns all requests, also refused and unanswered ones, in the order
// in which they arrived. The caller may keep and change the result.
func (r *Recorder) Requests() []Request {
	all := r.gateway.Requests()
	requests := make([]Request, len(all))
	for i := range all {
		requests[i] = Request(all[i])
	}
	return requests
}

// Reset makes the Recorder as new: it forgets events, requests, idempotency
// keys and the script.
func (r *Recorder) Reset() {
	r.take()
	r.gateway.Reset()
}

// decode returns stored events without what differs from one run to the next.
func (r *Recorder) decode(all []fakegateway.Stored) []causality.Event {
	events := make([]causality.Event, len(all))
	for i := range all {
		e := all[i].Event()
		e.IdempotencyKey = ""
		at := time.UnixMilli(e.TimestampMs)
		if !r.since.IsZero() && !at.Before(r.since.Truncate(time.Second)) && !at.After(all[i].Arrived) {
			e.TimestampMs = 0 // truncated: zerolog writes seconds
		}
		if len(e.ID) == 36 && e.ID[8] == '-' && e.ID[14] == '7' {
			e.ID = ""
		}
		if r.made != nil && e.AppID == r.made.appID {
			e.AppID = ""
		}
		if r.made != nil && e.DeviceID == r.made.deviceID {
			e.DeviceID = ""
		}
		events[i] = e
	}
	return events
}

// An Envelope is a stored event as the gateway received it.
type Envelope struct {
	// ID and IdempotencyKey are the event's own or, where it had none, the ones
	// that the gateway gave it.
	ID             string
	IdempotencyKey string
	// Payload is the payload's name: "custom_event", or one of the catalogue
	// such as "screen_view".
	Payload string
	// EventCategory and EventType are the warehouse's columns: "custom" and the
	// event's own name for a custom_event, "user" and "login" for a user_login.
	EventCategory, EventType string
	// Server is what the SDK adds to a custom_event about where it runs.
	Server causality.ServerContext
	// Raw is the event's JSON, byte for byte.
	Raw json.RawMessage
}

// A Request is one request that arrived at the Recorder.
type Request struct {
	// Time is when it arrived.
	Time   time.Time
	Method string
	Path   string
	// Header is as it was sent, with the API key: print it with care where the
	// key is a real one.
	Header http.Header
	// Body is the body as far as it was read.
	Body []byte
	// Status and Reply are the answer. Status is 0 as long as there is none,
	// and stays so when the connection was broken or the request given up.
	Status int
	Reply  []byte
	// Stored is how many of its events were stored because of it.
	Stored int
}

// Events returns the events in the body, whether they were stored or not, decoded
// as [Recorder.Events] does, but with all that was sent: keys, times and so on. It
// is nil if the gateway cannot parse the body.
func (req Request) Events() []causality.Event { return fakegateway.Request(req).Events() }
