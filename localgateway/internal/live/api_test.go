package live_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestEventsAreListedAtOnceWithWhatBecameOfThem(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("k-1"), plain("k-1"), `{"app_id":"shop","device_id":"d","custom_event":{"event_name":"no_time"}}`)
	s.post(plain("k-2"), `{"nope":1}`)
	got := s.records("")
	if want := "stored duplicate rejected refused"; outcomes(got) != want {
		t.Fatalf("outcomes are %s, want %s", outcomes(got), want)
	}
	first := got[0]
	if first.Type != "e" || first.App != "shop" || first.User != "ada" || first.ID != "id-k-1" || first.Key != "k-1" || first.Category != "custom" {
		t.Errorf("the stored event is %+v", first)
	}
	if string(first.Event) != plain("k-1") {
		t.Errorf("as sent it is %s", first.Event)
	}
	if got[1].First == nil || *got[1].First != (live.First{Seq: 1, Outcome: live.Stored}) {
		t.Errorf("the duplicate is %+v", got[1])
	}
	if got[2].Reason != "timestamp_ms is required and must be > 0" || got[2].Request != 1 || got[3].Request != 2 {
		t.Errorf("the rejected is %+v", got[2])
	}
	if r := got[3]; r.Status != 400 || r.Events != 2 || r.Bad == nil || *r.Bad != (live.Bad{Line: 3, Column: 2, Event: 1}) || !strings.Contains(r.Reason, `unknown field "nope"`) {
		t.Errorf("the refused is %+v with %+v", r, r.Bad)
	}

	var one struct {
		Row  map[string]any `json:"row"`
		Text string         `json:"event_text"`
		SQL  string         `json:"sql"`
	}
	s.get("/_local/events/1", &one)
	if one.Text != plain("k-1") || one.Row["event_type"] != "e" || one.Row["hour"] != 10.0 || !strings.Contains(one.SQL, "id = 'id-k-1'") {
		t.Errorf("in detail it is %+v", one)
	}
	if resp, _ := s.do(http.MethodGet, "/_local/events/99", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an event that is not there: %s", resp.Status)
	}
}

func TestASingleEventIsTakenToo(t *testing.T) {
	s := start(t, live.Options{})
	resp, text := s.do(http.MethodPost, "/v1/events/ingest", `{"event":`+plain("k")+`}`, "X-API-Key", "dev")
	if resp.StatusCode != http.StatusOK || !strings.Contains(text, "id-k") {
		t.Fatal(resp.Status, text)
	}
	if got := s.records(""); outcomes(got) != "stored" || string(got[0].Event) != plain("k") {
		t.Errorf("listed as %+v", got)
	}
	s.do(http.MethodPost, "/v1/events/ingest", "{\n\"event\":\n{\"app_id\":\"\",\"device_id\":\"d\",\"custom_event\":{\"event_name\":\"e\"}}}", "X-API-Key", "dev")
	if got := s.records("outcome=refused"); len(got) != 1 || got[0].Bad == nil || got[0].Bad.Line != 3 {
		t.Errorf("the refused is %+v", got)
	}
}

func TestRefusedRequestsSayWhyAndWhere(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	tests := []struct {
		name, body, key string
		status          int
		reason          string
		line, event     int
	}{
		{"an unknown field", batch(plain("a"), `{"nope":1}`), "dev", 400, `unknown field "nope"`, 3, 1},
		{"in a body of one line", `{"events":[{"app_id":"ü","nope":1}]}`, "dev", 400, `unknown field "nope"`, 1, 0},
		{"a broken rule", batch(plain("a"), plain("b"), strings.Replace(plain("c"), `"d"`, `""`, 1)), "dev", 400, "device_id", 4, 2},
		{"a value that is cut off", "{\"events\":[\n{\"app_id\":", "dev", 400, "unexpected EOF", 2, 0},
		{"a long line", batch(`{"app_id":"` + long + `","nope":"` + long + `"}`), "dev", 400, `unknown field "nope"`, 2, 0},
		{"no event", batch(), "dev", 400, "at least 1 item", 0, 0},
		{"no body", "", "dev", 400, "at least 1 item", 0, 0},
		{"no key", batch(plain("a")), "", 401, "missing API key", 0, 0},
		{"a body over the limit", strings.Repeat(" ", 5<<20+1), "dev", 400, "request body too large", 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := start(t, live.Options{})
			resp, _ := s.do(http.MethodPost, "/v1/events/batch", tt.body, "X-API-Key", tt.key)
			got := s.records("")
			if len(got) != 1 || got[0].Outcome != live.Refused {
				t.Fatalf("listed as %+v", got)
			}
			r := got[0]
			if resp.StatusCode != tt.status || r.Status != tt.status || !strings.Contains(r.Reason, tt.reason) {
				t.Errorf("answered %d, listed as %d: %s", resp.StatusCode, r.Status, r.Reason)
			}
			if tt.line == 0 {
				if r.Bad != nil {
					t.Errorf("it names %+v", r.Bad)
				}
				return
			}
			if r.Bad == nil || r.Bad.Line != tt.line || r.Bad.Event != tt.event {
				t.Fatalf("wrong at %+v, want line %d, event %d", r.Bad, tt.line, tt.event)
			}
			for _, line := range r.Lines {
				if line.Bad != (line.Number == tt.line) {
					t.Errorf("line %d is marked: %v", line.Number, line.Bad)
				}
				if len(line.Text) > 5000 {
					t.Errorf("line %d has %d bytes", line.Number, len(line.Text))
				}
				if marked := []rune(line.Text); line.Mark > 0 && strings.Contains(tt.reason, "nope") && !strings.HasPrefix(string(marked[line.Mark-1:]), `"nope"`) {
					t.Errorf("the mark is at %.20q", string(marked[line.Mark-1:]))
				}
			}
		})
	}
}

func TestFiltersChoose(t *testing.T) {
	s := start(t, live.Options{})
	s.post(event("1", "page_viewed", "shop", "ada"), event("2", "signed_up", "shop", "ken"), event("3", "signed_up", "blog", "ada"))
	s.post(event("1", "page_viewed", "shop", "ada"))
	s.post(`{"Nope":1}`)
	tests := map[string]int{
		"":                        5,
		"type=signed_up":          2,
		"type=SIGNED_UP":          2,
		"type=signed":             0,
		"type=sign*":              2,
		"type=*e*":                4,
		"type=p*e*wed":            2,
		"user=ada":                3,
		"app=blog&user=ada":       1,
		"text=o-2":                1,
		"text=O-2":                1,
		"text=nope":               1,
		"outcome=duplicate":       1,
		"outcome=refused":         1,
		"limit=2":                 2,
		"after=3":                 2,
		"after=99":                5,
		"type=*&user=*&app=*":     5,
		"text=%22event_name%22":   4,
		"outcome=stored&limit=10": 3,
	}
	for query, want := range tests {
		if got := s.records(query); len(got) != want {
			t.Errorf("%q chooses %d, want %d", query, len(got), want)
		}
	}
	if got := s.records("outcome=stored&limit=2"); types(got) != "signed_up signed_up" || got[0].Seq != 2 {
		t.Errorf("the newest two are %s from %d", types(got), got[0].Seq)
	}
	for _, query := range []string{"outcome=lost", "limit=-1", "after=x"} {
		if resp, text := s.do(http.MethodGet, "/_local/events?"+query, ""); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s %s", query, resp.Status, text)
		}
	}
}

func TestEventsAreDownloadedOneALine(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("1"), plain("2"))
	resp, text := s.do(http.MethodGet, "/_local/events?format=ndjson", "")
	if got := resp.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment") {
		t.Errorf("Content-Disposition is %q", got)
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), text)
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
	}
}

func TestStatsCountEachTypePerMinute(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 30, 0, time.UTC)
	s := start(t, live.Options{Now: func() time.Time { return now }})
	s.post(event("1", "a", "x", "u"), event("2", "a", "x", "u"), event("3", "b", "x", "u"))
	now = now.Add(2 * time.Minute)
	s.post(event("4", "a", "x", "u"), event("1", "a", "x", "u"))
	s.post("{}")
	var stats live.Stats
	s.get("/_local/stats", &stats)
	if stats.Requests != 3 || stats.Stored != 4 || stats.Duplicates != 1 || stats.Refused != 1 || stats.Kept != 6 {
		t.Errorf("stats are %+v", stats)
	}
	if len(stats.Types) != 2 || stats.Types[0].Type != "a" || stats.Types[0].Total != 3 {
		t.Fatalf("types are %+v", stats.Types)
	}
	minutes := stats.Types[0].Minutes
	if len(minutes) != 30 || minutes[29] != 1 || minutes[28] != 0 || minutes[27] != 2 {
		t.Errorf("minutes are %v", minutes)
	}
	now = now.Add(29 * time.Minute)
	s.get("/_local/stats", &stats)
	if minutes := stats.Types[0].Minutes; minutes[0] != 1 || minutes[29] != 0 {
		t.Errorf("29 minutes later they are %v", minutes)
	}
}

func TestResetIsAFreshStart(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{RefuseOneIn: 1000}})
	s.post(plain("k"))
	s.fault(`{"answer":"503"}`)
	if resp, text := s.do(http.MethodPost, "/_local/reset", ""); resp.StatusCode != http.StatusNoContent {
		t.Fatal(resp.Status, text)
	}
	if got := s.records(""); len(got) != 0 {
		t.Errorf("%d events are left", len(got))
	}
	var stats live.Stats
	if s.get("/_local/stats", &stats); stats.Stored != 0 || len(stats.Types) != 0 {
		t.Errorf("stats are %+v", stats)
	}
	var fault live.Fault
	if s.get("/_local/fault", &fault); fault != (live.Fault{RefuseOneIn: 1000}) {
		t.Errorf("the fault is %+v", fault)
	}
	if s.post(plain("k")); outcomes(s.records("")) != "stored" {
		t.Errorf("the key is remembered: %s", outcomes(s.records("")))
	}
}

func TestTheNamedKeyIsTheOnlyOne(t *testing.T) {
	s := start(t, live.Options{Key: "secret"})
	for key, want := range map[string]int{"secret": 200, "other": 401, "": 401} {
		if resp, _ := s.do(http.MethodPost, "/v1/events/batch", batch(plain(key)), "X-API-Key", key); resp.StatusCode != want {
			t.Errorf("key %q: %s, want %d", key, resp.Status, want)
		}
	}
}

func TestABinaryRequestIsShownByItsRow(t *testing.T) {
	s := start(t, live.Options{})
	// IngestEventBatchRequest{events: [{app_id: "a", device_id: "d", timestamp_ms: 1, custom_event: {event_name: "e"}}]}
	body := "\x0a\x0e" + "\x12\x01a" + "\x1a\x01d" + "\x20\x01" + "\xa2\x38\x03\x0a\x01e"
	resp, text := s.do(http.MethodPost, "/v1/events/batch", body, "X-API-Key", "dev", "Content-Type", "application/x-protobuf")
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, text)
	}
	got := s.records("")
	if outcomes(got) != "stored" || got[0].Type != "e" || got[0].Event != nil || got[0].SQL == "" {
		t.Errorf("listed as %+v", got)
	}
}

// A program that gives last as after misses nothing: last is no newer than the records.
func TestLastIsOfTheSameMomentAsTheRecords(t *testing.T) {
	const before, meanwhile = 500, 300
	s := start(t, live.Options{})
	var events []string
	for i := range before {
		events = append(events, plain(strconv.Itoa(i)))
	}
	s.post(events...)
	posted := make(chan struct{})
	go func() {
		defer close(posted)
		for i := range meanwhile {
			s.post(plain(strconv.Itoa(before + i)))
		}
	}()
	for done := false; !done; {
		select {
		case <-posted:
			done = true
		default:
		}
		var list struct {
			Records []struct{ Seq uint64 }
			Last    uint64
		}
		s.get("/_local/events?text=shop", &list) // which all of them contain
		if newest := list.Records[len(list.Records)-1].Seq; newest != list.Last {
			t.Fatalf("last is %d, and the newest record %d", list.Last, newest)
		}
	}
}

func TestNumbersOfAnotherRunMeanNothing(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("1"), plain("2"), plain("3"))
	list := func(query string) (l struct {
		Run     string
		Records []struct{ Seq int }
		Older   int
		Reset   bool
		Last    int
	}) {
		s.get("/_local/events?"+query, &l)
		return l
	}
	run := list("").Run
	if got := list("after=2&run=" + run); len(got.Records) != 1 {
		t.Errorf("of this run: %+v", got)
	}
	if got := list("after=2&run=other"); len(got.Records) != 3 || got.Run != run {
		t.Errorf("of another run: %+v", got)
	}
	if got := list("limit=1"); got.Older != 2 {
		t.Errorf("two are older: %+v", got)
	}
	if resp, text := s.do(http.MethodGet, "/_local/events/1?run=other", ""); resp.StatusCode != http.StatusNotFound || !strings.Contains(text, "restarted") {
		t.Errorf("an event of another run: %s %s", resp.Status, text)
	}
	s.do(http.MethodPost, "/_local/reset", "")
	if got := list("after=3&run=" + run); !got.Reset || len(got.Records) != 0 {
		t.Errorf("after a reset: %+v", got)
	}
}

func TestStatsCountAllEventsOfAMinute(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("1"), plain("2"), plain("1"), `{"app_id":"a","device_id":"d","custom_event":{"event_name":"no_time"}}`)
	s.post(plain("3"), plain("4"), `{"nope":1}`)
	s.do(http.MethodPost, "/v1/events/batch", "", "X-API-Key", "dev")
	var stats live.Stats
	s.get("/_local/stats", &stats)
	total := func(minutes []int) (n int) {
		for _, m := range minutes {
			n += m
		}
		return n
	}
	if m := stats.Minutes; total(m.Stored) != 2 || total(m.Duplicate) != 1 || total(m.Refused) != 1+3+1 || len(m.Stored) != 30 {
		t.Errorf("minutes are %+v", m)
	}
}
