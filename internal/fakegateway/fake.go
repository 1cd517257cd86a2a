// Package fakegateway plays the gateway. It is what causalitytest.Recorder is made
// of, with what only this project's own tests may do: answer with any bytes, store
// a part of a request whose answer is lost, and forget idempotency keys.
package fakegateway

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// A Gateway takes what the gateway takes, refuses what it refuses in the gateway's
// words, and keeps what a test may want to see. It is an http.RoundTripper and an
// http.Handler. The zero value is ready to use. A Gateway is safe for concurrent
// use and must not be copied.
type Gateway struct {
	// Key is the only valid API key; "" for any of 64 lower-case hex digits.
	Key string

	mu         sync.Mutex
	script     []Answer
	always     Answer
	scripted   bool // to fail
	requests   []*Request
	stored     []Stored
	keys       map[string]struct{} // the idempotency keys seen
	duplicates int
	waiters    []chan struct{}
}

var (
	_ http.RoundTripper = (*Gateway)(nil)
	_ http.Handler      = (*Gateway)(nil)
)

// New returns a Gateway without any events.
func New() *Gateway { return new(Gateway) }

// Script says what becomes of the next requests, one answer each, in the order
// in which they arrive. It adds to what is left of an earlier script. When the
// script is used up, [Gateway.Always] holds.
func (g *Gateway) Script(answers ...Answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range answers {
		g.scripted = g.scripted || a.mayFail()
		for range a.extra + 1 {
			g.script = append(g.script, a)
		}
	}
}

// Always says what becomes of every request that no script is left for. The
// default is [Accept].
func (g *Gateway) Always(answer Answer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.scripted = g.scripted || answer.mayFail()
	g.always = answer
}

// MayFail reports whether an answer that may keep events from being delivered was
// scripted since the last Reset.
func (g *Gateway) MayFail() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.scripted
}

// Stored returns the stored events in the order in which they were stored.
func (g *Gateway) Stored() []Stored {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.stored)
}

// Events returns the stored events, decoded to what was tracked and what the
// client has filled in.
func (g *Gateway) Events() []causality.Event {
	all := g.Stored()
	events := make([]causality.Event, len(all))
	for i := range all {
		events[i] = all[i].Event()
	}
	return events
}

// Envelopes returns the stored events as they were received.
func (g *Gateway) Envelopes() []Envelope {
	all := g.Stored()
	envelopes := make([]Envelope, len(all))
	for i := range all {
		envelopes[i] = all[i].envelope()
	}
	return envelopes
}

// Take returns the stored events and forgets them. It forgets nothing else.
func (g *Gateway) Take() []Stored {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := g.stored
	g.stored = nil
	return taken
}

// Len returns how many events are stored.
func (g *Gateway) Len() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.stored)
}

// Duplicates returns how many events were answered "accepted" and not stored,
// because their idempotency key had been seen before.
func (g *Gateway) Duplicates() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.duplicates
}

// Requests returns all requests, also refused and unanswered ones, in the order
// in which they arrived. The caller may keep and change the result.
func (g *Gateway) Requests() []Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	requests := make([]Request, len(g.requests))
	for i, req := range g.requests {
		requests[i] = req.clone()
	}
	return requests
}

// Reset makes the Gateway as new: it forgets events, requests, idempotency keys
// and the script.
func (g *Gateway) Reset() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script, g.always, g.scripted = nil, Answer{}, false
	g.requests, g.stored, g.keys, g.duplicates = nil, nil, nil, 0
}

// ForgetKeys forgets which idempotency keys were seen, as the gateway does when
// it is restarted.
func (g *Gateway) ForgetKeys() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.keys = nil
}

// What [Gateway.Wait] can wait for.
var (
	Events   = func(g *Gateway) int { return len(g.stored) }
	Requests = func(g *Gateway) int { return len(g.requests) }
)

// giveUpEvery is short for a test that fails, and long for one that does not.
const giveUpEvery = 10 * time.Millisecond

// Wait waits until at least n have been counted, and returns how many there are
// and why it stopped before: the cause of ctx, or what giveUp returned. giveUp,
// which may be nil, is asked how many are missing, now and every giveUpEvery.
func (g *Gateway) Wait(ctx context.Context, n int, count func(*Gateway) int, giveUp func(missing int) error) (have int, err error) {
	// Made here, so that it belongs to the bubble of this goroutine.
	changed := make(chan struct{}, 1)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiters = append(g.waiters, changed)
	defer func() {
		g.waiters = slices.DeleteFunc(g.waiters, func(other chan struct{}) bool { return other == changed })
	}()
	ticker := time.NewTicker(giveUpEvery)
	defer ticker.Stop()
	for {
		// Before anything else: what has been reached has been reached.
		if have = count(g); have >= n {
			return have, nil
		}
		if err = context.Cause(ctx); err == nil && giveUp != nil {
			err = giveUp(n - have)
		}
		if err != nil {
			return have, err
		}
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ticker.C:
		case <-ctx.Done():
		}
		g.mu.Lock()
	}
}

// notify makes those who wait look again. The lock is held.
func (g *Gateway) notify() {
	for _, changed := range g.waiters {
		select {
		case changed <- struct{}{}:
		default:
		}
	}
}

// A Request is one request that arrived.
type Request struct {
	Time   time.Time // when it arrived
	Method string
	Path   string
	Header http.Header
	Body   []byte // as far as it was read
	// Status and Reply are the answer. Status is 0 as long as there is none.
	Status int
	Reply  []byte
	Stored int // how many of its events were stored because of it
}

// Events returns the events in the body, whether they were stored or not. It is
// nil if the gateway cannot parse the body.
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
