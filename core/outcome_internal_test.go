package causality

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"reflect"
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

// Bodies are as the gateway was seen to send them.
func TestReadJudgesEveryStatus(t *testing.T) {
	const parse = `{"violations":[{"field":"body", "description":"failed to parse request body: could not unmarshal request JSON: proto: `
	tests := []struct {
		status  int
		body    string
		verdict verdict
		line    int
	}{
		{400, parse + `(line 3:227): unknown field \"nope\""}]}`, refused, 1},
		{400, parse + "\u00a0(line 2:223): invalid value for int64 field value: 1.5\"}]}", refused, 0},
		{400, parse + `syntax error (line 12:1): unexpected token"}]}`, refused, -1}, // there are ten events
		{400, `{"violations":[{"field":"events.app_id", "description":"value length must be at least 1 characters"}]}`, refused, -1},
		{400, `{"violations":[{"field":"events", "description":"value must contain at least 1 item(s)"}]}`, refused, -1},
		{400, `{"violations":[{"field":"events", "description":"value must contain no more than 1000 item(s)"}]}`, tooMany, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: http: request body too large"}]}`, tooLarge, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: unexpected EOF"}]}`, again, -1},
		{400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: read tcp: i/o timeout"}]}`, again, -1},
		{400, "", refused, -1},
		{422, "no", refused, -1},
		{401, `{"error":"missing API key"}`, denied, -1},
		{403, "", denied, -1}, {404, "404 page not found\n", denied, -1}, {405, "Method Not Allowed\n", denied, -1},
		{307, "", denied, -1}, {204, "", again, -1}, {202, "{}", again, -1}, {101, "", denied, -1}, {409, "", denied, -1},
		{408, "", again, -1}, {429, "Too Many Requests\n", again, -1},
		{413, "", tooLarge, -1},
		{500, `{"message":"batch exceeds maximum event count"}`, tooMany, -1},
		{500, `{"message":"boom"}`, again, -1},
		{502, "<html>", again, -1}, {503, "", again, -1}, {504, "", again, -1}, {599, "", again, -1},
	}
	for _, tt := range tests {
		out := read(tt.status, http.Header{}, []byte(tt.body), 10)
		if out.verdict != tt.verdict || out.line != tt.line {
			t.Errorf("%d %s\nverdict %d, line %d, want %d, %d", tt.status, tt.body, out.verdict, out.line, tt.verdict, tt.line)
		}
		var answer *GatewayError
		if !errors.As(out.err, &answer) || answer.StatusCode != tt.status || answer.Events != 10 {
			t.Errorf("%d: %#v", tt.status, out.err)
		}
	}
}

func TestNamedEvent(t *testing.T) {
	tests := []struct {
		message string
		want    int
	}{
		{"proto: (line 3:4): no", 1},
		{"proto:\u00a0(line 3:4): no", 1},
		{"syntax error (line 2:198): no", 0},
		{"(line 6:1)", 4},
		{"(line 7:1)", -1}, // beyond the five events
		{"(line 1:14)", -1},
		{"(line 0:0)", -1},
		{"(line -3:1)", -1},
		{"(line 99999999999999999999:1)", -1},
		{"(line x:1)", -1},
		{"(line ", -1},
		{"line 3:4", -1},
		{"", -1},
		{`(line 3:4): duplicate map key "(line 5:1)"`, 1},
	}
	for _, tt := range tests {
		if got := namedEvent(tt.message, 5); got != tt.want {
			t.Errorf("%q names event %d, want %d", tt.message, got, tt.want)
		}
	}
}

func TestReadReply(t *testing.T) {
	forNow, forGood := "failed to publish event: nats: timeout", "timestamp_ms is required and must be > 0"
	tests := []struct {
		name    string
		body    string
		verdict verdict
		want    []rejection
	}{
		{"all accepted", `{"acceptedCount":2, "results":[{"eventId":"a", "status":"accepted"}, {"index":1, "eventId":"b", "status":"accepted"}]}`, accepted, nil},
		{"all accepted, without spaces", `{"acceptedCount":2,"results":[{"eventId":"a","status":"accepted"},{"index":1,"status":"accepted"}]}`, accepted, nil},
		{"all accepted, in another order", `{"results":[{"status":"accepted"},{"index":1,"status":"accepted"}],"acceptedCount":2}` + "\n", accepted, nil},
		{"all accepted, no results", `{"acceptedCount":2}`, accepted, nil},
		{"the first rejected, whose index is absent", `{"acceptedCount":1,"rejectedCount":1,"results":[{"status":"rejected","error":"` + forGood + `"},{"index":1,"status":"accepted"}]}`,
			accepted, []rejection{{0, forGood, false}}},
		{"all rejected, for now and for good", `{"rejectedCount":2,"results":[{"status":"rejected","error":"` + forNow + `"},{"index":1,"status":"rejected","error":"` + forGood + `"}]}`,
			accepted, []rejection{{0, forNow, true}, {1, forGood, false}}},
		{"one accepted that says rejected in its id", `{"acceptedCount":2,"results":[{"eventId":"rejected","status":"accepted"},{"index":1,"status":"accepted"}]}`, accepted, nil},
		{"unknown fields", `{"acceptedCount":2,"warnings":["x"],"results":[{"status":"accepted","seq":7},{"index":1,"status":"accepted"}]}`, accepted, nil},
		{"more accepted than sent", `{"acceptedCount":3}`, again, nil},
		{"fewer", `{"acceptedCount":1,"results":[{"status":"accepted"}]}`, again, nil},
		{"counts that cancel out", `{"acceptedCount":3,"rejectedCount":-1}`, again, nil},
		{"a count that is no number", `{"acceptedCount":"2"}`, again, nil},
		{"cut off", `{"acceptedCount":2, "results":[{"eventId":"a", "status":"accepted"}, {"index":1, "eventId":"b", "status":"accepted"}]`, again, nil},
		{"something after it", `{"acceptedCount":2} {"acceptedCount":2}`, again, nil},
		{"a list", `[]`, again, nil},
		{"null", `null`, again, nil},
		{"text", `OK`, again, nil},
		{"nothing", ``, again, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := readResults([]byte(tt.body), 2)
			if out.verdict != tt.verdict || !reflect.DeepEqual(out.rejections, tt.want) || out.unknown != (tt.verdict == again) {
				t.Errorf("%+v", out)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	date := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	tests := []struct {
		header   string
		min, max time.Duration
	}{
		{"", 0, 0}, {"0", 0, 0}, {"5", 5, 5}, {"60", 60, 60}, {"61", 60, 60}, {"86400", 60, 60},
		{"9223372036854775807", 60, 60}, {"99999999999999999999999", 60, 60},
		{"-1", 0, 0}, {"-99999999999999999999999", 0, 0}, {"1.5", 1, 2}, {"0.25", 0, 1}, {"1e9", 60, 60}, {"NaN", 0, 0}, {"soon", 0, 0}, {"5s", 0, 0},
		{date(20 * time.Second), 18, 20}, {date(-time.Hour), 0, 0}, {date(240 * time.Hour), 60, 60}, {"Mon, 32 Foo 2026", 0, 0},
	}
	for _, tt := range tests {
		got := retryAfter(http.Header{"Retry-After": {tt.header}})
		if got < tt.min*time.Second || got > tt.max*time.Second {
			t.Errorf("Retry-After: %s is %v, want %d to %d s", tt.header, got, tt.min, tt.max)
		}
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

// A gateway can put a hundred thousand violations into a reply. To join them all would copy the words as often.
func TestManyViolationsCostNoMoreThanAFew(t *testing.T) {
	body := []byte(`{"violations":[` + strings.Repeat("{},", 20_000) + `{}]}`)
	if allocs := testing.AllocsPerRun(1, func() { replyMessage(body) }); allocs > 2000 {
		t.Errorf("%v allocations", allocs)
	}
}

func TestEveryAcceptedIsCounted(t *testing.T) {
	// Of these pieces every text is nearly a reply.
	pieces := []string{`"accepted"`, `"accepted`, `accepted"`, `"acce`, "p", "ppppp", `"`, `,"status":`, `"acceptedCount":2,`, "attempted"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		var body []byte
		for range random.IntN(12) {
			body = append(body, pieces[random.IntN(len(pieces))]...)
		}
		if got, want := acceptedStatus.Count(body), bytes.Count(body, []byte(`"accepted"`)); got != want {
			t.Fatalf("%d in %s, want %d", got, body, want)
		}
	}
}
