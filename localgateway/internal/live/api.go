package live

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"unicode/utf8"
)

// serveEvents lists records, oldest first: all that match, or with limit=n the
// newest n. after=seq leaves out the older ones, unless run is given and is not
// this run of the program; brief=1 leaves out details; format=ndjson writes one
// record a line.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	filter, err := filterOf(q)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	after, err := numberOf(q, "after", 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	limit, err := numberOf(q, "limit", uint64(s.options.MaxRecords))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !s.isThisRun(q) {
		after = 0
	}
	v := s.journal.after(after)
	records := newestMatching(v.records, filter, int(min(limit, uint64(s.options.MaxRecords))))
	if q.Get("format") == "ndjson" {
		header(w, "application/x-ndjson")
		w.Header().Set("Content-Disposition", `attachment; filename="causality-events.ndjson"`)
		enc := json.NewEncoder(w)
		for _, rec := range records {
			if enc.Encode(rec) != nil {
				return // the client is gone
			}
		}
		return
	}
	header(w, "application/json")
	// One by one, so that a reader costs the memory of one record.
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	fmt.Fprintf(out, `{"run":%q,"records":[`, s.run)
	for i, rec := range records {
		if i > 0 {
			_ = out.WriteByte(',')
		}
		shown := any(rec)
		if q.Get("brief") != "" {
			shown = rec.brief()
		}
		if enc.Encode(shown) != nil {
			return // the client is gone
		}
	}
	// Given as after, last shows only what is new: it is of the same moment.
	fmt.Fprintf(out, "],\"last\":%d", v.last)
	if older := matching(v.records, filter) - len(records); older > 0 {
		fmt.Fprintf(out, `,"older":%d`, older) // that match too, beyond the limit
	}
	if after > 0 && v.reset {
		fmt.Fprint(out, `,"reset":true`)
	} else if after > 0 && v.missed > 0 {
		fmt.Fprintf(out, `,"missed":%d`, v.missed)
	}
	_, _ = out.WriteString("}\n")
	_ = out.Flush()
}

// isThisRun says whether numbers of a query are of this run of the program; after
// a restart the same number is another record.
func (s *Server) isThisRun(q url.Values) bool {
	run := q.Get("run")
	return run == "" || run == s.run
}

func matching(records []*Record, filter Filter) int {
	n := 0
	for _, r := range records {
		if filter.matches(r) {
			n++
		}
	}
	return n
}

// newestMatching are the newest n records that match, oldest first.
func newestMatching(records []*Record, filter Filter, n int) []*Record {
	from := len(records)
	found := make([]*Record, 0, min(n, len(records)))
	for from > 0 && len(found) < n {
		from--
		if filter.matches(records[from]) {
			found = append(found, records[from])
		}
	}
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found
}

// find is the record of a request's path. If there is none, the request has been
// answered.
func (s *Server) find(w http.ResponseWriter, r *http.Request) *Record {
	if !s.isThisRun(r.URL.Query()) {
		http.Error(w, "the gateway was restarted, and this event is of the run before", http.StatusNotFound)
		return nil
	}
	var rec *Record
	if seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64); err == nil {
		rec = s.journal.find(seq)
	}
	if rec == nil {
		http.Error(w, "this event is not kept any longer", http.StatusNotFound)
	}
	return rec
}

// maxShort is how much of a text a short record has.
const maxShort = 32 << 10

// serveEvent shows one record, with the event's text exactly as it was sent. With
// short=1 it has the beginning of long texts only, and no event as JSON.
func (s *Server) serveEvent(w http.ResponseWriter, r *http.Request) {
	rec := s.find(w, r)
	if rec == nil {
		return
	}
	shown := struct {
		Record
		Text      string `json:"event_text,omitempty"`
		TextBytes int    `json:"event_bytes,omitempty"` // of the whole text
		Warehouse string `json:"warehouse_sql,omitempty"`
		BodyKept  bool   `json:"body_kept,omitempty"` // at /_local/events/{seq}/body
	}{Record: *rec, Text: string(rec.Event), TextBytes: len(rec.Event), BodyKept: s.sent(rec) != nil}
	if rec.Row != nil {
		shown.Warehouse = findSQL(rec.Row, properties(rec.Category, rec.Row.text("payload_json")), inWarehouse)
	}
	if r.URL.Query().Get("short") != "" {
		shown.Event, shown.Row = nil, slices.Clone(rec.Row)
		for i, value := range shown.Row {
			if text, ok := value.(string); ok {
				shown.Row[i] = cut(text, maxShort)
			}
		}
		for _, text := range []*string{&shown.Text, &shown.SQL, &shown.Warehouse, &shown.Type, &shown.App, &shown.Device, &shown.User, &shown.Session, &shown.Correlation, &shown.ID, &shown.Key} {
			*text = cut(*text, maxShort)
		}
	}
	writeJSON(w, shown)
}

// sent is what a record is about, as it was sent: an event, or the body of a
// refused request. It is nil if that is not kept.
func (s *Server) sent(rec *Record) []byte {
	if rec.Outcome == Refused {
		return s.journal.body(rec.Seq)
	}
	return rec.Event
}

// serveBody is an event, or the whole body of a refused request, as it was sent.
func (s *Server) serveBody(w http.ResponseWriter, r *http.Request) {
	rec := s.find(w, r)
	if rec == nil {
		return
	}
	body := s.sent(rec)
	if body == nil {
		http.Error(w, "what was sent is not kept any longer", http.StatusNotFound)
		return
	}
	header(w, "text/plain; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	if !utf8.Valid(body) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Disposition", `attachment; filename="refused-body"`)
	}
	_, _ = w.Write(body)
}

func (s *Server) serveStats(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.readStats()) }

func (s *Server) serveFault(w http.ResponseWriter, _ *http.Request) {
	fault, _ := s.currentFault()
	writeJSON(w, faultState{fault, fault.String()})
}

// faultState is a fault and what it means.
type faultState struct {
	Fault
	On string `json:"on"`
}

// serveSetFault replaces the fault; {} switches everything off.
func (s *Server) serveSetFault(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4<<10))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&fault); err != nil {
		http.Error(w, fmt.Sprintf(`not a fault: %v; for example {"answer":"503"}, and {} for none`, err), http.StatusBadRequest)
		return
	}
	if err := s.setFault(fault); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.serveFault(w, r)
}

// serveReset makes the server as it was when it started, and empty: events,
// counts, keys, the rows of the table, and the fault of the command line.
func (s *Server) serveReset(w http.ResponseWriter, r *http.Request) {
	if s.options.Table != nil {
		if err := s.options.Table.clear(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	s.gateway.Restart()
	s.journal.reset()
	s.stats.reset(s.options.Now())
	_ = s.setFault(s.options.Fault) // it was checked when the server was made
	w.WriteHeader(http.StatusNoContent)
}

func writeJSON(w http.ResponseWriter, v any) {
	header(w, "application/json")
	// The client may be gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(v)
}

func header(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
}
