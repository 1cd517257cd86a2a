package live_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// site is a server with its gateway.
type site struct {
	testing.TB
	*httptest.Server
	live *live.Server
}

func start(t testing.TB, options live.Options) *site {
	t.Helper()
	server, err := live.New(options)
	if err != nil {
		t.Fatal(err)
	}
	s := &site{TB: t, Server: httptest.NewServer(server), live: server}
	t.Cleanup(s.Server.Close)
	t.Cleanup(server.Close) // first: streams end
	return s
}

// do makes a request; header is name, value, name, value …
func (s *site) do(method, path, body string, header ...string) (*http.Response, string) {
	s.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.Fatal(err)
	}
	return resp, string(text)
}

// post sends events as one batch and returns the status.
func (s *site) post(events ...string) int {
	s.Helper()
	resp, _ := s.do(http.MethodPost, "/v1/events/batch", batch(events...), "X-API-Key", "dev")
	return resp.StatusCode
}

// records asks for records; query is as in the URL.
func (s *site) records(query string) []live.Record {
	s.Helper()
	var list struct{ Records []map[string]json.RawMessage }
	s.get("/_local/events?"+query, &list)
	records := make([]live.Record, len(list.Records))
	for i, fields := range list.Records {
		delete(fields, "row") // an object, which a Record only writes
		text, _ := json.Marshal(fields)
		if err := json.Unmarshal(text, &records[i]); err != nil {
			s.Fatal(err)
		}
	}
	return records
}

func (s *site) get(path string, v any) {
	s.Helper()
	resp, text := s.do(http.MethodGet, path, "")
	if resp.StatusCode != http.StatusOK {
		s.Fatalf("%s: %s: %s", path, resp.Status, text)
	}
	if err := json.Unmarshal([]byte(text), v); err != nil {
		s.Fatalf("%s: %v: %s", path, err, text)
	}
}

func (s *site) fault(text string) {
	s.Helper()
	if resp, answer := s.do(http.MethodPost, "/_local/fault", text); resp.StatusCode != http.StatusOK {
		s.Fatalf("fault %s: %s: %s", text, resp.Status, answer)
	}
}

// outcomes are those of records, in order.
func outcomes(records []live.Record) string {
	var words []string
	for _, r := range records {
		words = append(words, r.Outcome)
	}
	return strings.Join(words, " ")
}

func types(records []live.Record) string {
	var words []string
	for _, r := range records {
		words = append(words, r.Type)
	}
	return strings.Join(words, " ")
}

// event is one event of app and user with a key.
func event(key, name, app, user string) string {
	return fmt.Sprintf(`{"id":"id-%s","idempotency_key":%q,"app_id":%q,"device_id":"d","timestamp_ms":1795430525389,"custom_event":{"event_name":%q,"string_params":{"user_id":%q,"order_id":"o-%s"}}}`,
		key, key, app, name, user, key)
}

func plain(key string) string { return event(key, "e", "shop", "ada") }

func batch(events ...string) string { return "{\"events\":[\n" + strings.Join(events, ",\n") + "\n]}" }

// eventually is for what another goroutine does; it takes a busy machine into
// account.
func eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	for range 1000 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it is not so that %s", what)
}
