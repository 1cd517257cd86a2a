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
//	state    {"fault":…,"stats":…,"any_key":…}, when they change, at most once a second
//	missed   {"missed":n}, when records were dropped before they could be sent
//	reset    {}, when everything was forgotten
//
// after=seq leaves out the older records. A watcher that comes back goes on
// where it was, by the id of the last message.
func (s *Server) serveWatch(w http.ResponseWriter, r *http.Request) {
	filter, err := filterOf(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	after, err := numberOf(r.URL.Query(), "after", 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !take(s.watchers) {
		http.Error(w, "too many watch this local gateway", http.StatusServiceUnavailable)
		return
	}
	defer release(s.watchers)
	keepOpen(w)
	header(w, "text/event-stream")
	f := &feed{server: s, w: w, control: http.NewResponseController(w), filter: filter}
	f.run(r, max(after, s.resumed(r)))
}

// resumed is the record after which a watcher goes on; 0 if it is new or comes
// from another run of the program.
func (s *Server) resumed(r *http.Request) uint64 {
	epoch, seq, _ := strings.Cut(r.Header.Get("Last-Event-ID"), "-")
	if epoch != s.epoch {
		return 0
	}
	n, _ := strconv.ParseUint(seq, 10, 64)
	return n
}

// feed is one watcher's stream. A single goroutine owns it.
type feed struct {
	server  *Server
	w       http.ResponseWriter
	control *http.ResponseController
	filter  Filter
	cursor  uint64 // the last record that was looked at
	state   []byte // that was sent last
	stated  time.Time
	written time.Time
	failed  bool
}

func (f *feed) run(r *http.Request, after uint64) {
	f.cursor = after
	v := f.server.journal.after(after)
	resets := v.resets
	f.sendRecords(newestMatching(v.records, f.filter, firstRecords), v.last)
	for !f.failed {
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
		v = f.server.journal.after(f.cursor)
		if v.resets != resets {
			resets = v.resets
			f.send("reset", struct{}{})
		} else if v.missed > 0 {
			f.send("missed", map[string]uint64{"missed": v.missed})
		}
		for records := v.records; len(records) > 0; {
			n := min(frameRecords, len(records))
			f.sendRecords(newestMatching(records[:n], f.filter, n), records[n-1].Seq)
			records = records[n:]
		}
	}
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
	short := make([]Record, len(records))
	for i, r := range records {
		short[i] = *r
		short[i].detail = detail{}
	}
	f.send("records", map[string]any{"records": short})
}

func (f *feed) send(event string, data any) {
	text, err := json.Marshal(data)
	if err != nil {
		f.failed = true
		return
	}
	f.write(fmt.Sprintf("id: %s-%d\nevent: %s\ndata: %s\n\n", f.server.epoch, f.cursor, event, text))
}

// beat shows whoever stands between that an idle stream is in use.
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
