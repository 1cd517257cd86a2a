package causality_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// gateway plays the Causality gateway as a Config.Transport. It checks every
// body with encoding/json, answers by script, and remembers idempotency keys
// the way the real one does: a key that it has seen is answered "accepted" and
// never stored again.
type gateway struct {
	mu        sync.Mutex
	script    []answer // an answer for each request, in order
	otherwise answer   // and for all that come later
	requests  []*arrival
	stored    []event
	seen      map[string]bool
	known     map[string]event
	busy      int
	mostBusy  int
	problems  []string
}

// arrival is a request that the gateway got. events is nil where it did not read it.
type arrival struct {
	at     time.Time
	url    string
	method string
	header http.Header
	body   []byte
	events []event
}

// answer is what the gateway does with one request.
type answer func(g *gateway, r *http.Request, got *arrival) (*http.Response, error)

// newGateway returns a gateway that accepts everything once the script has run
// out, and that fails t if it was ever sent what the real one would refuse.
func newGateway(t testing.TB, script ...answer) *gateway {
	g := &gateway{script: script, otherwise: accept, seen: map[string]bool{}, known: map[string]event{}}
	t.Cleanup(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, problem := range g.problems {
			t.Error(problem)
		}
	})
	return g
}

func (g *gateway) RoundTrip(r *http.Request) (*http.Response, error) {
	defer r.Body.Close()
	got := &arrival{at: time.Now(), url: r.URL.String(), method: r.Method, header: r.Header.Clone()}
	g.mu.Lock()
	act := g.otherwise
	if len(g.script) > 0 {
		act, g.script = g.script[0], g.script[1:]
	}
	g.requests = append(g.requests, got)
	g.busy++
	g.mostBusy = max(g.mostBusy, g.busy)
	g.mu.Unlock()
	defer func() {
		g.mu.Lock()
		g.busy--
		g.mu.Unlock()
	}()
	return act(g, r, got)
}

// then changes what the gateway does from now on.
func (g *gateway) then(act answer) {
	g.mu.Lock()
	g.script, g.otherwise = nil, act
	g.mu.Unlock()
}

func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.requests)
}

// got returns the requests so far.
func (g *gateway) got() []*arrival {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*arrival(nil), g.requests...)
}

// sizes returns how many events each request so far had.
func (g *gateway) sizes() []int {
	var sizes []int
	for _, r := range g.got() {
		sizes = append(sizes, len(r.events))
	}
	return sizes
}

func (g *gateway) events() []event {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]event(nil), g.stored...)
}

// numbers returns the property n of the stored events, in the order stored.
func (g *gateway) numbers() []int {
	numbers := []int{}
	for _, e := range g.events() {
		numbers = append(numbers, e.n())
	}
	return numbers
}

// read takes in the body of a request, once.
func (g *gateway) read(r *http.Request, got *arrival) {
	if got.body != nil {
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		g.problem("reading the body: %v", err)
	}
	if int64(len(body)) != r.ContentLength {
		g.problem("ContentLength is %d, the body has %d bytes", r.ContentLength, len(body))
	}
	g.mu.Lock()
	events, err := decode(body, g.known)
	got.body, got.events = body, events
	g.mu.Unlock()
	if err != nil {
		g.problem("%v in the body\n%s", err, body)
	}
}

func (g *gateway) problem(format string, args ...any) {
	g.mu.Lock()
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
	g.mu.Unlock()
}

// store stores the events for which ok is true, and marks the keys of all.
func (g *gateway) store(events []event, ok func(event) bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, e := range events {
		if ok(e) && !g.seen[e.Key] {
			g.stored = append(g.stored, e)
		}
		g.seen[e.Key] = true
	}
}

func reply(status int, body string, header ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}
	for i := 0; i < len(header); i += 2 {
		resp.Header.Set(header[i], header[i+1])
	}
	return resp
}

// accept stores all.
func accept(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
	return rejects("", func(event) bool { return false })(g, r, got)
}

// rejects answers 200 and stores all but the bad ones, which it answers with
// the reason.
func rejects(reason string, isBad func(event) bool) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		g.mu.Lock()
		fresh := map[string]bool{}
		for _, e := range got.events {
			fresh[e.Key] = !g.seen[e.Key]
		}
		g.mu.Unlock()
		bad := func(e event) bool { return isBad(e) && fresh[e.Key] }
		g.store(got.events, func(e event) bool { return !bad(e) })
		return reply(200, replyText(got.events, reason, bad), "Content-Type", "application/json"), nil
	}
}

// replyText is protojson as the gateway writes it: zero values are left out.
func replyText(events []event, reason string, bad func(event) bool) string {
	var results []string
	rejected := 0
	for i, e := range events {
		index := ""
		if i > 0 {
			index = fmt.Sprintf(`"index":%d, `, i)
		}
		if bad(e) {
			rejected++
			results = append(results, fmt.Sprintf(`{%s"status":"rejected", "error":%q}`, index, reason))
		} else {
			results = append(results, fmt.Sprintf(`{%s"eventId":%q, "status":"accepted"}`, index, e.ID))
		}
	}
	text := `"results":[` + strings.Join(results, ", ") + "]}"
	if rejected > 0 {
		text = fmt.Sprintf(`"rejectedCount":%d, `, rejected) + text
	}
	if accepted := len(events) - rejected; accepted > 0 {
		text = fmt.Sprintf(`"acceptedCount":%d, `, accepted) + text
	}
	return "{" + text
}

// answers reads the request, stores nothing and answers so.
func answers(status int, body string, header ...string) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		return reply(status, body, header...), nil
	}
}

// refuses answers 400 to a request with a bad event in it, and stores all of
// any other. It names the line of the first bad event, or none.
func refuses(naming bool, bad func(event) bool) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		for i, e := range got.events {
			if !bad(e) {
				continue
			}
			if naming {
				return reply(400, fmt.Sprintf(`{"violations":[{"field":"body", "description":"failed to parse request body: could not unmarshal request JSON: proto:`+"\u00a0"+`(line %d:224): unknown field \"nope\""}]}`, i+2)), nil
			}
			return reply(400, `{"violations":[{"field":"events.custom_event.event_name", "description":"value length must be at least 1 characters"}]}`), nil
		}
		g.store(got.events, func(event) bool { return true })
		return reply(200, replyText(got.events, "", func(event) bool { return false })), nil
	}
}

// hangs reads the request and never answers.
func hangs(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
	g.read(r, got)
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// unreachable fails before it has read anything.
func unreachable(*gateway, *http.Request, *arrival) (*http.Response, error) {
	return nil, errors.New("dial tcp: connection refused")
}

// breaks takes the request in and then loses the connection; what it has taken
// in is stored or not.
func breaks(stores bool) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		g.store(got.events, func(event) bool { return stores })
		return nil, io.ErrUnexpectedEOF
	}
}

// after does act when d has passed.
func after(d time.Duration, act answer) answer {
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		select {
		case <-time.After(d):
			return act(g, r, got)
		case <-r.Context().Done():
			g.read(r, got)
			return nil, r.Context().Err()
		}
	}
}
