package causality

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/connections"
	"github.com/SebastienMelki/causality/sdk/go/internal/reply"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

const (
	batchPath = "/v1/events/batch"
	// maxReplyBytes is how much of a reply is read. A reply to 1000 events is
	// about 90 KB.
	maxReplyBytes = 1 << 20
)

// httpTransport makes one request at a time for each caller and judges the answer.
// It knows nothing of other batches. What its users share is when the gateway may
// be asked again (hold), how long a request may take while closing (closeAt), and
// the connections. It is safe for concurrent use.
type httpTransport struct {
	url string
	// connections are our own; roundTripper is Config.Transport and nil if there
	// is none.
	connections  *connections.Connections
	roundTripper http.RoundTripper
	// authorize adds the API key, and redact takes it out of words that others
	// chose: a proxy may echo the request. The key lives in these closures
	// alone, where no verb of fmt can reach it.
	authorize func(http.Header)
	redact    func([]byte) []byte
	userAgent string
	timeout   time.Duration

	mu       sync.Mutex
	heldFrom time.Time // when the present wait began
	heldTo   time.Time // the gateway asked everybody to wait until then
	busy     int       // waits in a row
	deadline time.Time // when Close gives up; zero while the client is open
}

func newHTTPTransport(cfg *Config) *httpTransport {
	key := cfg.APIKey
	t := &httpTransport{
		url:          strings.TrimRight(cfg.Endpoint, "/") + batchPath,
		roundTripper: cfg.Transport,
		authorize:    func(h http.Header) { h.Set("X-API-Key", key) },
		redact:       func(b []byte) []byte { return redactKey(b, key) },
		userAgent:    fmt.Sprintf("causality-go/%s (%s; %s/%s)", SDKVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH),
		timeout:      cfg.Timeout,
	}
	if t.roundTripper == nil {
		t.connections = connections.New(cfg.MaxInFlight)
	}
	return t
}

// exponentialBackoff is the wait after a failed attempt, counted from 0: 1, 2, 4
// … at most 30 seconds.
func exponentialBackoff(attempt int) time.Duration {
	const longest = 30 * time.Second
	if attempt >= 5 { // 2^5 s is over the longest already
		return longest
	}
	return time.Second << max(attempt, 0)
}

// sendBatch makes one request of a batch and judges the answer. When it returns,
// nobody reads the batch any more.
func (t *httpTransport) sendBatch(ctx context.Context, bt *batch) outcome {
	ctx, cancel := context.WithTimeout(ctx, t.requestTimeout())
	defer cancel()
	body := &requestBody{reader: bytes.NewReader(bt.body)}
	defer body.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, body)
	if err != nil {
		return outcome{Reply: reply.Reply{Verdict: reply.Denied, Line: -1}, err: fmt.Errorf("no request can be made of the Endpoint: %w", t.foreign(err))}
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
	out := t.judge(t.exchange(req), bt.len(), body)
	out.elapsed = time.Since(start)
	out.start = start
	return out
}

// judge says what an answer means for a batch of so many events.
func (t *httpTransport) judge(a answer, events int, body *requestBody) outcome {
	defer a.forget()
	switch {
	case a.status == 0:
		// Before the body began to go nothing can have been stored.
		started := body.started.Load()
		return outcome{Reply: reply.Reply{Verdict: reply.Again, Line: -1, Unknown: started, TimedOut: started}, err: networkError(a.err)}
	case a.err == nil && a.status == http.StatusOK && reply.AllAccepted(a.text.Bytes(), events):
		return outcome{Reply: reply.Reply{Line: -1}}
	case a.err != nil && a.status == http.StatusOK:
		return outcome{Reply: reply.Reply{Verdict: reply.Again, Line: -1, Unknown: true}, err: networkError(fmt.Errorf("reading the reply: %w", a.err))}
	}
	// The key goes before the words are cut, and once more: it may have been escaped.
	out := outcome{Reply: reply.Read(a.status, a.header, t.redact(a.text.Bytes()), events)}
	if out.Verdict != reply.Accepted {
		out.err = &GatewayError{StatusCode: a.status, Message: string(t.redact([]byte(out.Message))), Events: events, RetryAfter: out.RetryAfter}
	}
	if a.err != nil && out.Verdict == reply.Refused {
		// Half an error reply says no more than its status, and a refusal must
		// not be acted on by halves.
		out.Verdict, out.Line = reply.Again, -1
	}
	return out
}

// answer is what came back: an error and no status if nothing did, and an error
// beside the status if the reply could not be read to its end.
type answer struct {
	status int
	header http.Header
	text   *bytes.Buffer
	err    error
}

// patience is how long a Transport may take to return when its context has ended.
const patience = 50 * time.Millisecond

// exchange makes the request on a goroutine of its own. The Transport and the body
// of the reply may be the user's: one that panics, exits its goroutine, or does not
// return when its context ends costs this request and nothing else.
func (t *httpTransport) exchange(req *http.Request) answer {
	done := make(chan answer, 1)
	go func() {
		a := answer{err: errors.New("Config.Transport exited its goroutine (runtime.Goexit, as t.Fatal does)")}
		defer func() {
			if p := recover(); p != nil {
				a = answer{err: t.foreign(fmt.Errorf("Config.Transport panicked: %s", panicText(p)))}
			}
			done <- a
		}()
		usercode.Call(func() {
			a = t.roundTrip(req)
			if a.err != nil {
				a.err = t.foreign(a.err) // here, since its methods may be the user's
			}
		})
	}()
	select {
	case a := <-done:
		return a
	case <-req.Context().Done():
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case a := <-done:
		return a
	case <-timer.C:
		return answer{err: fmt.Errorf("Config.Transport did not return in time: %w", context.Cause(req.Context()))}
	}
}

// roundTrip makes the request and reads the reply. Redirects are not followed, as
// no http.Client is asked: following would hand the key to another host and turn
// the POST into a GET.
func (t *httpTransport) roundTrip(req *http.Request) answer {
	roundTripper := t.roundTripper
	if roundTripper == nil {
		c := t.connections.Acquire()
		failed := true
		defer func() { t.connections.Release(c, failed && !errors.Is(req.Context().Err(), context.Canceled)) }()
		a := exchangeOver(c, req)
		failed = a.err != nil
		return a
	}
	return exchangeOver(roundTripper, req)
}

func exchangeOver(roundTripper http.RoundTripper, req *http.Request) answer {
	resp, err := roundTripper.RoundTrip(req)
	switch {
	case err != nil:
		return answer{err: err}
	case resp == nil:
		return answer{err: errors.New("Config.Transport returned neither a response nor an error")}
	case resp.Body == nil: // a Transport that was made for a test
		resp.Body = http.NoBody
	}
	defer resp.Body.Close()
	if resp.StatusCode == 0 {
		return answer{err: errors.New("Config.Transport returned a response without a status")}
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: replies.Get().(*bytes.Buffer)}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return a // its body is the connection, which has no end
	}
	a.err = readReply(req.Context(), a.text, resp)
	return a
}

// timelyReader reads until its context ends, even from a body that does not know it.
type timelyReader struct {
	io.Reader
	ctx context.Context
}

func (r timelyReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

var errReplyTooLarge = errors.New("the reply is over 1 MiB")

// maxPooledReply is the largest buffer that is kept for another reply.
const maxPooledReply = 256 << 10

// replies is memory to read replies into. What is kept of one is a copy.
var replies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// forget gives back the memory of the reply.
func (a *answer) forget() {
	if a.text != nil && a.text.Cap() <= maxPooledReply {
		a.text.Reset()
		replies.Put(a.text)
	}
}

// readReply reads a reply to its end, so that the connection is used again. A proxy
// may have compressed it though nobody asked.
func readReply(ctx context.Context, text *bytes.Buffer, resp *http.Response) error {
	body := io.LimitReader(timelyReader{resp.Body, ctx}, maxReplyBytes+1)
	if resp.Header.Get("Content-Encoding") == "gzip" {
		inflated, err := gzip.NewReader(body)
		if err != nil {
			return err
		}
		body = io.LimitReader(inflated, maxReplyBytes+1)
	}
	n, err := text.ReadFrom(body)
	if err == nil && n > maxReplyBytes {
		err = errReplyTooLarge
	}
	return err
}

// requestBody notices when a transport begins to read the body, after which a
// failure tells nothing about the events. Once it is closed nobody reads the
// batch: HTTP/2 gives up a body while another of its goroutines may be reading it.
type requestBody struct {
	reader  *bytes.Reader
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
	b.closed = true
	b.mu.Unlock()
	return nil
}

// networkError describes a request without an answer.
func networkError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the gateway did not answer in time: %w", err)
	}
	return fmt.Errorf("the gateway cannot be reached: %w", err)
}

// foreign makes an error of others' fit to be shown: its text is asked for once,
// and loses the key and what cannot be printed.
func (t *httpTransport) foreign(err error) error {
	text, ok := errorText(err)
	clean := string(t.redact([]byte(text)))
	shown := reply.Printable(clean)
	switch {
	case !ok || clean != text:
		return errors.New(shown) // what it wraps would panic, or show the key
	case shown != text:
		return &foreignError{shown, err}
	}
	return err
}

// foreignError is an error of others' with the text that it is to be shown by.
type foreignError struct {
	text string
	err  error
}

func (e *foreignError) Error() string { return e.text }
func (e *foreignError) Unwrap() error { return e.err }

// redactKey returns b without the key, which it almost never has.
func redactKey(b []byte, key string) []byte {
	if key == "" || !bytes.Contains(b, []byte(key)) {
		return b
	}
	return bytes.ReplaceAll(b, []byte(key), []byte(redacted))
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
	return min(t.timeout, max(time.Until(deadline)/2, time.Millisecond))
}

// closeAt says when the client gives up; an earlier time wins.
func (t *httpTransport) closeAt(deadline time.Time) {
	t.mu.Lock()
	if t.deadline.IsZero() || deadline.Before(t.deadline) {
		t.deadline = deadline
	}
	t.mu.Unlock()
}

// hold makes every request of the client wait because of the answer to one that was
// sent at start: for as long as the gateway asked, or for longer with each wait in a
// row that it did not find long enough.
func (t *httpTransport) hold(start time.Time, asked time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	wait := asked
	if start.After(t.heldFrom) { // else it was under way when this wait began
		wait = max(asked, jittered(exponentialBackoff(t.busy)))
		t.heldFrom = now
		t.busy++
	}
	if until := now.Add(wait); until.After(t.heldTo) {
		t.heldTo = until
	}
}

// served notes an answer that asked for no wait.
func (t *httpTransport) served() {
	t.mu.Lock()
	t.busy = 0
	t.mu.Unlock()
}

// held is until when the gateway asked to wait.
func (t *httpTransport) held() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heldTo
}

// release lets go of the idle connections.
func (t *httpTransport) release() {
	if t.connections != nil {
		t.connections.Close()
	}
}
