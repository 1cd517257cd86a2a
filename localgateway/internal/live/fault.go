package live

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// What a Fault may answer in place of the gateway.
const (
	AnswerUnavailable  = "503"
	AnswerTooMany      = "429"
	AnswerUnauthorized = "401"
	AnswerHang         = "hang" // never
	AnswerDrop         = "drop" // by closing the connection
)

var answers = []string{"", AnswerUnavailable, AnswerTooMany, AnswerUnauthorized, AnswerHang, AnswerDrop}

// Fault is what is wrong with the gateway. The zero Fault is nothing.
type Fault struct {
	// Answer replaces the gateway's: 503, 429, 401, hang or drop. The request is
	// read and nothing of it is stored.
	Answer string `json:"answer,omitempty"`
	// RetryAfter is the header of that name of a 503 or 429, in seconds; 0 for none.
	RetryAfter int `json:"retry_after_s,omitempty"`
	// Slow is how long every answer takes, in milliseconds.
	Slow int `json:"slow_ms,omitempty"`
	// RefuseOneIn rejects each n-th event, as an outage of the broker does.
	RefuseOneIn int `json:"refuse_one_in,omitempty"`
	// ForgetKeys remembers no idempotency key from one request to the next, as
	// after a restart: what is sent twice is stored twice.
	ForgetKeys bool `json:"forget_keys,omitempty"`
}

const maxFaultTime = time.Hour

func (f Fault) check() error {
	switch {
	case !slices.Contains(answers, f.Answer):
		return fmt.Errorf("the fault's answer is %q; it may be %s", f.Answer, strings.Join(answers[1:], ", "))
	case f.RetryAfter < 0 || f.RetryAfter > int(maxFaultTime/time.Second):
		return fmt.Errorf("retry_after_s is %d; it may be 0 to %d", f.RetryAfter, maxFaultTime/time.Second)
	case f.RetryAfter > 0 && f.Answer != AnswerUnavailable && f.Answer != AnswerTooMany:
		return errors.New("retry_after_s goes with the answers 503 and 429")
	case f.Slow < 0 || f.Slow > int(maxFaultTime/time.Millisecond):
		return fmt.Errorf("slow_ms is %d; it may be 0 to %d", f.Slow, maxFaultTime/time.Millisecond)
	case f.RefuseOneIn < 0:
		return fmt.Errorf("refuse_one_in is %d; it may not be negative", f.RefuseOneIn)
	}
	return nil
}

// String says what is on, in one line; it is empty when nothing is.
func (f Fault) String() string {
	var on []string
	switch f.Answer {
	case "":
	case AnswerHang:
		on = append(on, "never answers")
	case AnswerDrop:
		on = append(on, "drops the connection")
	default:
		on = append(on, "answers "+f.Answer)
		if f.RetryAfter > 0 {
			on = append(on, fmt.Sprintf("Retry-After: %d", f.RetryAfter))
		}
	}
	if f.Slow > 0 {
		on = append(on, fmt.Sprintf("takes %v for each answer", time.Duration(f.Slow)*time.Millisecond))
	}
	if f.RefuseOneIn > 0 {
		on = append(on, fmt.Sprintf("rejects one event in %d", f.RefuseOneIn))
	}
	if f.ForgetKeys {
		on = append(on, "forgets idempotency keys")
	}
	return strings.Join(on, ", ")
}

// currentFault returns the fault and a channel that is closed when it changes.
func (s *Server) currentFault() (Fault, <-chan struct{}) {
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	return s.fault, s.altered
}

func (s *Server) setFault(f Fault) error {
	if err := f.check(); err != nil {
		return err
	}
	s.faultMu.Lock()
	defer s.faultMu.Unlock()
	s.fault = f
	close(s.altered)
	s.altered = make(chan struct{})
	return nil
}

// delay waits as long as the fault says, and says whether the client is still
// there. A fault that is switched off ends the wait.
func (s *Server) delay(w http.ResponseWriter, r *http.Request, f Fault, altered <-chan struct{}) bool {
	if f.Slow == 0 {
		return true
	}
	keepOpen(w)
	timer := time.NewTimer(time.Duration(f.Slow) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-altered:
	case <-s.closing:
	case <-r.Context().Done():
		return false
	}
	return true
}

// answer answers in place of the gateway.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, f Fault, altered <-chan struct{}) {
	switch f.Answer {
	case AnswerHang:
		keepOpen(w)
		select {
		case <-altered:
		case <-s.closing:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case AnswerDrop:
		panic(http.ErrAbortHandler)
	case AnswerUnauthorized:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintln(w, `{"error":"invalid API key"}`)
		return
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(f.RetryAfter))
	}
	status := http.StatusServiceUnavailable
	if f.Answer == AnswerTooMany {
		status = http.StatusTooManyRequests
	}
	http.Error(w, http.StatusText(status), status)
}

var errOneIn = errors.New("a fault is on: one event in n is rejected")

// publish is the gateway's message broker: it refuses one event in n, and
// writes the others to the table.
func (s *Server) publish(event *stored) error {
	if f, _ := s.currentFault(); f.RefuseOneIn > 0 && s.events.Add(1)%uint64(f.RefuseOneIn) == 0 {
		return errOneIn
	}
	if s.options.Table == nil {
		return nil
	}
	return s.options.Table.add(event)
}
