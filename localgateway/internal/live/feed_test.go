package live_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// message is one server-sent event.
type message struct{ id, event, data string }

// watcher reads a stream.
type watcher struct {
	testing.TB
	resp  *http.Response
	lines *bufio.Reader
	id    string
}

func (s *site) watch(query, lastID string) *watcher {
	s.Helper()
	req, _ := http.NewRequest(http.MethodGet, s.URL+"/_local/watch?"+query, nil)
	req.Header.Set("Last-Event-ID", lastID)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		s.Fatalf("%s, %s", resp.Status, resp.Header.Get("Content-Type"))
	}
	return &watcher{TB: s.TB, resp: resp, lines: bufio.NewReader(resp.Body)}
}

// next reads up to the next message of a kind.
func (w *watcher) next(event string) message {
	w.Helper()
	var m message
	for {
		line, err := w.lines.ReadString('\n')
		if err != nil {
			w.Fatalf("no %s: %v", event, err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			m.id, w.id = value, value
		case "event":
			m.event = value
		case "data":
			m.data = value
		case "":
			if m.event == event {
				return m
			}
		}
	}
}

// records reads messages until there are n records.
func (w *watcher) records(n int) []live.Record {
	w.Helper()
	var all []live.Record
	for len(all) < n {
		var data struct{ Records []live.Record }
		if err := json.Unmarshal([]byte(w.next("records").data), &data); err != nil {
			w.Fatal(err)
		}
		all = append(all, data.Records...)
	}
	return all
}

func TestTheFeedHasOldEventsThenNewOnes(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("1"), plain("2"))
	w := s.watch("", "")
	s.post(plain("3"))
	got := w.records(3)
	if len(got) != 3 || got[0].Seq != 1 || got[2].Seq != 3 || got[2].ID != "id-3" {
		t.Errorf("got %+v", got)
	}
	if got[0].Event != nil || got[0].Row != nil || got[0].SQL != "" {
		t.Error("details are in the feed")
	}
}

func TestTheFeedIsFiltered(t *testing.T) {
	s := start(t, live.Options{})
	s.post(event("1", "a", "x", "u"), event("2", "b", "x", "u"))
	w := s.watch("type=b", "")
	s.post(event("3", "a", "x", "u"), event("4", "b", "x", "u"))
	if got := w.records(2); types(got) != "b b" {
		t.Errorf("got %s", types(got))
	}
	if resp, _ := s.do(http.MethodGet, "/_local/watch?outcome=lost", ""); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a bad filter: %s", resp.Status)
	}
}

func TestAFeedThatBrokeGoesOn(t *testing.T) {
	s := start(t, live.Options{})
	s.post(plain("1"), plain("2"))
	w := s.watch("", "")
	w.records(2)
	w.resp.Body.Close()
	s.post(plain("3"))
	if got := s.watch("", w.id).records(1); got[0].Seq != 3 {
		t.Errorf("it goes on with %d, want 3", got[0].Seq)
	}
	// The number of another run means nothing.
	if got := s.watch("", "other-2").records(3); got[0].Seq != 1 {
		t.Errorf("another run begins with %d, want 1", got[0].Seq)
	}
	if got := s.watch("after=2", "").records(1); got[0].Seq != 3 {
		t.Errorf("after=2 begins with %d", got[0].Seq)
	}
}

func TestTheFeedTellsOfFaultsCountsAndResets(t *testing.T) {
	s := start(t, live.Options{})
	w := s.watch("", "")
	state := func() (f live.Fault, stats live.Stats) {
		data := struct {
			Fault *live.Fault
			Stats *live.Stats
		}{&f, &stats}
		if err := json.Unmarshal([]byte(w.next("state").data), &data); err != nil {
			t.Fatal(err)
		}
		return f, stats
	}
	if f, _ := state(); f != (live.Fault{}) {
		t.Errorf("at first %+v", f)
	}
	s.fault(`{"answer":"503"}`)
	if f, _ := state(); f.Answer != "503" {
		t.Errorf("then %+v", f)
	}
	s.fault(`{}`)
	s.post(plain("1"))
	for {
		if _, stats := state(); stats.Stored == 1 {
			break
		}
	}
	s.do(http.MethodPost, "/_local/reset", "")
	w.next("reset")
	s.post(plain("2"))
	if got := w.records(1); got[0].ID != "id-2" {
		t.Errorf("after the reset came %+v", got)
	}
}

func TestASlowWatcherMissesWhatIsNotKept(t *testing.T) {
	s := start(t, live.Options{MaxRecords: 50})
	s.post(plain("first"))
	w := s.watch("", "")
	w.records(1)
	var events []string
	for i := range 200 {
		events = append(events, plain(fmt.Sprint(i)))
	}
	s.post(events...) // 200 at once, 50 are kept
	var missed struct{ Missed int }
	if err := json.Unmarshal([]byte(w.next("missed").data), &missed); err != nil || missed.Missed != 150 {
		t.Errorf("missed %d, want 150", missed.Missed)
	}
	if got := w.records(50); len(got) != 50 || got[49].ID != "id-199" {
		t.Errorf("%d came", len(got))
	}
}

func TestCloseEndsTheFeeds(t *testing.T) {
	s := start(t, live.Options{})
	w := s.watch("", "")
	s.live.Close()
	for {
		if _, err := w.lines.ReadString('\n'); err != nil {
			break // or the test hangs
		}
	}
}

func TestWatchersAreBounded(t *testing.T) {
	s := start(t, live.Options{})
	for range 64 {
		s.watch("", "")
	}
	if resp, _ := s.do(http.MethodGet, "/_local/watch", ""); resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("the 65th: %s", resp.Status)
	}
}

func TestMemoryIsBoundedByNumberAndBytes(t *testing.T) {
	t.Run("by number", func(t *testing.T) {
		s := start(t, live.Options{MaxRecords: 100})
		for i := range 30 {
			s.post(plain(fmt.Sprint(i, "a")), plain(fmt.Sprint(i, "b")), plain(fmt.Sprint(i, "c")), plain(fmt.Sprint(i, "d")), plain(fmt.Sprint(i, "e")))
		}
		got := s.records("")
		if len(got) != 100 || got[99].Key != "29e" || got[0].Key != "10a" {
			t.Errorf("%d are kept, from %s to %s", len(got), got[0].Key, got[len(got)-1].Key)
		}
		var stats live.Stats
		if s.get("/_local/stats", &stats); stats.Stored != 150 || stats.Kept != 100 {
			t.Errorf("stats are %+v", stats)
		}
	})
	t.Run("by bytes", func(t *testing.T) {
		const bound = 4 << 20
		s := start(t, live.Options{MaxBytes: bound})
		big := strings.Repeat("x", 300<<10)
		for i := range 30 {
			s.post(event(fmt.Sprint(i), "big", "shop", big))
			s.do(http.MethodPost, "/v1/events/batch", strings.Repeat(`{"nope":1}`+"\n", 30_000), "X-API-Key", "dev")
		}
		var stats live.Stats
		if s.get("/_local/stats", &stats); stats.KeptBytes > bound || stats.Kept < 5 {
			t.Errorf("kept %d records of %d bytes, want at most %d", stats.Kept, stats.KeptBytes, bound)
		}
	})
	t.Run("of types", func(t *testing.T) {
		s := start(t, live.Options{})
		for i := range 300 {
			s.post(event(fmt.Sprint(i), fmt.Sprint("type-", i), "shop", "u"))
		}
		var stats live.Stats
		s.get("/_local/stats", &stats)
		if len(stats.Types) != 201 || !slices.ContainsFunc(stats.Types, func(c live.TypeCounts) bool { return c.Type == "(other types)" && c.Total == 100 }) {
			t.Errorf("%d types are counted", len(stats.Types))
		}
	})
}

func (s *site) postMany(from, to int) {
	for at := from; at < to; at += 1000 {
		var events []string
		for i := at; i < min(to, at+1000); i++ {
			events = append(events, plain(fmt.Sprint(i)))
		}
		s.post(events...)
	}
}

func TestAWatcherThatComesBackGetsAllThatItMissed(t *testing.T) {
	s := start(t, live.Options{})
	w := s.watch("", "")
	s.post(plain("first"))
	w.records(1)
	w.resp.Body.Close()
	s.postMany(0, 4100)
	for name, back := range map[string]*watcher{"by id": s.watch("", w.id), "by after": s.watch("after=1", ""), "of another run": s.watch("", "other-9")} {
		got := back.records(4100)
		if got[0].Seq > 2 || len(got) < 4100 {
			t.Errorf("%s: %d came, from %d", name, len(got), got[0].Seq)
		}
	}
	if got := s.watch("", "").records(1); got[0].Seq != 3602 {
		t.Errorf("a new watcher begins with %d, want the newest 500", got[0].Seq)
	}
}

func TestAWatcherThatComesBackLearnsWhatIsGone(t *testing.T) {
	s := start(t, live.Options{MaxRecords: 50})
	w := s.watch("", "")
	s.post(plain("first"))
	w.records(1)
	w.resp.Body.Close()
	s.postMany(0, 200)
	if m := s.watch("", w.id).next("missed"); m.data != `{"missed":150}` {
		t.Errorf("missed: %s", m.data)
	}
	s.do(http.MethodPost, "/_local/reset", "")
	s.post(plain("after"))
	back := s.watch("", w.id)
	back.next("reset")
	if got := back.records(1); got[0].ID != "id-after" {
		t.Errorf("after the reset came %+v", got[0])
	}
}

func TestAQuietFeedSaysOnlyHowFarItIs(t *testing.T) {
	s := start(t, live.Options{})
	w := s.watch("records=none", "")
	if got := w.resp.Header.Get("X-Accel-Buffering"); got != "no" {
		t.Errorf("X-Accel-Buffering is %q: nginx would hold the stream back", got)
	}
	s.post(plain("1"), plain("2"))
	if m := w.next("last"); m.data != `{"last":2}` {
		t.Errorf("last: %s", m.data)
	}
	s.do(http.MethodPost, "/_local/reset", "")
	w.next("reset")
}

func TestWhatAListShowsIsNeverLong(t *testing.T) {
	s := start(t, live.Options{})
	long := strings.Repeat("n", 500_000)
	s.post(fmt.Sprintf(`{"id":%[1]q,"idempotency_key":"k","app_id":%[1]q,"device_id":%[1]q,"correlation_id":%[1]q,"timestamp_ms":1,"custom_event":{"event_name":%[1]q,"string_params":{"user_id":%[1]q,%[1]q:%[1]q}}}`, long))
	s.post(fmt.Sprintf(`{"app_id":%[1]q,"event_type":%[1]q}`, long))
	w := s.watch("", "")
	if m := w.next("records"); len(m.data) > 20_000 {
		t.Errorf("the list has %d bytes", len(m.data))
	}
	if _, text := s.do(http.MethodGet, "/_local/events?brief=1", ""); len(text) > 20_000 {
		t.Errorf("the API's list has %d bytes", len(text))
	}
}
