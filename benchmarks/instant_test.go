package benchmarks

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// burst is how many bytes of events are tracked before they may be sent.
const burst = 8 << 20

// loop measures track. What the client has collected it sends while nobody
// measures, so that this is what the caller waits for and nothing else.
func loop(b *testing.B, client *gated, track func()) {
	b.ReportAllocs()
	client.gate.Lock()
	// Once, so that all memory is there; a baseline tracks nothing.
	for range 20_000 {
		if track(); client.Stats().QueuedBytes > burst {
			break
		}
	}
	client.letGo(b)
	events := 0
	for b.Loop() {
		track()
		if events++; events%1000 == 0 && client.Stats().QueuedBytes > burst {
			b.StopTimer()
			client.letGo(b)
			b.StartTimer()
		}
	}
	client.letGo(b)
	client.gate.Unlock()
	if s := client.Stats(); s.Tracked != s.Delivered {
		b.Fatalf("not all arrived: %+v", s)
	}
}

// gated is a client whose requests wait while somebody holds the gate.
type gated struct {
	*causality.Client
	gate sync.RWMutex
}

// letGo sends what has been collected. Its caller holds the gate, and has it
// again afterwards.
func (c *gated) letGo(b *testing.B) {
	c.gate.Unlock()
	defer c.gate.Lock()
	if err := c.Flush(); err != nil {
		b.Fatal(err)
	}
}

// newClient returns a client whose gateway is this process and takes no time.
func newClient(tb testing.TB) *gated {
	tb.Helper()
	c := new(gated)
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "checkout",
		BatchSize: 1000, MaxInFlight: 1, MaxQueueBytes: 1 << 30, Transport: instant{&c.gate}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	c.Client = client
	tb.Cleanup(func() { _ = client.Close() })
	return c
}

type instant struct{ gate *sync.RWMutex }

func (i instant) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	i.gate.RLock()
	defer i.gate.RUnlock()
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	lines := 0
	for {
		n, err := req.Body.Read(buf[:])
		lines += bytes.Count(buf[:n], []byte("\n"))
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	// One event a line, between a first and a last.
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: req,
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"acceptedCount":%d}`, lines-1))),
	}, nil
}

var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}
