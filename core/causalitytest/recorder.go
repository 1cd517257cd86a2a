package causalitytest

import (
	"net/http"
	"slices"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
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
	key string // the only valid API key; "" for any

	mu         sync.Mutex
	script     []Answer
	always     Answer
	scripted   bool // to fail
	requests   []*Request
	stored     []stored
	keys       map[string]struct{} // the idempotency keys seen
	duplicates int
	waiters    []*waiter

	// made says what New has made for the Recorder; nil for one without.
	made  *made
	since time.Time // when New or NewRecorder made it
}

var (
	_ http.RoundTripper = (*Recorder)(nil)
	_ http.Handler      = (*Recorder)(nil)
)

// NewRecorder returns a Recorder without any events.
func NewRecorder(opts ...Option) *Recorder {
	return &Recorder{key: newSettings(opts).key, since: time.Now()}
}

// Script says what becomes of the next requests, one answer each, in the order
// in which they arrive. It adds to what is left of an earlier script. When the
// script is used up, [Recorder.Always] holds.
func (r *Recorder) Script(answers ...Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range answers {
		r.scripted = r.scripted || a.mayFail()
		for range a.extra + 1 {
			r.script = append(r.script, a)
		}
	}
}

// Always says what becomes of every request that no script is left for. The
// default is [Accept].
func (r *Recorder) Always(answer Answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.scripted = r.scripted || answer.mayFail()
	r.always = answer
}

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
// returned. Events of that client are flushed first, for at most 5 s.
func (r *Recorder) Events() []causality.Event {
	r.flush()
	return r.decodeAll(r.snapshot())
}

// OfType returns the stored events of one type, like Events.
func (r *Recorder) OfType(eventType string) []causality.Event {
	r.flush()
	return r.decodeAll(slices.DeleteFunc(r.snapshot(), func(s stored) bool {
		return s.eventType() != eventType
	}))
}

// Take returns the stored events, like Events, and forgets them. It forgets
// nothing else.
func (r *Recorder) Take() []causality.Event {
	r.flush()
	r.mu.Lock()
	taken := r.stored
	r.forgetStored()
	r.mu.Unlock()
	return r.decodeAll(taken)
}

// Envelopes returns the stored events as they were received, in the order of
// Events.
func (r *Recorder) Envelopes() []Envelope {
	r.flush()
	all := r.snapshot()
	envelopes := make([]Envelope, len(all))
	for i := range all {
		envelopes[i] = all[i].envelope()
	}
	return envelopes
}

// Len returns how many events are stored. It does not flush, and so shows what
// has been sent by itself.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.stored)
}

// Duplicates returns how many events were answered "accepted" and not stored,
// because their idempotency key had been seen before.
func (r *Recorder) Duplicates() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.duplicates
}

// Requests returns all requests, also refused and unanswered ones, in the order
// in which they arrived. The caller may keep and change the result.
func (r *Recorder) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	requests := make([]Request, len(r.requests))
	for i, req := range r.requests {
		requests[i] = req.clone()
	}
	return requests
}

// Reset makes the Recorder as new: it forgets events, requests, idempotency
// keys and the script.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.script, r.always, r.scripted = nil, Answer{}, false
	r.forgetStored()
	r.requests, r.keys, r.duplicates = nil, nil, 0
}

// ForgetKeys forgets which idempotency keys were seen, as the gateway does when
// it is restarted.
func (r *Recorder) ForgetKeys() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.keys = nil
}

func (r *Recorder) snapshot() []stored {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.stored)
}

// forgetStored is called with the lock held.
func (r *Recorder) forgetStored() {
	if r.made != nil {
		if len(r.made.checks) > 0 {
			r.made.forgotten = append(r.made.forgotten, r.stored...)
		}
		r.made.lostBefore = r.made.lost()
	}
	r.stored = nil
}

func (r *Recorder) decodeAll(all []stored) []causality.Event {
	events := make([]causality.Event, len(all))
	for i := range all {
		events[i] = r.decode(&all[i])
	}
	return events
}

// decode returns a stored event without what differs from one run to the next.
func (r *Recorder) decode(s *stored) causality.Event {
	e := s.decode("")
	if at := time.UnixMilli(e.TimestampMs); !r.since.IsZero() && !at.Before(r.since.Truncate(time.Second)) && !at.After(s.arrived) {
		e.TimestampMs = 0 // truncated: zerolog writes seconds
	}
	if id := e.ID; len(id) == 36 && id[8] == '-' && id[14] == '7' {
		e.ID = ""
	}
	if r.made != nil && e.AppID == r.made.appID {
		e.AppID = ""
	}
	if r.made != nil && e.DeviceID == r.made.deviceID {
		e.DeviceID = ""
	}
	return e
}

// scriptedToFail reports whether the test has scripted an answer that may keep
// events from being delivered, since the last Reset.
func (r *Recorder) scriptedToFail() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.scripted
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
func (req Request) Events() []causality.Event {
	events, err := decodeBatch(req.Body)
	if err != nil {
		return nil
	}
	decoded := make([]causality.Event, len(events))
	for i := range events {
		decoded[i] = events[i].decode(string(events[i].key))
	}
	return decoded
}

func (req *Request) clone() Request {
	c := *req
	c.Header = req.Header.Clone()
	c.Body = slices.Clone(req.Body)
	c.Reply = slices.Clone(req.Reply)
	return c
}
