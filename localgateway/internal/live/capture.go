package live

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

type stored = gateway.Stored

// capture collects what the gateway decides on one request.
type capture struct{ verdicts []gateway.Verdict }

func (c *capture) add(v gateway.Verdict) { c.verdicts = append(c.verdicts, v) }

type captureKey struct{}

func captureOf(ctx context.Context) *capture {
	c, _ := ctx.Value(captureKey{}).(*capture)
	if c == nil {
		c = new(capture)
	}
	return c
}

// serveCaptured answers a request of a client and records what became of it.
// The records are there before the answer goes out: a test that sends and then
// asks finds them.
func (s *Server) serveCaptured(w http.ResponseWriter, r *http.Request) {
	fault, altered := s.currentFault()
	if fault.Slow > 0 || fault.Answer == AnswerHang {
		if !take(s.waiting) {
			http.Error(w, answerOverloaded, http.StatusServiceUnavailable)
			return
		}
		defer release(s.waiting)
	}
	if fault.Answer != "" {
		s.serveFaulty(w, r, fault, altered)
		return
	}
	answer, ok := s.serveWhole(w, r, fault)
	if !ok {
		return
	}
	if s.delay(w, r, fault, altered) {
		answer.copyTo(w)
	}
}

// serveWhole hands one request to the gateway. Only this holds a body.
func (s *Server) serveWhole(w http.ResponseWriter, r *http.Request, fault Fault) (*reply, bool) {
	body, ok := s.readBody(w, r)
	if !ok {
		return nil, false
	}
	defer body.release()
	select {
	case s.decodes <- struct{}{}:
		defer release(s.decodes)
	case <-r.Context().Done():
		return nil, false
	}
	if fault.ForgetKeys {
		s.gateway.Forget()
	}
	seen := new(capture)
	r = r.WithContext(context.WithValue(r.Context(), captureKey{}, seen))
	r.Body = body.again()
	answer := &reply{header: make(http.Header)}
	s.gateway.ServeHTTP(answer, r)
	if body.tooLarge() {
		// gateway: it closes the connection after a body over the limit.
		answer.header.Set("Connection", "close")
	}
	s.note(records(r, body.bytes, answer, seen.verdicts))
	return answer, true
}

// serveFaulty reads a request and answers as the fault says.
func (s *Server) serveFaulty(w http.ResponseWriter, r *http.Request, fault Fault, altered <-chan struct{}) {
	if !s.noteFault(w, r, fault) || !s.delay(w, r, fault, altered) {
		return
	}
	s.answer(w, r, fault, altered)
}

// noteFault lets the body go before the answer, which may be long in coming.
func (s *Server) noteFault(w http.ResponseWriter, r *http.Request, fault Fault) bool {
	read, ok := s.readBody(w, r)
	if !ok {
		return false
	}
	defer read.release()
	body := read.bytes
	rec := refusedRequest(r, body)
	rec.Fault = fault.String()
	rec.Reason = "a fault is on: the gateway " + rec.Fault
	for status, answer := range map[int]string{503: AnswerUnavailable, 429: AnswerTooMany, 401: AnswerUnauthorized} {
		if fault.Answer == answer {
			rec.Status = status
		}
	}
	if !isBinary(r) {
		rec.Lines = excerpt(body, nil)
		events, _ := split(body, r.URL.Path == gateway.IngestPath)
		rec.describe(body, events)
	}
	s.note([]*Record{rec})
	return true
}

// note numbers, keeps and counts the records of one request.
func (s *Server) note(records []*Record) {
	request := s.requests.Add(1)
	now := s.options.Now()
	for _, r := range records {
		r.Request, r.At = request, now.UnixMilli()
	}
	s.stats.add(now, records)
	s.journal.add(records...)
}

// records are what became of a request: one of each event, or one of the whole
// if it was refused.
func records(r *http.Request, body []byte, answer *reply, verdicts []gateway.Verdict) []*Record {
	single := r.URL.Path == gateway.IngestPath
	var events []json.RawMessage
	var starts []int
	if !isBinary(r) {
		events, starts = split(body, single)
	}
	if len(verdicts) == 0 || verdicts[0].Whole {
		rec := refusedRequest(r, body)
		rec.Status = answer.status
		rec.Reason = reasonOf(answer)
		event := -1
		if len(verdicts) > 0 {
			event = verdicts[0].Index
		}
		rec.Bad = findBad(rec.Reason, event, body, starts)
		if !isBinary(r) {
			rec.Lines = excerpt(body, rec.Bad)
			rec.describe(body, events)
		}
		return []*Record{rec}
	}
	list := make([]*Record, 0, len(verdicts))
	for _, v := range verdicts {
		rec := recordOf(v)
		if v.Index < len(events) {
			rec.Event = bytes.Clone(events[v.Index])
		}
		list = append(list, rec)
	}
	return list
}

func recordOf(v gateway.Verdict) *Record {
	values, err := gateway.RowOf(v.Wire)
	if err != nil {
		return &Record{Outcome: Rejected, Reason: err.Error()}
	}
	rec := recordOfRow(values)
	rec.Outcome, rec.Key = Stored, v.Key
	switch {
	case v.Err != nil:
		rec.Outcome, rec.Reason = Rejected, v.Err.Error()
	case v.Duplicate:
		rec.Outcome = Duplicate
	}
	if rec.Outcome != Stored {
		rec.Row, rec.SQL = nil, ""
	}
	return rec
}

func refusedRequest(r *http.Request, body []byte) *Record {
	return &Record{Outcome: Refused, Path: cut(r.Method+" "+r.URL.Path, 200), Bytes: len(body), body: body}
}

// reasonOf is what the gateway's answer says, in words.
func reasonOf(answer *reply) string {
	var said struct {
		Violations []struct{ Field, Description string }
		Message    string
		Error      string
	}
	text := strings.TrimSpace(answer.body.String())
	if json.Unmarshal([]byte(text), &said) != nil {
		return cut(text, maxLineText)
	}
	var reasons []string
	for _, v := range said.Violations {
		reasons = append(reasons, v.Field+": "+v.Description)
	}
	for _, text := range []string{said.Message, said.Error} {
		if text != "" {
			reasons = append(reasons, text)
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, text)
	}
	if strings.TrimSpace(reasons[0]) == "" {
		reasons[0] = http.StatusText(answer.status)
	}
	return cut(strings.Join(reasons, "; "), maxLineText)
}

func isBinary(r *http.Request) bool {
	contentType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(contentType)) {
	case "application/x-protobuf", "application/octet-stream":
		return true
	}
	return false
}

// reply holds an answer back until its records are kept.
type reply struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *reply) Header() http.Header { return r.header }

func (r *reply) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
}

func (r *reply) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.body.Write(p)
}

func (r *reply) copyTo(w http.ResponseWriter) {
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	// The client may be gone; there is nobody to tell.
	_, _ = w.Write(r.body.Bytes())
}

// keepOpen lifts the server's deadlines from an answer that takes its time.
func keepOpen(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{})
	_ = control.SetWriteDeadline(time.Time{})
}

func take(tokens chan struct{}) bool {
	select {
	case tokens <- struct{}{}:
		return true
	default:
		return false
	}
}

func release(tokens chan struct{}) { <-tokens }
