package fakegateway_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The replay sends recorded requests to the Recorder and compares what it
// answers and stores with what the real gateway did.

// exchange is one recorded request with the gateway's answer.
type exchange struct {
	Name    string
	Group   string
	Request struct {
		Method, Path  string
		Headers       map[string]string
		Body          string
		BodyB64       []byte `json:"body_b64"` // instead of Body, for what is not UTF-8
		BodyLen       int    `json:"body_len"`
		BodyTruncated bool   `json:"body_truncated"`
	}
	Response struct {
		Status        int
		Headers       map[string]string
		Body          string
		BodyTruncated bool `json:"body_truncated"`
	}
	Stream struct{ Published *int }
}

// replayed are the groups about one gateway in good health. The others need an
// outage, a rate limit, the passing of minutes or a restart.
var replayed = map[string]bool{
	"envelope": true, "timestamp": true, "params": true, "json": true, "device_context": true,
	"kinds": true, "idem": true, "mixed": true, "lines": true, "size": true,
	"auth": true, "ctype": true, "http": true, "subject": true,
}

// exceptions are the exchanges where the Recorder differs on purpose.
var exceptions = map[string]string{
	"idem/ingest-then-batch-1":         noIngest,
	"idem/ingest-then-batch-2":         "its key was seen by the one before",
	"http/path-ingest-with-batch-body": noIngest,
	"http/ingest-ok":                   noIngest,
	"http/ingest-bad-ts":               noIngest,
	"http/ingest-no-payload":           noIngest,
	"http/ingest-1.1M":                 noIngest,

	"ctype/protobuf-binary":        noBinary,
	"ctype/octet-binary":           noBinary,
	"ctype/protobuf-unknown-field": noBinary,
	"ctype/protobuf-invalid-utf8":  noBinary,
	"ctype/protobuf-violation":     noBinary,
	"ctype/protobuf-empty":         noBinary,
	"ctype/protobuf-two":           noBinary,
	"ctype/protobuf-one-bad-ts":    noBinary,

	"auth/revoked-key": "keys cannot be revoked",

	"subject/cr":       "the gateway publishes it and it then hurts every consumer; the Recorder rejects it",
	"subject/len-4000": "4009 bytes of app ID and name: the gateway still takes it, the Recorder rejects from 4000",

	"subject/len-4100--next":       noAftermath,
	"subject/len-10000--next":      noAftermath,
	"subject/long-in-middle":       noAftermath,
	"subject/long-in-middle--next": noAftermath,
}

const (
	noIngest    = "only /v1/events/batch is played"
	noBinary    = "the binary form is not played"
	noAftermath = "an over-long name costs the gateway its connection to NATS; the Recorder rejects that event alone"
)

func TestTheGatewayAnswersAsTheGatewayDid(t *testing.T) {
	t.Run("a selection", func(t *testing.T) {
		replay(t, "testdata/exchanges.jsonl")
	})
	t.Run("all", func(t *testing.T) {
		const all = "../../../shared/gateway/exchanges.jsonl"
		if _, err := os.Stat(all); err != nil {
			t.Skipf("the full recording is not here (%v); the selection in testdata is replayed", err)
		}
		replay(t, all)
	})
}

func replay(t *testing.T, file string) {
	exchanges := load(t, file)
	t.Run("as a RoundTripper", func(t *testing.T) {
		rec := &fakegateway.Gateway{Key: replayKey}
		replayOn(t, exchanges, rec, rec.RoundTrip)
	})
	t.Run("as a Handler", func(t *testing.T) {
		rec := &fakegateway.Gateway{Key: replayKey}
		replayOn(t, exchanges, rec, func(req *http.Request) (*http.Response, error) {
			w := httptest.NewRecorder()
			rec.ServeHTTP(w, req)
			return w.Result(), nil
		})
	})
}

// replayOn sends all exchanges in their order, because some depend on the
// idempotency keys of earlier ones.
func replayOn(t *testing.T, exchanges []exchange, rec *fakegateway.Gateway, send func(*http.Request) (*http.Response, error)) {
	agreed, excepted, otherGroups := 0, 0, 0
	for _, ex := range exchanges {
		name := ex.Group + "/" + ex.Name
		switch {
		case !replayed[ex.Group]:
			otherGroups++
			continue
		case exceptions[name] != "":
			excepted++
			continue
		}
		if t.Run(name, func(t *testing.T) { compare(t, ex, rec, send) }) {
			agreed++
		}
	}
	t.Logf("%d exchanges agree, %d are exceptions, %d of other groups were not replayed", agreed, excepted, otherGroups)
}

func compare(t *testing.T, ex exchange, rec *fakegateway.Gateway, send func(*http.Request) (*http.Response, error)) {
	before := rec.Len()
	res, err := send(ex.request(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	want := ex.Response
	if res.StatusCode != want.Status {
		t.Fatalf("status %d, the gateway's is %d\n%s\n%s", res.StatusCode, want.Status, text, want.Body)
	}
	for _, name := range []string{"Content-Type", "Allow", "Location", "X-Content-Type-Options"} {
		if got := res.Header.Get(name); got != want.Headers[name] {
			t.Errorf("%s %q, the gateway's is %q", name, got, want.Headers[name])
		}
	}
	if !want.BodyTruncated {
		if got, want := meaning(t, string(text)), meaning(t, want.Body); !reflect.DeepEqual(got, want) {
			t.Errorf("the answer\n%v\nis not the gateway's\n%v", got, want)
		}
	}
	if published := ex.Stream.Published; published != nil && rec.Len()-before != *published {
		t.Errorf("%d events were stored, the gateway stored %d", rec.Len()-before, *published)
	}
}

// meaning makes two answers equal that mean the same: fresh ids differ, and
// protobuf varies its white space from build to build.
func meaning(t *testing.T, text string) any {
	text = strings.ReplaceAll(text, "\u00a0", " ")
	if !strings.HasPrefix(text, "{") {
		return text
	}
	var answer map[string]any
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	results, _ := answer["results"].([]any)
	for _, r := range results {
		r := r.(map[string]any)
		if id, ok := r["eventId"].(string); ok && isUUID7(id) {
			r["eventId"] = "(a fresh one)"
		}
	}
	return answer
}

func isUUID7(s string) bool {
	if len(s) != 36 || s[14] != '7' || !strings.ContainsRune("89ab", rune(s[19])) {
		return false
	}
	for i, c := range s {
		if hyphen := i == 8 || i == 13 || i == 18 || i == 23; hyphen != (c == '-') {
			return false
		}
	}
	return true
}

var (
	replayKey = strings.Repeat("0123456789abcdef", 4)
	otherKey  = strings.Repeat("fedcba9876543210", 4)
)

func (ex *exchange) request(t *testing.T) *http.Request {
	body := []byte(ex.Request.Body)
	switch {
	case ex.Request.BodyTruncated:
		body = ex.restore(t)
	case ex.Request.BodyB64 != nil:
		body = ex.Request.BodyB64
	}
	req := httptest.NewRequest(ex.Request.Method, "https://gateway.test"+ex.Request.Path, bytes.NewReader(body))
	keys := strings.NewReplacer(
		"<key>", replayKey, "<key-of-other-app>", replayKey, "<key-to-revoke>", replayKey,
		"<KEY-UPPERCASED>", strings.ToUpper(replayKey), strings.Repeat("0", 64), otherKey,
	)
	for name, value := range ex.Request.Headers {
		req.Header.Set(name, keys.Replace(value))
	}
	return req
}

// restore completes a body of which only the beginning was recorded: most end
// in a run of one character, the others are many events alike.
func (ex *exchange) restore(t *testing.T) []byte {
	begin, size := ex.Request.Body, ex.Request.BodyLen
	var end string
	switch {
	case ex.Name == "key-64k":
		end = `": "v"}}}]}`
	case ex.Name == "long-key":
		end = `", "custom_event": {"event_name": "probe"}}]}`
	case ex.Name == "long-100k", ex.Name == "bad-key-6M-body",
		strings.HasPrefix(ex.Name, "event-") && ex.Name != "event-1.1M-mixed":
		end = `"}}}]}`
	case ex.Group == "subject":
		end = `"}}]}`
	case ex.Name == "deep-unknown":
		begin, end = begin[:strings.Index(begin, `"foo":`)+len(`"foo":`)], strings.Repeat("}", 9999)
		return []byte(begin + strings.Repeat(`{"a":`, 9997) + end)
	case ex.Name == "event-1.1M-mixed":
		return events(3, size, 1)
	case ex.Name == "accept-encoding-gzip":
		return events(200, size, 0)
	case ex.Name == "1000":
		return events(1000, size, 0)
	case ex.Name == "1001":
		return events(1001, size, 0)
	case strings.HasPrefix(ex.Name, "body-"):
		return events(10, size, -1)
	default:
		t.Fatalf("the body of %s is cut and not known", ex.Name)
	}
	fill := strings.Repeat(begin[len(begin)-1:], size-len(begin)-len(end))
	return []byte(begin + fill + end)
}

// eventsMade makes the idempotency keys of events unique.
var eventsMade int

// events is a body of n events and so many bytes. What is missing is filled in
// at the event with the given index, or in all of them.
func events(n, size, fillAt int) []byte {
	heads := make([]string, n)
	missing := size - len(`{"events": []}`) - 2*(n-1)
	const tail = `"}}}`
	for i := range heads {
		eventsMade++
		heads[i] = fmt.Sprintf(`{"app_id": "probe-app", "device_id": "dev-1", "timestamp_ms": 1795421603465, "idempotency_key": "%08d-8283-4c5d-a0fd-f3019f2d952e", "custom_event": {"event_name": "p", "string_params": {"a": "`, eventsMade)
		missing -= len(heads[i]) + len(tail)
	}
	for i := range heads {
		fill := 0
		switch {
		case fillAt < 0:
			fill = missing / (n - i)
		case fillAt == i:
			fill = missing
		}
		missing -= fill
		heads[i] += strings.Repeat("x", fill) + tail
	}
	return []byte(`{"events": [` + strings.Join(heads, ", ") + `]}`)
}

func load(t testing.TB, file string) []exchange {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var exchanges []exchange
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var ex exchange
		if err := json.Unmarshal(lines.Bytes(), &ex); err != nil {
			t.Fatal(err)
		}
		exchanges = append(exchanges, ex)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return exchanges
}
