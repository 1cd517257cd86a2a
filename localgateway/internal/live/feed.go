package live

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	firstRecords  = 500                   // that a new watcher gets
	frameRecords  = 500                   // in one message
	frameInterval = 50 * time.Millisecond // between messages
	stateInterval = time.Second           // between reports of the counts
	heartbeat     = 15 * time.Second      // of an idle stream
	writeTimeout  = 20 * time.Second      // for one message
)

// serveWatch streams records that match as server-sent events:
//
//	records  {"records":[…]}, oldest first, without details
//	last     {"last":n}, with records=none, in place of the records
//	state    {"fault":…,"stats":…,"any_key":…}, when they change, at most once a second
//	missed   {"missed":n}, when records were dropped before they could be sent
//	reset    {}, when everything was forgotten
//
// A new watcher gets the newest 500 at first. One that comes back gets all that
// came since the last message that it read, by that message's id; after=seq does
// the same. The id of another run of the program brings all that is kept.
func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	filter, err := filterOf(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f := &feed{server: s, w: w, control: http.NewResponseController(w), filter: filter, quiet: q.Get("records") == "none"}
	if f.cursor, err = numberOf(q, "after", 0); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	f.fresh = f.cursor == 0
	if run, seq, found := strings.Cut(r.Header.Get("Last-Event-ID"), "-"); found {
		f.fresh, f.cursor = false, 0
		if run == s.run {
			f.cursor, _ = strconv.ParseUint(seq, 10, 64)
		}
	}
	if !take(s.watchers) {
		http.Error(w, fmt.Sprintf("%d programs and pages watch this local gateway already, and it takes no more", watchersAtOnce), http.StatusServiceUnavailable)
		return
	}
	defer release(s.watchers)
	keepOpen(w)
	header(w, "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx: pass each message on at once
	f.serve(r)
}

// feed is one watcher's stream. A single goroutine owns it.
type feed struct {
	server  *Server
	w       http.ResponseWriter
	control *http.ResponseController
	filter  Filter
	quiet   bool   // no records, only the newest number
	fresh   bool   // nothing was sent, and the watcher knows of nothing
	cursor  uint64 // the last record that was looked at
	state   []byte // that was sent last
	stated  time.Time
	written time.Time
	failed  bool
}

func (f *feed) serve(r *http.Request) {
	for !f.failed {
		v := f.server.journal.after(f.cursor)
		f.catchUp(v)
		_, altered := f.server.currentFault()
		f.sendState()
		f.beat()
		timer := time.NewTimer(max(0, stateInterval-time.Since(f.stated)))
		select {
		case <-v.changed:
		case <-altered:
			f.stated = time.Time{}
		case <-timer.C:
		case <-r.Context().Done():
			return
		case <-f.server.closing:
			return
		}
		timer.Stop()
		if !f.pause(r) {
			return
		}
	}
}

// catchUp sends what came since the cursor, or the newest of it to a fresh
// watcher.
func (f *feed) catchUp(v view) {
	records := v.records
	switch {
	case f.fresh:
		f.fresh = false
		records = newestMatching(records, f.filter, firstRecords)
	case v.reset:
		f.send("reset", struct{}{})
	case v.missed > 0:
		f.send("missed", map[string]uint64{"missed": v.missed})
	}
	if f.quiet {
		if f.cursor != v.last {
			f.cursor = v.last
			f.send("last", map[string]uint64{"last": v.last})
		}
		return
	}
	for len(records) > 0 {
		n := min(frameRecords, len(records))
		f.sendRecords(newestMatching(records[:n], f.filter, n), records[n-1].Seq)
		records = records[n:]
	}
	f.cursor = v.last
}

// pause lets records gather, so that a thousand a second are twenty messages.
func (f *feed) pause(r *http.Request) bool {
	timer := time.NewTimer(frameInterval)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
	case <-f.server.closing:
	}
	return false
}

func (f *feed) sendState() {
	if time.Since(f.stated) < stateInterval {
		return
	}
	f.stated = time.Now()
	fault, _ := f.server.currentFault()
	state, err := json.Marshal(map[string]any{
		"fault": faultState{fault, fault.String()},
		"stats": f.server.readStats(),
		// The page says what to paste; the key itself is not for it.
		"any_key": f.server.options.Key == "",
	})
	if err == nil && string(state) != string(f.state) {
		f.state = state
		f.send("state", json.RawMessage(state))
	}
}

// sendRecords sends the records up to one, or only notes that they were seen.
func (f *feed) sendRecords(records []*Record, last uint64) {
	f.cursor = last
	if len(records) == 0 {
		return
	}
	f.send("records", map[string]any{"records": briefs(records)})
}

// briefs are records for a list.
func briefs(records []*Record) []Record {
	list := make([]Record, len(records))
	for i, r := range records {
		list[i] = r.brief()
	}
	return list
}

func (f *feed) send(event string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		f.failed = true
		return
	}
	f.write(fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", f.server.run, f.cursor, event, text))
}

// beat shows proxies that an idle stream is in use.
func (f *feed) beat() {
	if time.Since(f.written) > heartbeat {
		f.write(": still here\n\n")
	}
}

func (f *feed) write(text string) {
	f.written = time.Now()
	// A watcher that does not read must not be waited for.
	_ = f.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := io.WriteString(f.w, text); err != nil {
		f.failed = true
	} else if err := f.control.Flush(); err != nil {
		f.failed = true
	}
}
