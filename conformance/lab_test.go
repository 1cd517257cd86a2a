package conformance

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// lab is clients of all setup, each with a gateway of its own.
type lab []*bench

func newLab(tb testing.TB) lab {
	tb.Helper()
	var l lab
	for _, s := range []setup{
		{appID: "checkout"},
		{appID: "checkout.EU-1_x", deviceID: "web-3"},
		{appID: "a", typed: true},
		{appID: "a", typed: true, deviceID: "web-\"3\"\xff"},
		{appID: "a", typed: true, hasHooks: true},
	} {
		l = append(l, newBench(tb, s))
	}
	return l
}

// settle settles every bench.
func (l lab) settle() []failure {
	var all []failure
	for _, b := range l {
		all = append(all, b.settle()...)
	}
	return all
}

// bench is one client and its gateway, with what must arrive there. One
// goroutine uses it.
type bench struct {
	setup
	client  *causality.Client
	gateway *gateway.Gateway
	wire    *wire
	pending []pending
	counts  counted
	hooks   *dice // what the hooks of the Config do
}

// pending is an event that was tracked and must be stored.
type pending struct {
	arrival
	isAny            bool   // it is not known what arrives
	input            []byte // the dice that made it
	earliest, latest time.Time
}

// failure is an event that did not become what it must.
type failure struct {
	input   []byte
	problem error
}

// counted is what became of the events of a bench.
type counted struct {
	logged, delivered, typed, noEvent int
	invalid                           map[string]int // by reason
}

func (c *counted) add(o counted) {
	c.logged += o.logged
	c.delivered += o.delivered
	c.typed += o.typed
	c.noEvent += o.noEvent
	for why, n := range o.invalid {
		c.invalid[why] += n
	}
}

func newBench(tb testing.TB, s setup) *bench {
	tb.Helper()
	gw := gateway.New()
	b := &bench{setup: s, gateway: gw, wire: &wire{gateway: gw}, counts: counted{invalid: make(map[string]int)}}
	cfg := causality.Config{
		APIKey: testKey, Endpoint: "https://gateway.example", AppID: s.appID, DeviceID: s.deviceID,
		TypedPayloads: s.typed, Transport: b.wire, Logger: slog.New(slog.DiscardHandler),
		MaxInFlight: 1, // so that events are stored in their order
		// Nothing is refused, so nothing waits; but the machine may be slow.
		MaxRetries: -1, Timeout: 10 * time.Minute, FlushInterval: time.Hour, MaxQueueBytes: 1 << 30,
	}
	if s.hasHooks {
		cfg.BeforeTrack, cfg.ReplaceAttr = b.beforeTrack, b.replaceAttr
	}
	client, err := causality.New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	b.client = client
	tb.Cleanup(func() { _ = client.Close() })
	return b
}

// wire is the way between a client and its gateway. A refusal is noted and
// answered as success, so that the client does not begin to search.
type wire struct {
	gateway *gateway.Gateway
	mu      sync.Mutex
	refused []error
	// eventBytes is the size of the first event in the last request.
	eventBytes int
}

// eventStart is how each event begins, wherever it is.
var eventStart = regexp.MustCompile(`\{"id":"[0-9a-f-]{36}","idempotency_key":"[0-9a-f-]{36}","app_id":"`)

func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_ = req.Body.Close()
	w.look(body)
	reply := w.send(req, body)
	if reply.Code != http.StatusOK || bytes.Contains(reply.Body.Bytes(), []byte(`"rejected"`)) {
		w.note(req, body, reply)
		reply = httptest.NewRecorder()
		n := len(eventStart.FindAll(body, -1))
		fmt.Fprintf(reply, `{"acceptedCount":%d,"results":[%s]}`, n, strings.TrimSuffix(strings.Repeat(`{"status":"accepted"},`, n), ","))
	}
	return reply.Result(), nil
}

// look holds that a body has one event a line, by which the gateway's parse
// errors name the bad one.
func (w *wire) look(body []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := bytes.Split(body, []byte("\n"))
	w.eventBytes = len(bytes.TrimSuffix(lines[1], []byte(",")))
	for _, line := range lines[1 : len(lines)-1] {
		if at := eventStart.FindAllIndex(line, 2); len(at) != 1 || at[0][0] != 0 {
			w.refused = append(w.refused, fmt.Errorf("a line is not one event: %.100s", line))
		}
	}
}

func (w *wire) send(req *http.Request, body []byte) *httptest.ResponseRecorder {
	inside := httptest.NewRequest(req.Method, req.URL.RequestURI(), bytes.NewReader(body))
	inside.Header = req.Header
	reply := httptest.NewRecorder()
	w.gateway.ServeHTTP(reply, inside)
	return reply
}

// note names the lines of a refused body, each an event, that are refused alone.
func (w *wire) note(req *http.Request, body []byte, reply *httptest.ResponseRecorder) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.refused = append(w.refused, fmt.Errorf("the gateway answers %d %.500s", reply.Code, reply.Body))
	lines := bytes.Split(body, []byte("\n"))
	for _, line := range lines[1 : len(lines)-1] {
		alone := &wire{gateway: gateway.New()}
		event := `{"events":[` + strings.TrimSuffix(string(line), ",") + "]}"
		if reply := alone.send(req, []byte(event)); alone.gateway.Len() == 0 {
			w.refused = append(w.refused, fmt.Errorf("it refuses %.3000s\n\twith %.500s", event, reply.Body))
		}
	}
}

func (w *wire) takeRefusals() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := errors.Join(w.refused...)
	w.refused = nil
	return err
}

// track calls log, which tracks e if isEvent, and notes what must arrive.
func (b *bench) track(d *dice, log func(), e tracked, isEvent bool) error {
	before := b.client.Stats()
	p := pending{arrival: b.arrive(e), input: d.thrown, earliest: time.Now()}
	log()
	p.latest = time.Now()
	after := b.client.Stats()

	b.counts.logged++
	added := after.Tracked - before.Tracked
	if !isEvent {
		b.counts.noEvent++
		if added != 0 {
			return errors.New("it is no event, and was tracked")
		}
		return nil
	}
	if added != 1 {
		return fmt.Errorf("it is one event, and %d were tracked", added)
	}
	lost := after.Dropped.Total() - before.Dropped.Total()
	if invalid := after.Dropped.Invalid - before.Dropped.Invalid; lost != invalid {
		return fmt.Errorf("it was dropped: %+v", after.Dropped)
	}
	switch {
	case lost == 1 && p.invalid == "" && !p.isLarge:
		return errors.New("it was dropped as Invalid, with no reason for it")
	case lost == 0 && p.invalid != "":
		return fmt.Errorf("it was not dropped: %s", p.invalid)
	case lost == 1:
		b.counts.invalid[cmp.Or(p.invalid, "too large")]++
		return nil
	}
	renamed, dropped := after.Properties.Renamed-before.Properties.Renamed, after.Properties.Dropped-before.Properties.Dropped
	if renamed != p.renamed {
		return fmt.Errorf("%d properties were renamed, want %d", renamed, p.renamed)
	}
	// Properties that another hides once keys are flattened are counted, too.
	if dropped < p.dropped && !e.hasDeep() {
		return fmt.Errorf("%d properties were left out, want %d", dropped, p.dropped)
	}
	b.pending = append(b.pending, p)
	return nil
}

// trackAny calls log, which may track an event of which it is not known what
// arrives: only that the gateway takes it.
func (b *bench) trackAny(log func()) error {
	before := b.client.Stats()
	log()
	after := b.client.Stats()
	lost := after.Dropped.Total() - before.Dropped.Total()
	b.counts.logged++
	b.counts.invalid["unknown"] += int(lost)
	for range after.Tracked - before.Tracked - lost {
		b.pending = append(b.pending, pending{isAny: true})
	}
	return nil
}

// hasDeep reports whether it is not known how many properties the event has.
func (e *tracked) hasDeep() bool {
	for _, p := range e.props {
		if p.isDeep {
			return true
		}
	}
	return false
}

// settle delivers what is pending and compares it with what was stored.
func (b *bench) settle() (failures []failure) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.client.FlushContext(ctx); err != nil {
		failures = append(failures, failure{problem: err})
	}
	if err := b.wire.takeRefusals(); err != nil {
		failures = append(failures, failure{problem: err})
	}
	stored := b.gateway.Stored()
	if len(stored) != len(b.pending) {
		failures = append(failures, failure{problem: fmt.Errorf("%d events were stored of %d", len(stored), len(b.pending))})
	}
	for i := range min(len(stored), len(b.pending)) {
		p := &b.pending[i]
		if p.isAny {
			continue
		}
		if err := p.differ(stored[i], p.earliest, p.latest); err != nil {
			failures = append(failures, failure{p.input, err})
		}
		if p.payload != "custom_event" {
			b.counts.typed++
		}
	}
	b.counts.delivered += len(stored)
	b.pending = b.pending[:0]
	b.gateway.Reset()
	b.gateway.Forget()
	return failures
}

// check holds that all events of a bench are accounted for.
func (b *bench) check() error {
	s := b.client.Stats()
	left := s.Dropped.Invalid + s.Dropped.Filtered
	if s.Delivered != s.Tracked-left || s.Dropped.Total() != left || int(s.Delivered) != b.counts.delivered {
		return fmt.Errorf("%d were stored; %+v", b.counts.delivered, s)
	}
	return nil
}
