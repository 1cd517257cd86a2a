package conformance

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/google/uuid"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// TestRecorderAgreesWithTheGateway holds that the Recorder, which users test
// with, takes and refuses what the gateway's own parts take and refuse.
func TestRecorderAgreesWithTheGateway(t *testing.T) {
	t.Run("on every recorded request", func(t *testing.T) {
		checkRecorded(t, readExchanges(t, sharedExchanges))
	})
	t.Run("on the kept requests", func(t *testing.T) {
		checkRecorded(t, readExchanges(t, keptExchanges))
	})
	t.Run("on bodies that are nearly right", func(t *testing.T) {
		n := 30000
		if testing.Short() {
			n = 3000
		}
		seeds := bodies(t)
		m := newMutator(1)
		found := 0
		for i := range n {
			body := m.mutate(seeds[i%len(seeds)])
			if difference := disagreement(body); difference != "" {
				small := shrink(body)
				t.Errorf("%s\n\tbody %q", disagreement(small), small)
				if found++; found == 20 {
					t.Fatal("20 bodies are enough")
				}
			}
		}
	})
}

// FuzzRecorder looks further than the mutator does.
func FuzzRecorder(f *testing.F) {
	for _, body := range bodies(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if difference := disagreement(body); difference != "" {
			t.Error(difference)
		}
	})
}

// bodies are the short JSON bodies that were kept, an event of every kind, and
// a batch of the SDK's.
func bodies(tb testing.TB) []string {
	tb.Helper()
	all := []string{string(newSDKBatch(2).body)}
	for _, payload := range catalogue {
		all = append(all, catalogueBody(payload, "c"))
	}
	for _, e := range readExchanges(tb, keptExchanges) {
		if body := e.body(tb); e.Request.Path == gateway.BatchPath && len(body) < 4000 {
			all = append(all, string(body))
		}
	}
	return all
}

// checkRecorded sends whole requests, not bodies alone.
func checkRecorded(t *testing.T, all []*exchange) {
	t.Helper()
	left := make(map[string]int)
	for _, e := range all {
		if reason := notPlayed(e); reason != "" {
			left[reason]++
			continue
		}
		body := e.body(t)
		gw := gateway.New()
		difference := differ(gw, func() *http.Request { return e.request(t.Context(), body) })
		if difference != "" && stricter(gw, string(body)) == "" {
			t.Errorf("%s: %s", e.key(), difference)
		}
	}
	t.Logf("%d requests, without %v", len(all), left)
}

// notPlayed says why the Recorder does not answer a request as the gateway does.
func notPlayed(e *exchange) string {
	switch contentType := e.Request.Headers["Content-Type"]; {
	case e.Request.Path == gateway.IngestPath:
		return "the Recorder serves the batch path alone"
	case contentType == "application/x-protobuf" || contentType == "application/octet-stream":
		return "the Recorder reads JSON alone"
	}
	return ""
}

// verdict is an answer, without what may differ: ids and spaces.
type verdict struct {
	status int
	events []string // each accepted or rejected, with the reason
	reply  string   // when there are no events
}

func verdictOf(method string, rec *httptest.ResponseRecorder) verdict {
	v := verdict{status: rec.Code}
	var reply struct {
		AcceptedCount, RejectedCount int
		Violations                   []struct{ Field, Description string }
		Results                      []struct {
			Index         int
			Status, Error string
		}
	}
	switch {
	case method == http.MethodHead:
		// The server sends no body, whatever the handler writes.
	case json.Unmarshal(rec.Body.Bytes(), &reply) != nil:
		v.reply = rec.Body.String()
	case rec.Code == http.StatusOK:
		v.events = append(v.events, fmt.Sprintf("%d+%d", reply.AcceptedCount, reply.RejectedCount))
		for _, r := range reply.Results {
			v.events = append(v.events, fmt.Sprintf("%d %s %s", r.Index, r.Status, r.Error))
		}
	case len(reply.Violations) > 0:
		// The Recorder names a field once that is empty in several events.
		for _, broken := range reply.Violations {
			if line := plainSpace(fmt.Sprintf("%s: %s\n", broken.Field, broken.Description)); !strings.Contains(v.reply, line) {
				v.reply += line
			}
		}
	default:
		v.reply = rec.Body.String()
	}
	return v
}

// disagreement sends a body to a gateway and a Recorder, both new, and says how
// they differ where they should not.
func disagreement(body string) string {
	gw := gateway.New()
	difference := differ(gw, func() *http.Request { return withBody(body) })
	if difference == "" || stricter(gw, body) != "" {
		return ""
	}
	return difference
}

func withBody(body string) *http.Request {
	req := httptest.NewRequest(http.MethodPost, gateway.BatchPath, strings.NewReader(body))
	req.Header.Set("X-API-Key", testKey)
	return req
}

// differ sends a request to a gateway and a new Recorder and compares what they
// answer and store.
func differ(gw *gateway.Gateway, request func() *http.Request) string {
	recorder := fakegateway.New()
	if difference := differInAnswer(gw, recorder, request); difference != "" {
		return difference
	}
	return differInStore(gw, recorder)
}

func differInAnswer(gw *gateway.Gateway, recorder *fakegateway.Gateway, request func() *http.Request) string {
	fromGateway, fromRecorder := httptest.NewRecorder(), httptest.NewRecorder()
	gw.ServeHTTP(fromGateway, request())
	recorder.ServeHTTP(fromRecorder, request())

	method := request().Method
	want, got := verdictOf(method, fromGateway), verdictOf(method, fromRecorder)
	if fmt.Sprint(want) != fmt.Sprint(got) {
		return fmt.Sprintf("they answer differently:\n\tgateway  %v\n\tRecorder %v", want, got)
	}
	return ""
}

// differInStore compares what was kept under which id and key, and what a test
// gets to see of it.
func differInStore(gw *gateway.Gateway, recorder *fakegateway.Gateway) string {
	stored, envelopes, events := gw.Stored(), recorder.Envelopes(), recorder.Events()
	if len(stored) != len(envelopes) {
		return fmt.Sprintf("the gateway stored %d, the Recorder %d", len(stored), len(envelopes))
	}
	for i, want := range stored {
		got := envelopes[i]
		if !same(want.ID, got.ID) || !same(want.Key, got.IdempotencyKey) {
			return fmt.Sprintf("the gateway stored %s under %s, the Recorder %s under %s", want.ID, want.Key, got.ID, got.IdempotencyKey)
		}
		if difference := differInValues(want, events[i]); difference != "" {
			return difference
		}
	}
	return ""
}

// same compares ids, of which each side makes its own.
func same(a, b string) bool {
	return a == b || uuid.Validate(a) == nil && uuid.Validate(b) == nil
}

var (
	emptyExponent = regexp.MustCompile(`^-?\d+(\.\d+)?[eE][+-]?([^0-9+-]|$)|^"-?\d+(\.\d+)?[eE][+-]?"$`)
	lineBreaking  = func(r rune) bool { return unicode.IsSpace(r) && !strings.ContainsRune(" \t\n", r) }
)

// stricter says where the Recorder is documented to refuse what the gateway
// takes, or to be less harmed by it.
func stricter(gw *gateway.Gateway, body string) string {
	for _, token := range tokenize(body) {
		if emptyExponent.MatchString(token) {
			return "an exponent without digits is not JSON"
		}
	}
	for _, event := range gw.Stored() {
		switch {
		case strings.ContainsFunc(event.AppID, lineBreaking):
			return "white space in an app id"
		case strings.Contains(event.Type, "\r"):
			return "a carriage return in an event name"
		case len(event.AppID)+len(event.Type) >= 4000:
			return "a name that is nearly too long for NATS"
		}
	}
	ready := httptest.NewRecorder()
	gw.ServeHTTP(ready, httptest.NewRequest(http.MethodGet, "/ready", nil))
	if ready.Code != http.StatusOK {
		return "a name that is too long for NATS: the gateway refuses all that follows"
	}
	return ""
}

// Each reason for which the Recorder is excused holds, or it is struck off.
func TestTheRecorderIsStricterOnPurpose(t *testing.T) {
	const good = `{"app_id":"a","device_id":"d","timestamp_ms":1,"custom_event":{"event_name":"e"}}`
	tests := map[string]string{
		"an exponent without digits is not JSON": strings.Replace(good, ":1,", ":1e,", 1),
		"white space in an app id":               strings.Replace(good, `"a"`, `"\u00a0"`, 1),
		"a carriage return in an event name":     strings.Replace(good, `"e"`, `"\r"`, 1),
		"a name that is nearly too long for NATS": strings.Replace(good, `"e"`,
			`"`+strings.Repeat("n", 4000)+`"`, 1),
		"a name that is too long for NATS: the gateway refuses all that follows": strings.Replace(good, `"e"`,
			`"`+strings.Repeat("n", 5000)+`"`, 1) + "," + good,
	}
	for reason, events := range tests {
		body := `{"events":[` + events + `]}`
		gw := gateway.New()
		if differ(gw, func() *http.Request { return withBody(body) }) == "" {
			t.Errorf("%s: the two agree", reason)
		}
		if got := stricter(gw, body); got != reason {
			t.Errorf("%s: excused as %q", reason, got)
		}
	}
}

// Both remember the same keys: a rejected event's key is spent when the
// rejection came from the broker, and only then.
func TestTheRecorderRemembersKeysLikeTheGateway(t *testing.T) {
	events := []string{
		`{"app_id":"a","device_id":"d","timestamp_ms":1,"idempotency_key":"%d","custom_event":{"event_name":"e"}}`,
		`{"app_id":"a","device_id":"d","timestamp_ms":0,"idempotency_key":"%d","custom_event":{"event_name":"e"}}`,
		`{"app_id":"a","device_id":"d","timestamp_ms":1,"idempotency_key":"%d"}`,
		`{"app_id":"a","device_id":"d","timestamp_ms":1,"idempotency_key":"%d","custom_event":{"event_name":"a\nb"}}`,
		`{"app_id":"a","device_id":"d","timestamp_ms":1,"idempotency_key":"","correlation_id":"%d","app_start":{}}`,
		`{"app_id":"a","device_id":"","timestamp_ms":1,"idempotency_key":"%d","app_start":{}}`,
	}
	random := newMutator(2).rand
	gw, recorder := gateway.New(), fakegateway.New()
	for range 1000 {
		var batch []string
		for range 1 + random.IntN(4) {
			batch = append(batch, fmt.Sprintf(events[random.IntN(len(events))], random.IntN(1000)))
		}
		body := `{"events":[` + strings.Join(batch, ",") + `]}`
		difference := differInAnswer(gw, recorder, func() *http.Request { return withBody(body) })
		if difference != "" || gw.Len() != recorder.Len() {
			t.Fatalf("%s; stored %d and %d\n\tbody %s", difference, gw.Len(), recorder.Len(), body)
		}
	}
	if difference := differInStore(gw, recorder); difference != "" {
		t.Error(difference)
	}
}

// shrink drops tokens, then bytes, of a body for as long as the two disagree.
func shrink(body string) string {
	tokens := tokenize(body)
	if disagreement(strings.Join(tokens, "")) == "" {
		tokens = strings.Split(body, "")
	}
	for size := len(tokens) / 2; size > 0; size /= 2 {
		for at := 0; at+size <= len(tokens); {
			rest := append(append([]string(nil), tokens[:at]...), tokens[at+size:]...)
			if disagreement(strings.Join(rest, "")) != "" {
				tokens = rest
			} else {
				at++
			}
		}
	}
	return strings.Join(tokens, "")
}
