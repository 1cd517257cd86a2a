package live_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestAFaultAnswersInPlaceOfTheGateway(t *testing.T) {
	tests := []struct {
		fault, retryAfter, reason string
		status                    int
	}{
		{`{"answer":"503"}`, "", "answers 503", 503},
		{`{"answer":"503","retry_after_s":7}`, "7", "Retry-After: 7", 503},
		{`{"answer":"429"}`, "", "answers 429", 429},
		{`{"answer":"429","retry_after_s":2}`, "2", "Retry-After: 2", 429},
		{`{"answer":"401"}`, "", "answers 401", 401},
	}
	for _, tt := range tests {
		s := start(t, live.Options{})
		s.fault(tt.fault)
		resp, _ := s.do(http.MethodPost, "/v1/events/batch", batch(plain("k")), "X-API-Key", "dev")
		if resp.StatusCode != tt.status || resp.Header.Get("Retry-After") != tt.retryAfter {
			t.Errorf("%s: answered %s with Retry-After %q", tt.fault, resp.Status, resp.Header.Get("Retry-After"))
		}
		got := s.records("")
		if outcomes(got) != "refused" || got[0].Status != tt.status || !strings.Contains(got[0].Fault, tt.reason) {
			t.Errorf("%s: listed as %+v", tt.fault, got)
		}
		s.fault(`{}`)
		if s.post(plain("k")); outcomes(s.records("")) != "refused stored" {
			t.Errorf("%s: when it is off: %s", tt.fault, outcomes(s.records("")))
		}
	}
}

func TestAHangingRequestEndsWithItsFault(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{Answer: live.AnswerHang}})
	ended := make(chan error, 1)
	go func() {
		req, _ := http.NewRequest(http.MethodPost, s.URL+"/v1/events/batch", strings.NewReader(batch(plain("k"))))
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	eventually(t, "the request is listed", func() bool { return len(s.records("")) == 1 })
	select {
	case err := <-ended:
		t.Fatalf("it was answered: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	s.fault(`{}`)
	if err := <-ended; err == nil {
		t.Error("it was answered in the end")
	}
}

func TestADroppedConnectionHasNoAnswer(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{Answer: live.AnswerDrop}})
	resp, err := http.Post(s.URL+"/v1/events/batch", "application/json", strings.NewReader(batch(plain("k"))))
	if err == nil {
		resp.Body.Close()
		t.Fatalf("answered %s", resp.Status)
	}
	if got := s.records(""); outcomes(got) != "refused" || got[0].Status != 0 {
		t.Errorf("listed as %+v", got)
	}
}

func TestSlowDelaysTheAnswerNotTheEvent(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{Slow: 3_600_000}})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		req, _ := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/v1/events/batch", strings.NewReader(batch(plain("k"))))
		req.Header.Set("X-API-Key", "dev")
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	eventually(t, "the event is stored", func() bool { return outcomes(s.records("")) == "stored" })
	s.fault(`{}`)
	if err := <-ended; err != nil {
		t.Errorf("switched off, the answer comes at once; got %v", err)
	}
}

func TestOneInNIsRejected(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{RefuseOneIn: 3}})
	s.post(plain("1"), plain("2"), plain("3"), plain("4"), plain("5"), plain("6"))
	got := s.records("")
	if want := "stored stored rejected stored stored rejected"; outcomes(got) != want {
		t.Errorf("outcomes are %s, want %s", outcomes(got), want)
	}
	// The key is spent, as with the real gateway.
	s.fault(`{}`)
	s.post(plain("3"))
	if last := s.records("limit=1")[0]; last.Outcome != live.Duplicate || last.First.Outcome != live.Rejected {
		t.Errorf("sent again it is %+v", last)
	}
}

func TestForgottenKeysStoreTwice(t *testing.T) {
	s := start(t, live.Options{Fault: live.Fault{ForgetKeys: true}})
	s.post(plain("k"))
	s.post(plain("k"))
	if got := outcomes(s.records("")); got != "stored stored" {
		t.Errorf("outcomes are %s", got)
	}
}

func TestABadFaultIsNotSwitchedOn(t *testing.T) {
	s := start(t, live.Options{})
	for _, fault := range []string{`{"answer":"418"}`, `{"retry_after_s":5}`, `{"slow_ms":-1}`, `{"slow_ms":99999999}`, `{"refuse_one_in":-1}`, `{"nope":1}`, `x`, strings.Repeat(" ", 5000)} {
		if resp, _ := s.do(http.MethodPost, "/_local/fault", fault); resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%.40s: %s", fault, resp.Status)
		}
	}
	if _, err := live.New(live.Options{Fault: live.Fault{Answer: "418"}}); err == nil {
		t.Error("New takes a bad fault")
	}
	if s.post(plain("k")) != 200 {
		t.Error("a bad fault is on")
	}
}
