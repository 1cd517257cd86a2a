package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

var anyKey = strings.Repeat("0123456789abcdef", 4)

// event writes one custom event with a key.
func event(key string) string {
	return fmt.Sprintf(`{"app_id":"a","device_id":"d","timestamp_ms":1,"idempotency_key":%q,"custom_event":{"event_name":"e"}}`, key)
}

func batch(events ...string) string {
	return `{"events":[` + strings.Join(events, ",") + `]}`
}

// answer is a decoded reply.
type answer struct {
	status   int
	Accepted int `json:"acceptedCount"`
	Rejected int `json:"rejectedCount"`
	Results  []struct{ EventID, Status, Error string }
	Message  string
	text     string
}

func send(t *testing.T, gw http.Handler, req *http.Request) answer {
	t.Helper()
	if req.Header.Get("X-API-Key") == "" {
		req.Header.Set("X-API-Key", anyKey)
	}
	rec := httptest.NewRecorder()
	gw.ServeHTTP(rec, req)
	a := answer{status: rec.Code, text: rec.Body.String()}
	if rec.Header().Get("Content-Type") == contentJSON && rec.Body.Len() > 0 {
		if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
			t.Fatalf("reply is not JSON: %v: %s", err, rec.Body)
		}
	}
	return a
}

func post(t *testing.T, gw http.Handler, body string) answer {
	t.Helper()
	return send(t, gw, httptest.NewRequest(http.MethodPost, BatchPath, strings.NewReader(body)))
}

func TestEveryKindIsTakenAndPublishedUnderItsCategory(t *testing.T) {
	kinds := map[string]string{
		"user_login": "user.login", "user_logout": "user.logout", "user_signup": "user.signup",
		"user_profile_update": "user.profile_update",
		"screen_view":         "screen.view", "screen_exit": "screen.exit",
		"button_tap": "interaction.button_tap", "swipe_gesture": "interaction.swipe",
		"scroll_event": "interaction.scroll", "text_input": "interaction.text_input",
		"long_press": "interaction.long_press", "double_tap": "interaction.double_tap",
		"product_view": "commerce.product_view", "add_to_cart": "commerce.add_to_cart",
		"remove_from_cart": "commerce.remove_from_cart", "checkout_start": "commerce.checkout_start",
		"checkout_step": "commerce.checkout_step", "purchase_complete": "commerce.purchase_complete",
		"purchase_failed": "commerce.purchase_failed",
		"app_start":       "system.app_start", "app_background": "system.app_background",
		"app_foreground": "system.app_foreground", "app_crash": "system.app_crash",
		"network_change": "system.network_change", "permission_request": "system.permission_request",
		"permission_result": "system.permission_result", "memory_warning": "system.memory_warning",
		"battery_change": "system.battery_change",
		"custom_event":   "custom.x",
	}
	required := map[string]string{
		"screen_view": "screen_name", "screen_exit": "screen_name", "button_tap": "button_id",
		"text_input": "field_id", "product_view": "product_id", "add_to_cart": "product_id",
		"remove_from_cart": "product_id", "purchase_complete": "order_id", "custom_event": "event_name",
	}
	if len(kinds) != 29 {
		t.Fatalf("the catalogue has 29 kinds, the test %d", len(kinds))
	}
	for kind, want := range kinds {
		gw := New()
		withPayload := func(payload string) string {
			return batch(fmt.Sprintf(`{"app_id":"a.b","device_id":"d","timestamp_ms":1,%q:%s}`, kind, payload))
		}
		payload := "{}"
		if field := required[kind]; field != "" {
			if a := post(t, gw, withPayload("{}")); a.status != http.StatusBadRequest || !strings.Contains(a.text, "events."+kind+"."+field) {
				t.Errorf("%s without %s: %d %s", kind, field, a.status, a.text)
			}
			payload = fmt.Sprintf(`{%q:"x"}`, field)
		}
		if a := post(t, gw, withPayload(payload)); a.Accepted != 1 {
			t.Errorf("%s: %d %s", kind, a.status, a.text)
			continue
		}
		stored := gw.Stored()[0]
		if got := stored.Subject; got != "events.a_b."+want {
			t.Errorf("%s is published as %s, want %s", kind, got, want)
		}
		if got := stored.Category + "." + stored.Type; got != want {
			t.Errorf("%s is stored as %s, want %s", kind, got, want)
		}
	}
}

func TestAKeyIsAcceptedOnce(t *testing.T) {
	tests := []struct {
		name   string
		before func(gw *Gateway, clock *time.Time)
		stored int
	}{
		{"and again is answered the same but not stored", func(*Gateway, *time.Time) {}, 1},
		{"until Forget", func(gw *Gateway, _ *time.Time) { gw.Forget() }, 2},
		{"until a restart", func(gw *Gateway, _ *time.Time) { gw.Restart() }, 2},
		{"for half the window at least", func(_ *Gateway, c *time.Time) { *c = c.Add(29 * time.Second) }, 1},
		{"for the whole window at most", func(_ *Gateway, c *time.Time) { *c = c.Add(61 * time.Second) }, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clock := time.Unix(1000, 0)
			gw := New(WithWindow(time.Minute), WithClock(func() time.Time { return clock }))
			for range 2 {
				if a := post(t, gw, batch(event("k"))); a.Accepted != 1 {
					t.Fatal(a.text)
				}
				tt.before(gw, &clock)
			}
			if gw.Len() != tt.stored {
				t.Errorf("stored %d, want %d", gw.Len(), tt.stored)
			}
		})
	}
}

func TestARejectedPublishSpendsTheKey(t *testing.T) {
	broker := errors.New("nats: no response from stream")
	gw := New(WithPublish(func(*Stored) error { return broker }))
	a := post(t, gw, batch(event("k")))
	if a.Rejected != 1 || a.Results[0].Error != "failed to publish event: nats: no response from stream" {
		t.Fatal(a.text)
	}
	broker = nil
	if a = post(t, gw, batch(event("k"))); a.Accepted != 1 || gw.Len() != 0 {
		t.Errorf("the same key: accepted %d, stored %d; want 1 and 0", a.Accepted, gw.Len())
	}
	if a = post(t, gw, batch(event("k2"))); a.Accepted != 1 || gw.Len() != 1 {
		t.Errorf("a new key: accepted %d, stored %d; want 1 and 1", a.Accepted, gw.Len())
	}
}

func TestAClientThatLeavesLosesWhatWasNotStored(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	stored := 0
	gw := New(WithOnStore(func(*Stored) {
		if stored++; stored == 2 {
			leave()
		}
	}))
	body := batch(event("1"), event("2"), event("3"))
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, BatchPath, strings.NewReader(body))
	send(t, gw, req)
	if a := post(t, gw, body); a.Accepted != 3 || gw.Len() != 2 {
		t.Errorf("accepted %d, stored %d; want 3 and 2", a.Accepted, gw.Len())
	}
}

func TestAnOverlongNameClosesTheBrokerForEveryone(t *testing.T) {
	gw := New()
	long := strings.Replace(event("1"), `"e"`, `"`+strings.Repeat("n", 5000)+`"`, 1)
	a := post(t, gw, batch(event("0"), long, event("2")))
	if a.Accepted != 1 || a.Rejected != 2 || a.Results[2].Error != "failed to publish event: nats: connection closed" {
		t.Fatal(a.text)
	}
	ready := func() int {
		return send(t, gw, httptest.NewRequest(http.MethodGet, "/ready", nil)).status
	}
	if got := ready(); got != http.StatusServiceUnavailable {
		t.Errorf("/ready is %d", got)
	}
	gw.Restart()
	if got := ready(); got != http.StatusOK {
		t.Errorf("/ready after a restart is %d", got)
	}
	if a := post(t, gw, batch(event("3"))); a.Accepted != 1 {
		t.Errorf("after a restart: %s", a.text)
	}
}

func TestKeys(t *testing.T) {
	upper := strings.ToUpper(anyKey)
	other := strings.Repeat("f", 64)
	tests := []struct {
		name    string
		prepare func(*Gateway)
		key     string
		want    int
	}{
		{"any 64 lower-case hex digits will do", func(*Gateway) {}, anyKey, 200},
		{"upper case is another key", func(*Gateway) {}, upper, 401},
		{"63 digits are none", func(*Gateway) {}, anyKey[1:], 401},
		{"a key that was allowed is accepted", func(g *Gateway) { g.Allow(anyKey, "a") }, anyKey, 200},
		{"any other is then refused", func(g *Gateway) { g.Allow(anyKey, "a") }, other, 401},
		{"a revoked key is refused", func(g *Gateway) { g.Revoke(anyKey) }, anyKey, 401},
		{"a key may be allowed again", func(g *Gateway) { g.Revoke(anyKey); g.Allow(anyKey, "a") }, anyKey, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gw := New()
			tt.prepare(gw)
			req := httptest.NewRequest(http.MethodPost, BatchPath, strings.NewReader(batch(event("k"))))
			req.Header.Set("X-API-Key", tt.key)
			if a := send(t, gw, req); a.status != tt.want {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	two := batch(event("1"), event("2"))
	tests := []struct {
		name string
		opt  Option
		want int
		text string
	}{
		{"more events than the server's limit are a 500", WithMaxEvents(1), 500, "batch exceeds maximum event count"},
		{"more bytes than the limit are a 400", WithMaxBody(int64(len(two)) - 1), 400, "http: request body too large"},
		{"as many bytes as the limit are taken", WithMaxBody(int64(len(two))), 200, ""},
		{"a request over the rate is a 429", WithRate(1, 0), 429, "Too Many Requests"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if a := post(t, New(tt.opt), two); a.status != tt.want || !strings.Contains(a.text, tt.text) {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
}

func TestAStoreLimitKeepsTheNewest(t *testing.T) {
	gw := New(WithStoreLimit(3))
	for i := range 100 {
		post(t, gw, batch(event(fmt.Sprint(i))))
		if n := len(gw.Stored()); n > 3 {
			t.Fatalf("kept %d after %d", n, i+1)
		}
	}
	stored := gw.Stored()
	if gw.Len() != 100 || len(stored) != 3 || stored[0].Key != "97" || stored[2].Key != "99" {
		t.Errorf("counted %d, kept %d: %v", gw.Len(), len(stored), stored)
	}
	gw.Reset()
	if gw.Len() != 0 || len(gw.Stored()) != 0 {
		t.Error("Reset left something")
	}
}

func TestAnErrorThatQuotesBadUTF8IsStillAnswered(t *testing.T) {
	if a := post(t, New(), "\xff"); a.status != http.StatusBadRequest || !strings.Contains(a.text, "failed to parse") {
		t.Errorf("%d %q", a.status, a.text)
	}
}

// The SDK meets the gateway over a network: one request of each outcome.
func TestOverAServer(t *testing.T) {
	gw := New()
	server := httptest.NewServer(gw)
	defer server.Close()
	call := func(method, path string, body io.Reader) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", anyKey)
		client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		return resp
	}
	if resp := call("POST", BatchPath, strings.NewReader(batch(event("k")))); resp.StatusCode != 200 || gw.Len() != 1 {
		t.Errorf("a good request: %s, stored %d", resp.Status, gw.Len())
	}
	if resp := call("POST", "/"+BatchPath, nil); resp.StatusCode != 307 || resp.Header.Get("Location") != BatchPath {
		t.Errorf("a double slash: %s to %q", resp.Status, resp.Header.Get("Location"))
	}
	if resp := call("HEAD", BatchPath, nil); resp.StatusCode != 405 {
		t.Errorf("HEAD: %s", resp.Status)
	}
	if resp := call("POST", BatchPath, bytes.NewReader(make([]byte, 6<<20))); resp.StatusCode != 400 || !resp.Close {
		t.Errorf("6 MiB: %s, closed %v; want a 400 that ends the connection", resp.Status, resp.Close)
	}
}

func TestGatewayConcurrentSafe(t *testing.T) {
	const requests, events = 8, 50
	gw := New(WithRate(1e9, 1e9), WithStoreLimit(10), WithOnStore(func(s *Stored) {
		if _, err := s.JSON(); err != nil {
			t.Error(err)
		}
	}))
	var done sync.WaitGroup
	for i := range requests {
		done.Add(1)
		go func() {
			defer done.Done()
			for j := range events {
				post(t, gw, batch(event(fmt.Sprintf("%d-%d", i, j)), event("shared")))
				gw.Stored()
			}
		}()
	}
	done.Wait()
	if want := requests*events + 1; gw.Len() != want {
		t.Errorf("stored %d, want %d", gw.Len(), want)
	}
}
