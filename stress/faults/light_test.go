package faults

import (
	"bytes"
	"errors"
	"hash/maphash"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// light is a gateway that counts events without looking at them, where there are
// too many for a Recorder. It is an http.RoundTripper and an http.Handler.
type light struct {
	// serve lets the time of a request pass and returns its status; 0 is a
	// connection that breaks. Nil takes no time.
	serve func(req *http.Request, events int) int

	mu       sync.Mutex
	start    time.Time
	seen     map[uint64]bool // bodies, since all their keys are seen
	requests []lightRequest
}

type lightRequest struct {
	at, took time.Duration
	events   int
	status   int
	timedOut bool
}

func newLight(serve func(req *http.Request, events int) int) *light {
	return &light{serve: serve, start: time.Now(), seen: make(map[uint64]bool)}
}

var bodySeed = maphash.MakeSeed()

var errNoGateway = errors.New("no gateway")

func (l *light) RoundTrip(req *http.Request) (*http.Response, error) {
	status, reply := l.answer(req)
	req.Body.Close()
	if status == 0 {
		if err := req.Context().Err(); err != nil {
			return nil, err
		}
		return nil, errNoGateway
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(reply)), Request: req}, nil
}

func (l *light) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	status, reply := l.answer(req)
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reply)
}

func (l *light) answer(req *http.Request) (status int, reply string) {
	at := time.Now()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return 0, "" // the client went away
	}
	events := bytes.Count(body, []byte("\n")) - 1
	sum := maphash.Bytes(bodySeed, body)
	l.mu.Lock()
	again := l.seen[sum]
	l.mu.Unlock()
	status = http.StatusOK
	if l.serve != nil && !again {
		status = l.serve(req, events)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if status == http.StatusOK {
		l.seen[sum] = true
		reply = accepted(events)
	}
	l.requests = append(l.requests, lightRequest{at.Sub(l.start), time.Since(at), events, status, req.Context().Err() != nil})
	return status, reply
}

func (l *light) seenRequests() []lightRequest {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]lightRequest(nil), l.requests...)
}

// pass lets d pass; false means that the client went away.
func pass(req *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-req.Context().Done():
		return false
	}
}

// newClient returns a client to a RoundTripper, or to a base URL where that is
// nil, which says nothing in the log and is closed with the test.
func newClient(t testing.TB, transport http.RoundTripper, change func(*causality.Config)) *causality.Client {
	t.Helper()
	cfg := causality.Config{
		APIKey: Key, Endpoint: "http://localhost", AppID: "faults",
		Transport: transport,
		Logger:    newQuiet(),
	}
	if change != nil {
		change(&cfg)
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// newQuiet returns a logger that drops everything.
func newQuiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func trackSome(client *causality.Client, n int) {
	for range n {
		client.Track(causality.Event{EventType: "e"})
	}
}
