package faults

import (
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Key is the API key of every client here. It must not be found in anything that
// a client says.
const Key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

// Fault is one thing that goes wrong, and what it must come to.
type Fault struct {
	// Name says it in a sentence.
	Name string
	// Events are tracked, PerSecond of them; 0 is all at once.
	Events    int
	PerSecond int
	// Company is how many good events are tracked after the Flush, one a second:
	// what is stored meanwhile shows that it is the event that is bad, and not the
	// gateway.
	Company int
	// Healthy is how many requests the same events need when nothing is wrong; 0
	// where nobody compares.
	Healthy int
	// Config changes the client from its defaults.
	Config func(*causality.Config)
	// Setup prepares the gateway and returns its script.
	Setup func(g *Gateway) Script
	// Wire says that the fault is one of connections and short, so that it is
	// tried on loopback as well.
	Wire bool
	Want Want
}

// Want is what a fault must come to. What it does not name must not happen: by
// default all events are stored, once, and nothing is lost.
type Want struct {
	Rejected, Closed int
	// QueueFull: some events do not find room in the queue.
	QueueFull bool
	// Vanished are events that the gateway answered as accepted and never
	// stored, at most; Doubled are those that it stored more than once.
	Vanished, Doubled int
	// SomeVanish and SomeDouble: not none, either.
	SomeVanish, SomeDouble bool
	// Uncertain: Stats.Uncertain counts some events.
	Uncertain bool
	// Requests is the most requests that may be made; 0 is any number.
	Requests int
	// Errors is how many failed requests OnError is given, at least.
	Errors int
	// SaidBy is when the log must have its first line, at the latest, and Settled
	// when the last event must be; 0 is any time.
	SaidBy, Settled time.Duration
	// Left is the most events that a Close in the middle of the fault may leave or
	// reject. It is not checked where it is 0.
	Left int
	// Says are fragments, each of which must be in a line of the log.
	Says []string
	// Quiet: the log has no line.
	Quiet bool
	// Flush is whether the Flush after the last event returns an error.
	Flush chance
}

// chance is whether something happens.
type chance uint8

const (
	works chance = iota
	fails
	either // the jitter of the client's waits decides
)

// Measured is what a fault led to.
type Measured struct {
	Fault *Fault
	// Audit is the account of the events.
	Audit
	// Stats are the client's own, after Close.
	Stats causality.Stats
	Seen  []Seen
	Lines []Line
	// Errors are what OnError was given, and Drops what OnDrop was.
	Errors []error
	Drops  []causality.DroppedEvent
	// Flush is how long the Flush after the last event took, and Close likewise.
	Flush, Close       time.Duration
	FlushErr, CloseErr error
	// Settled is when the last event was settled.
	Settled time.Duration

	heard     heard
	tracked   int
	transport http.RoundTripper
}

// patience is how long events may take to be settled, once all are tracked.
const patience = 30 * time.Minute

// Measure lets a client meet a fault: it tracks the events, flushes, waits until
// all are settled, closes, and takes account.
func Measure(f *Fault, g *Gateway) (*Measured, error) {
	m, client, logs, err := f.start(g)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	m.trackAll(client)
	began := time.Now()
	m.FlushErr = client.Flush()
	m.Flush = time.Since(began)
	for range f.Company {
		m.track(client)
		time.Sleep(time.Second)
	}
	poll := 100 * time.Millisecond
	if g.memory == nil {
		poll = time.Millisecond
	}
	for client.Stats().Queued > 0 && time.Since(start) < patience {
		time.Sleep(poll)
		if s := client.Stats(); s.Tracked != s.Delivered+s.Dropped.Total()+int64(s.Queued) {
			return nil, fmt.Errorf("the client's counts do not add up: %+v", s)
		}
	}
	m.Settled = time.Since(start)
	m.close(client, logs)
	m.finish(client, g, logs)
	return m, nil
}

// MeasureClose lets a client meet a fault that never ends, and closes it in the
// middle of it.
func MeasureClose(f *Fault, g *Gateway) (*Measured, error) {
	g.frozen = true
	m, client, logs, err := f.start(g)
	if err != nil {
		return nil, err
	}
	m.trackAll(client)
	m.close(client, logs)
	m.finish(client, g, logs)
	return m, nil
}

// heard keeps what a client's OnError and OnDrop are given.
type heard struct {
	mu    sync.Mutex
	errs  []error
	drops []causality.DroppedEvent
}

func (t *heard) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.errs = append(t.errs, err)
}

func (t *heard) dropped(e causality.DroppedEvent) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drops = append(t.drops, e)
}

func (f *Fault) start(g *Gateway) (*Measured, *causality.Client, *Logs, error) {
	if f.Setup != nil {
		script := f.Setup(g)
		g.mu.Lock()
		g.script = script
		g.mu.Unlock()
	}
	logs := NewLogs()
	m := &Measured{Fault: f}
	cfg := causality.Config{
		APIKey:    Key,
		Endpoint:  g.Endpoint(),
		AppID:     "faults",
		Transport: g.Transport(),
		Logger:    slog.New(logs),
		OnError:   m.heard.failed,
		OnDrop:    m.heard.dropped,
	}
	if f.Config != nil {
		f.Config(&cfg)
	}
	client, err := causality.New(cfg)
	m.transport = cfg.Transport
	return m, client, logs, err
}

// trackAll tracks the events of the fault, in small bursts: a machine that is busy
// does not wake up for each.
func (m *Measured) trackAll(client *causality.Client) {
	f := m.Fault
	const burst = 50 * time.Millisecond
	for start := time.Now(); m.tracked < f.Events; time.Sleep(burst) {
		due := f.Events
		if f.PerSecond > 0 {
			due = min(due, int(time.Since(start)/burst+1)*f.PerSecond/int(time.Second/burst))
		}
		for m.tracked < due {
			m.track(client)
		}
		if f.PerSecond == 0 {
			return
		}
	}
}

// track tracks one more event, under a name of its own.
func (m *Measured) track(client *causality.Client) {
	client.Track(causality.Event{EventType: eventName(m.tracked)})
	m.tracked++
}

func eventName(i int) string { return "e" + strconv.Itoa(i) }

func (m *Measured) close(client *causality.Client, logs *Logs) {
	began := time.Now()
	m.CloseErr = client.Close()
	m.Close = time.Since(began)
}

func (m *Measured) finish(client *causality.Client, g *Gateway, logs *Logs) {
	m.Stats = client.Stats()
	if closer, ok := m.transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
	m.Seen, m.Lines = g.Seen(), logs.Lines()
	m.heard.mu.Lock()
	m.Errors, m.Drops = m.heard.errs, m.heard.drops
	m.heard.mu.Unlock()
	m.Audit = audit(m.tracked, g.Stored(), m.Drops)
}

// String is the account in a few lines.
func (m *Measured) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "stored %d, doubled %d, vanished %d, dropped %v, uncertain %d, requests %d, settled after %v",
		m.Stored, m.Doubled, m.Vanished(), m.Stats.Dropped, m.Stats.Uncertain, len(m.Seen), m.Settled)
	fmt.Fprintf(&b, "\n\tFlush %v (%v)\n\tClose %v (%v)\n\t%d errors", m.Flush, m.FlushErr, m.Close, m.CloseErr, len(m.Errors))
	for _, l := range m.Lines {
		b.WriteString("\n\t" + l.String())
	}
	return b.String()
}
