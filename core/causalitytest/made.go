package causalitytest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// made is what New has made beside its Recorder. It is also the writer of the
// client's diagnostics.
type made struct {
	settings
	client          *causality.Client
	appID, deviceID string
	deadline        time.Time // of the test; zero: none

	mu    sync.Mutex
	lines bytes.Buffer
}

// Write keeps what the client's logger writes, as long as it is not much.
func (m *made) Write(line []byte) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lines.Len() < 64<<10 {
		m.lines.Write(line)
	}
	return len(line), nil
}

// deadline returns when the test ends by its -timeout. A test inside a
// testing/synctest bubble has no deadline, and panics when it is asked for.
func deadline(t testing.TB) (at time.Time) {
	defer func() { _ = recover() }()
	if t, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		at, _ = t.Deadline()
	}
	return at
}

func (m *made) text() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.lines.String()
}

// lost is how many events were dropped though the test expects them to arrive.
func (m *made) lost() (n int64) {
	for why, dropped := range m.client.Stats().Dropped.All() {
		if why != causality.DropFiltered && !slices.Contains(m.allowed, why) {
			n += dropped
		}
	}
	return n
}

// report says what the client has dropped, and why, as the end of an error.
func (m *made) report() string {
	if m == nil {
		return ""
	}
	var drops []string
	for why, n := range m.client.Stats().Dropped.All() {
		if n > 0 {
			drops = append(drops, fmt.Sprintf("%d %s", n, why))
		}
	}
	if drops == nil {
		return ""
	}
	for range 100 {
		if m.text() != "" {
			break
		}
		time.Sleep(time.Millisecond) // the line is written by another goroutine
	}
	return "\nthe client has dropped: " + strings.Join(drops, ", ") + "\n" + m.text()
}

// flushTimeout is how long a Recorder waits for events that are on their way.
const flushTimeout = 5 * time.Second

func (r *Recorder) flush() {
	if r.made == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTimeout)
	defer cancel()
	_ = r.made.client.FlushContext(ctx) // what is left is reported by Close
}

// check fails the test for events that were dropped, or that a check objects to.
func (m *made) check(t testing.TB, rec *Recorder) {
	t.Helper()
	drops := m.client.Stats().Dropped
	if drops.Invalid > 0 && !slices.Contains(m.allowed, causality.DropInvalid) {
		t.Errorf("causalitytest: %d events were dropped as Invalid; if that is meant, use causalitytest.AllowDrops", drops.Invalid)
	}
	if drops.Rejected > 0 && !slices.Contains(m.allowed, causality.DropRejected) && !rec.gateway.MayFail() {
		t.Errorf("causalitytest: %d events were dropped as Rejected; if that is meant, use causalitytest.AllowDrops", drops.Rejected)
	}
	if len(m.checks) == 0 {
		return
	}
	for _, e := range rec.decode(append(slices.Clip(rec.forgotten), rec.gateway.Stored()...)) {
		for _, check := range m.checks {
			if err := check(e); err != nil {
				t.Errorf("causalitytest: event %q: %v", e.EventType, err)
			}
		}
	}
}
