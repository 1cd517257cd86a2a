package causality

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

const (
	batchPath = "/v1/events/batch"
	// maxReplyBytes is how much of a reply is read. A reply to 1000 events is
	// about 90 KB.
	maxReplyBytes = 1 << 20
	// closingWait is the longest wait between requests once Close is called.
	closingWait = time.Second
)

// httpTransport posts batches and judges the answers. It is safe for concurrent
// use: each delivery posts its own batch, and they share the wait that a busy
// gateway asks for.
type httpTransport struct {
	url          string
	roundTripper http.RoundTripper
	owned        *http.Transport // roundTripper, if it is our own
	// authorize adds the API key, and redact takes it out of words that others
	// chose: a proxy may echo the request. The key lives in these closures
	// alone, where no verb of fmt can reach it.
	authorize   func(http.Header)
	redact      func([]byte) []byte
	userAgent   string
	timeout     time.Duration
	atLeastOnce bool

	ledger *ledger

	closing chan struct{} // closed when Close begins: waits are cut short

	mu        sync.Mutex
	notBefore time.Time // the gateway asked everybody to wait until then
	deadline  time.Time // when Close gives up; zero while the client is open
}

func newHTTPTransport(cfg *Config, ledger *ledger) *httpTransport {
	key := cfg.APIKey
	t := &httpTransport{
		url:          strings.TrimRight(cfg.Endpoint, "/") + batchPath,
		roundTripper: cfg.Transport,
		authorize:    func(h http.Header) { h.Set("X-API-Key", key) },
		redact:       func(b []byte) []byte { return redactKey(b, key) },
		userAgent:    fmt.Sprintf("causality-go/%s (%s; %s/%s)", SDKVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		timeout:      cfg.Timeout,
		atLeastOnce:  cfg.AtLeastOnce,
		closing:      make(chan struct{}),
		ledger:       ledger,
	}
	if t.roundTripper == nil {
		t.owned = newPool(cfg.MaxInFlight)
		t.roundTripper = t.owned
	}
	return t
}

// newPool returns the default Transport: what http.DefaultTransport does, with
// a connection kept for every request that may be in flight.
func newPool(maxInFlight int) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        maxInFlight,
		MaxIdleConnsPerHost: maxInFlight,
		MaxConnsPerHost:     maxInFlight,
		// gateway: it closes idle connections after 60 s; a request that meets
		// such a closing fails.
		IdleConnTimeout:     45 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		// Nothing in a reply is worth a large header.
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// sendBatch posts bt, and repeats the same bytes, so under the same keys, while
// the verdict is again and repeats are left. It returns the last outcome, which
// timed out if any did.
func (t *httpTransport) sendBatch(ctx context.Context, bt *batch, retries int) outcome {
	last := outcome{verdict: again, line: -1}
	for attempt := 0; ; attempt++ {
		if !t.waitTurn(ctx) {
			if last.err == nil {
				last.err = context.Cause(ctx)
			}
			return last
		}
		t.ledger.requested(attempt > 0)
		before := last
		last = t.post(ctx, bt)
		last.timedOut = last.timedOut || before.timedOut
		if ctx.Err() != nil && last.verdict == again && before.err != nil {
			last.err = before.err // says more than that we gave up
		}
		if last.unknown {
			bt.uncertain = true
			if t.atLeastOnce {
				bt.rekey()
			}
		}
		delay := time.Duration(float64(exponentialBackoff(attempt)) * (0.5 + rand.Float64()))
		if last.retryAfter > 0 || isBusy(last.err) {
			delay = max(delay, last.retryAfter)
			t.hold(delay)
		}
		if last.verdict != again || attempt >= retries || !t.sleep(ctx, delay) {
			return last
		}
	}
}

// exponentialBackoff is the wait after a failed attempt, counted from 0: 1, 2, 4
// … at most 30 seconds. sendBatch spreads it by 0.5 to 1.5 at random, so that
// services which failed together do not come back together.
func exponentialBackoff(attempt int) time.Duration {
	const longest = 30 * time.Second
	if attempt >= 5 { // 2^5 s is over the longest already
		return longest
	}
	return time.Second << max(attempt, 0)
}

// post makes one request.
func (t *httpTransport) post(ctx context.Context, bt *batch) outcome {
	ctx, cancel := context.WithTimeout(ctx, t.requestTimeout())
	defer cancel()
	events := bt.len()
	body := &requestBody{reader: bytes.NewReader(bt.body), batch: bt}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, body)
	if err != nil {
		return outcome{verdict: denied, line: -1, err: fmt.Errorf("no request can be made of the Endpoint: %w", err)}
	}
	// No GetBody: a transport that has one may send a request twice by itself.
	req.ContentLength = int64(len(bt.body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", t.userAgent)
	// Else net/http inflates whatever comes, and a small reply may become a
	// large one.
	req.Header.Set("Accept-Encoding", "identity")
	t.authorize(req.Header)

	start := time.Now()
	bt.readers.Add(1)
	resp, err := t.roundTrip(req)
	if err != nil {
		// Before the body began to go nothing can have been stored.
		return outcome{
			verdict: again, line: -1, err: t.networkError(err),
			unknown: body.started.Load(), timedOut: body.started.Load(), elapsed: time.Since(start),
		}
	}
	buf := replies.Get().(*bytes.Buffer)
	defer keepReply(buf)
	text, err := readBody(buf, resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK && allAccepted(text, events) {
		return outcome{verdict: accepted, line: -1, elapsed: time.Since(start)}
	}
	text = t.redact(text) // before its words are cut, and a key with them
	var out outcome
	switch {
	case err == nil:
		out = read(resp.StatusCode, resp.Header, text, events)
	case resp.StatusCode == http.StatusOK:
		out = outcome{verdict: again, line: -1, unknown: true, err: t.networkError(fmt.Errorf("reading the reply: %w", err))}
	default:
		// Half an error reply says no more than its status, and a refusal must
		// not be acted on by halves.
		out = read(resp.StatusCode, resp.Header, text, events)
		if out.verdict == refused {
			out.verdict = again
		}
	}
	if answer, ok := out.err.(*GatewayError); ok {
		answer.Message = string(t.redact([]byte(answer.Message))) // it may have been escaped
	}
	out.elapsed = time.Since(start)
	if t.atLeastOnce && out.verdict == again && resp.StatusCode != http.StatusTooManyRequests && !out.timedOut {
		// Who answered 408 or 5xx may be a proxy, speaking for a gateway that
		// stored half.
		out.unknown = true
	}
	return out
}

// roundTrip calls the Transport, which may be the user's own: its panic is an
// error like any other. Redirects are not followed, as no http.Client is asked:
// following would hand the key to another host and turn the POST into a GET.
func (t *httpTransport) roundTrip(req *http.Request) (resp *http.Response, err error) {
	defer func() {
		if p := recover(); p != nil {
			resp, err = nil, fmt.Errorf("Config.Transport panicked: %v", p)
		}
	}()
	usercode.Call(func() { resp, err = t.roundTripper.RoundTrip(req) })
	switch {
	case err != nil:
	case resp == nil:
		err = errors.New("Config.Transport returned neither a response nor an error")
	case resp.Body == nil: // a Transport that was made for a test
		resp.Body = http.NoBody
	}
	return resp, err
}

var errReplyTooLarge = errors.New("the reply is over 1 MiB")

// replies is memory to read replies into. What is kept of one is a copy.
var replies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func keepReply(buf *bytes.Buffer) {
	if buf.Cap() <= maxPooled {
		buf.Reset()
		replies.Put(buf)
	}
}

// readBody reads a reply to its end, so that the connection is used again.
func readBody(text *bytes.Buffer, body io.ReadCloser) (_ []byte, err error) {
	defer func() {
		if p := recover(); p != nil { // it may be the user's own, too
			err = fmt.Errorf("Config.Transport's body panicked: %v", p)
		}
	}()
	var n int64
	usercode.Call(func() {
		defer body.Close()
		n, err = text.ReadFrom(io.LimitReader(body, maxReplyBytes+1))
	})
	if err == nil && n > maxReplyBytes {
		err = errReplyTooLarge
	}
	return text.Bytes(), err
}

// requestBody notices when a transport begins to read the body, after which a
// failure tells nothing about the events, and when it lets go of it. HTTP/2
// closes a body that it gives up while another goroutine may be reading it: the
// memory is free only when that has ended.
type requestBody struct {
	reader  *bytes.Reader
	batch   *batch
	started atomic.Bool

	mu     sync.Mutex // held while reading
	closed bool
}

func (b *requestBody) Read(p []byte) (int, error) {
	b.started.Store(true)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	return b.reader.Read(p)
}

func (b *requestBody) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.closed {
		b.closed = true
		b.batch.readers.Add(-1)
	}
	return nil
}

// networkError describes a request without an answer.
func (t *httpTransport) networkError(err error) error {
	text := []byte(err.Error())
	if shown := t.redact(text); !bytes.Equal(shown, text) {
		err = errors.New(string(shown)) // what it wraps would show the key
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the gateway did not answer in time: %w", err)
	}
	return fmt.Errorf("the gateway cannot be reached: %w", err)
}

// redactKey returns b without the key, which it almost never has.
func redactKey(b []byte, key string) []byte {
	if key == "" || !bytes.Contains(b, []byte(key)) {
		return b
	}
	return bytes.ReplaceAll(b, []byte(key), []byte(redacted))
}

func isBusy(err error) bool {
	var answer *GatewayError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusTooManyRequests
}

// requestTimeout is Timeout; while closing it is half of what is left, so that
// a request which hangs leaves time for another.
func (t *httpTransport) requestTimeout() time.Duration {
	t.mu.Lock()
	deadline := t.deadline
	t.mu.Unlock()
	if deadline.IsZero() {
		return t.timeout
	}
	left := time.Until(deadline)
	return min(t.timeout, max(left/2, min(left, closingWait)))
}

// hold makes every request of the client wait.
func (t *httpTransport) hold(d time.Duration) {
	until := time.Now().Add(d)
	t.mu.Lock()
	if until.After(t.notBefore) {
		t.notBefore = until
	}
	t.mu.Unlock()
}

// held is until when the gateway asked to wait.
func (t *httpTransport) held() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.notBefore
}

// waitTurn waits until requests may be made. It returns false if ctx ends first.
func (t *httpTransport) waitTurn(ctx context.Context) bool {
	for {
		d := time.Until(t.held())
		if d <= 0 {
			return ctx.Err() == nil
		}
		select {
		case <-time.After(d):
		case <-ctx.Done():
			return false
		}
	}
}

// sleep waits for d, or for at most closingWait once the client is closing. It
// returns false if ctx ends first.
func (t *httpTransport) sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-t.closing:
	}
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-time.After(closingWait):
		return true
	}
}

// closeAt says when the client gives up; an earlier time wins.
func (t *httpTransport) closeAt(deadline time.Time) {
	t.mu.Lock()
	if t.deadline.IsZero() || deadline.Before(t.deadline) {
		t.deadline = deadline
	}
	t.mu.Unlock()
}

// release lets go of the idle connections.
func (t *httpTransport) release() {
	if t.owned != nil {
		t.owned.CloseIdleConnections()
	}
}
