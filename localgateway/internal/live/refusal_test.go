package live_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestARefusedRequestSaysWhatItWasAbout(t *testing.T) {
	flat := `{"app_id":"blog","event_type":"page_viewed","properties":{}}`
	typed := `{"appId":"shop","deviceId":"d","timestampMs":1,"userLogin":{"user_id":"ada"}}`
	s := start(t, live.Options{})
	s.post(plain("1"), flat, typed, plain("2"))
	s.fault(`{"answer":"503"}`)
	s.post(plain("3"))
	for i, want := range []live.Record{
		{Events: 4, Apps: []string{"shop", "blog"}, Names: []string{"e", "page_viewed", "user_login"}},
		{Events: 1, Apps: []string{"shop"}, Names: []string{"e"}},
	} {
		got := s.records("")[i]
		if got.Events != want.Events || !slices.Equal(got.Apps, want.Apps) || !slices.Equal(got.Names, want.Names) {
			t.Errorf("request %d is about %d events of %q named %q", i+1, got.Events, got.Apps, got.Names)
		}
	}
	for query, want := range map[string]int{"app=blog": 1, "app=shop": 2, "type=page_viewed": 1, "type=user_login": 1, "type=nope": 0} {
		if got := s.records(query); len(got) != want {
			t.Errorf("%s chooses %d, want %d", query, len(got), want)
		}
	}
}

func TestTheWholeBodyOfARefusedRequestIsKept(t *testing.T) {
	s := start(t, live.Options{})
	body := batch(plain("a"), `{"nope":"`+strings.Repeat("ü", 1<<20)+`"}`)
	get := func(seq int, query string) (*http.Response, string) {
		return s.do(http.MethodGet, fmt.Sprintf("/_local/events/%d/body%s", seq, query), "")
	}
	s.do(http.MethodPost, "/v1/events/batch", body, "X-API-Key", "dev")
	resp, text := get(1, "")
	if text != body {
		t.Errorf("%s: it has %d bytes, %d were sent", resp.Status, len(text), len(body))
	}
	if got := resp.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Errorf("it is %s under %s", got, resp.Header.Get("Content-Security-Policy"))
	}
	if resp, _ := get(1, "?run=other"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("of another run: %s", resp.Status)
	}
	var one struct {
		BodyKept bool `json:"body_kept"`
	}
	if s.get("/_local/events/1", &one); !one.BodyKept {
		t.Error("the record does not say that its body is kept")
	}
	// The same bytes again share the memory; others push the oldest out.
	for range 20 {
		s.do(http.MethodPost, "/v1/events/batch", body, "X-API-Key", "dev")
	}
	if _, text := get(1, ""); text != body {
		t.Error("20 equal ones pushed it out")
	}
	for i := range 20 {
		s.do(http.MethodPost, "/v1/events/batch", fmt.Sprint(i, body), "X-API-Key", "dev")
	}
	if resp, _ := get(1, ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("after 20 others: %s", resp.Status)
	}
	if _, text := get(41, ""); text != "19"+body {
		t.Error("the newest is not kept")
	}
	s.post(plain("stored"))
	if _, text := get(42, ""); text != plain("stored") {
		t.Errorf("of a stored event it is %s", text)
	}
	var short struct {
		Text  string `json:"event_text"`
		Bytes int    `json:"event_bytes"`
		Row   struct {
			Payload string `json:"payload_json"`
		}
	}
	long := event("long", "e", "shop", strings.Repeat("x", 500_000))
	s.post(long)
	s.get("/_local/events/43?short=1", &short)
	if len(short.Text) > 40_000 || len(short.Row.Payload) > 40_000 || short.Bytes != len(long) || !strings.HasPrefix(long, strings.TrimSuffix(short.Text, "…")) {
		t.Errorf("in short, %d and %d bytes of %d", len(short.Text), len(short.Row.Payload), short.Bytes)
	}
}

func TestATypedEventIsShownAsTheWarehouseHasIt(t *testing.T) {
	s := start(t, live.Options{})
	typed := func(payload string) string {
		return fmt.Sprintf(`{"app_id":"shop","device_id":"d","timestamp_ms":1795430525389,%q:{"screen_name":"Home"}}`, payload)
	}
	s.post(typed("screen_view"), event("1", "screen_view", "shop", "ada"), event("2", "view", "shop", "ada"))
	got := s.records("")
	for i, want := range []live.Record{
		{Category: "screen", Type: "view", Payload: "screen_view"},
		{Category: "custom", Type: "screen_view"},
		{Category: "custom", Type: "view"},
	} {
		if got[i].Category != want.Category || got[i].Type != want.Type || got[i].Payload != want.Payload {
			t.Errorf("listed as %s/%s sent as %q", got[i].Category, got[i].Type, got[i].Payload)
		}
	}
	if !strings.Contains(got[0].SQL, "event_category = 'screen' and event_type = 'view'") {
		t.Errorf("the SQL is %s", got[0].SQL)
	}
	for query, want := range map[string]int{"type=screen_view": 2, "type=view": 2, "type=screen/view": 1, "type=custom/view": 1} {
		if n := len(s.records(query)); n != want {
			t.Errorf("%s chooses %d, want %d", query, n, want)
		}
	}
	var stats live.Stats
	if s.get("/_local/stats", &stats); len(stats.Types) != 3 || stats.Types[2].Category+"/"+stats.Types[2].Type != "screen/view" {
		t.Errorf("counted as %+v", stats.Types)
	}
	var one struct {
		SQL string `json:"warehouse_sql"`
	}
	if s.get("/_local/events/1", &one); !strings.HasPrefix(one.SQL, "use hive.causality;") || !strings.Contains(one.SQL, "json_extract_scalar(payload_json, '$.\"screen_name\"') = 'Home'") || !strings.Contains(one.SQL, "from events") {
		t.Errorf("for the warehouse it is %s", one.SQL)
	}
}
