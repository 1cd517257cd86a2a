package causality

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestExponentialBackoff(t *testing.T) {
	for attempt, want := range map[int]time.Duration{
		-1: 1, 0: 1, 1: 2, 2: 4, 3: 8, 4: 16, 5: 30, 6: 30, 62: 30, 63: 30, 64: 30, 1 << 30: 30,
	} {
		if got := exponentialBackoff(attempt); got != want*time.Second {
			t.Errorf("after attempt %d: %v, want %d s", attempt, got, want)
		}
	}
}

func TestPauseStep(t *testing.T) {
	for n, want := range []time.Duration{5, 10, 20, 40, 60, 60, 60} {
		if got := pauseStep(n); got != want*time.Second {
			t.Errorf("step %d: %v, want %d s", n, got, want)
		}
	}
	if got := pauseStep(1 << 30); got != time.Minute {
		t.Errorf("step 2^40: %v", got)
	}
}

func TestAReplyIsReadUpToOneMiB(t *testing.T) {
	for size, want := range map[int]error{0: nil, maxReplyBytes: nil, maxReplyBytes + 1: errReplyTooLarge, 10 * maxReplyBytes: errReplyTooLarge} {
		var text, zipped bytes.Buffer
		err := readReply(t.Context(), &text, &http.Response{Body: io.NopCloser(strings.NewReader(strings.Repeat("x", size)))})
		if err != want || text.Len() > maxReplyBytes+1 {
			t.Errorf("%d bytes: read %d, %v", size, text.Len(), err)
		}
		w := gzip.NewWriter(&zipped)
		_, _ = io.WriteString(w, strings.Repeat("x", size))
		_ = w.Close()
		text.Reset()
		err = readReply(t.Context(), &text, &http.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: io.NopCloser(&zipped)})
		if err != want || text.Len() > maxReplyBytes+1 {
			t.Errorf("%d bytes zipped: read %d, %v", size, text.Len(), err)
		}
	}
}

// HTTP/2 may close a body that it is reading, and a transport may read one that
// it has closed; the memory is another request's by then.
func TestABodyIsNotReadOnceItIsClosed(t *testing.T) {
	body := &requestBody{reader: bytes.NewReader([]byte("body"))}
	if n, err := body.Read(make([]byte, 2)); n != 2 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	for range 2 {
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
	if n, err := body.Read(make([]byte, 2)); n != 0 || err == nil {
		t.Errorf("read %d after Close, %v", n, err)
	}
}

func TestTheDefaultTransport(t *testing.T) {
	pool := newHTTPTransport(&Config{Endpoint: "https://gateway.test", MaxInFlight: 7}).connections.Acquire()
	if pool == nil || pool.Proxy == nil || !pool.ForceAttemptHTTP2 || pool.MaxIdleConnsPerHost < 7 || pool.MaxConnsPerHost != 7 {
		t.Errorf("%+v", pool)
	}
	if pool.IdleConnTimeout <= 0 || pool.IdleConnTimeout >= time.Minute {
		t.Errorf("idle connections are kept for %v; the gateway closes them after 60 s", pool.IdleConnTimeout)
	}
}
