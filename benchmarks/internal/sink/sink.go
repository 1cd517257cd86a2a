// Package sink is the other end of every benchmark: a server, in a process of
// its own, that answers each library as it expects and counts what arrives.
package sink

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
)

// Tally is what has arrived since the last reset.
type Tally struct {
	Events      int
	Requests    int
	Bytes       int // of bodies, as they were sent
	Connections int // the most that were open at a time
}

// server counts events by their type, which each library sends once an event.
type server struct {
	mu    sync.Mutex
	tally Tally
	open  int
	delay time.Duration

	replies sync.Map // of the gateway, by number of events
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	events, size, err := count(r)
	s.mu.Lock()
	delay := s.delay
	if err == nil {
		s.tally.Events += events
		s.tally.Requests++
		s.tally.Bytes += size
	}
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	time.Sleep(delay)
	switch path := r.URL.Path; {
	case strings.HasSuffix(path, "/v1/events/batch"):
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(s.gatewayReply(events))
	case strings.HasSuffix(path, "/batch/"): // posthog
		_, _ = io.WriteString(w, `{"status":1}`)
	case strings.HasSuffix(path, "/envelope/"): // sentry
		_, _ = io.WriteString(w, `{}`)
	case strings.HasSuffix(path, "/ingest"): // axiom
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"ingested":%d,"failed":0,"failures":[],"processedBytes":%d,"blocksCreated":0,"walLength":1}`, events, size)
	case strings.HasSuffix(path, "/v1/logs"): // OpenTelemetry; an empty message says that all is well
		w.Header().Set("Content-Type", "application/x-protobuf")
	default:
		http.NotFound(w, r)
	}
}

// report tells the tally, and with ?reset begins a new one.
func (s *server) report(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = json.NewEncoder(w).Encode(s.tally)
	if q := r.URL.Query(); q.Has("reset") {
		s.tally = Tally{Connections: s.open}
		s.delay, _ = time.ParseDuration(q.Get("delay"))
	}
}

// gatewayReply answers for each event, as the gateway does.
func (s *server) gatewayReply(events int) []byte {
	if reply, ok := s.replies.Load(events); ok {
		return reply.([]byte)
	}
	b := fmt.Appendf(nil, `{"acceptedCount":%d,"results":[`, events)
	for i := range events {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '{')
		if i > 0 {
			b = fmt.Appendf(b, `"index":%d,`, i)
		}
		b = append(b, `"eventId":"019ab0a5-98e8-7bbf-9d5c-3c3d7a0e11f2","status":"accepted"}`...)
	}
	b = append(b, `]}`...)
	s.replies.Store(events, b)
	return b
}

// connection follows how many are open.
func (s *server) connection(_ net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.open++
		s.tally.Connections = max(s.tally.Connections, s.open)
	case http.StateClosed, http.StateHijacked:
		s.open--
	}
}

// count reads a body to its end.
func count(r *http.Request) (events, size int, err error) {
	sent := &counter{Reader: r.Body}
	var text io.Reader = sent
	switch r.Header.Get("Content-Encoding") {
	case "zstd":
		d, err := zstd.NewReader(sent, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return 0, 0, err
		}
		defer d.Close()
		text = d
	case "gzip":
		if text, err = gzip.NewReader(sent); err != nil {
			return 0, 0, err
		}
	}
	buf, kept := buffers.Get().(*[64 << 10]byte), 0
	defer buffers.Put(buf)
	for {
		n, err := text.Read(buf[kept:])
		events += bytes.Count(buf[:kept+n], needle)
		if err == io.EOF {
			return events, sent.n, nil
		}
		if err != nil {
			return 0, 0, err
		}
		// The beginning of a type may be at the end, a whole one may not.
		end := kept + n
		kept = min(end, len(needle)-1)
		if last := bytes.LastIndex(buf[:end], needle); last >= 0 {
			kept = min(kept, end-last-len(needle))
		}
		copy(buf[:], buf[end-kept:end])
	}
}

var (
	needle  = []byte(purchase.Type)
	buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}
)

type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

// serve runs the server until stdin ends, which it does with the parent. The tally
// has a port to itself, so that asking for it counts as no connection.
func serve() error {
	events, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tally, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s := new(server)
	go func() { _ = http.Serve(tally, http.HandlerFunc(s.report)) }()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("http://%s http://%s\n", events.Addr(), tally.Addr())
	return (&http.Server{Handler: s, ConnState: s.connection}).Serve(events)
}
