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

// burst is how many events newClient's client collects before it sends.
const burst = 900

// loop measures track. What the client has collected it sends while nobody
// measures, so that this is what the caller waits for and nothing else.
func loop(b *testing.B, client *causality.Client, track func()) {
	b.ReportAllocs()
	events := 0
	for b.Loop() {
		track()
		if events++; events%burst == 0 {
			b.StopTimer()
			flush(b, client)
			b.StartTimer()
		}
	}
	flush(b, client)
	if s := client.Stats(); s.Tracked != s.Delivered {
		b.Fatalf("not all arrived: %+v", s)
	}
}

func flush(b *testing.B, client *causality.Client) {
	if err := client.Flush(); err != nil {
		b.Fatal(err)
	}
}

// newClient returns a client whose gateway is this process and takes no time.
func newClient(tb testing.TB) *causality.Client {
	tb.Helper()
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "checkout",
		BatchSize: 1000, MaxQueueBytes: 1 << 30, Transport: instant{}, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Close() })
	return client
}

type instant struct{}

func (instant) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
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
