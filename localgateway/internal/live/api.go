package live

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// serveEvents lists records, oldest first: all that match, or with limit=n the
// newest n. after=seq leaves out the older ones, format=ndjson writes one a line.
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
	separator := `{"records":[`
	for _, rec := range records {
		_, _ = out.WriteString(separator)
		if enc.Encode(rec) != nil {
			return // the client is gone
		}
		separator = ","
	}
	if len(records) == 0 {
		_, _ = out.WriteString(separator)
	}
	// Given as after, last shows only what is new: it is of the same moment.
	fmt.Fprintf(out, "],\"last\":%d}\n", v.last)
	_ = out.Flush()
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

// serveEvent shows one record, with the event's text exactly as it was sent.
func (s *Server) serveEvent(w http.ResponseWriter, r *http.Request) {
	seq, err := strconv.ParseUint(r.PathValue("seq"), 10, 64)
	var rec *Record
	if err == nil {
		rec = s.journal.find(seq)
	}
	if rec == nil {
		http.Error(w, "this event is not kept any longer", http.StatusNotFound)
		return
	}
	writeJSON(w, struct {
		*Record
		Text string `json:"event_text,omitempty"`
	}{rec, string(rec.Event)})
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
