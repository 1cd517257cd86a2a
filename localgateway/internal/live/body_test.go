package live_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestSlowBodiesDoNotKeepAnotherRequestWaiting(t *testing.T) {
	s := start(t, live.Options{})
	for range 300 {
		conn, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "POST /v1/events/batch HTTP/1.1\r\nHost: localhost\r\nX-API-Key: dev\r\nContent-Length: 5000000\r\n\r\n%s", strings.Repeat(" ", 1000))
	}
	client := http.Client{Timeout: 5 * time.Second} // alone it takes milliseconds
	req, _ := http.NewRequest(http.MethodPost, s.URL+"/v1/events/batch", strings.NewReader(batch(plain("k"))))
	req.Header.Set("X-API-Key", "dev")
	began := time.Now()
	resp, err := client.Do(req)
	if err != nil {
		t.Fatalf("beside 300 slow bodies: %v", err)
	}
	resp.Body.Close()
	t.Logf("answered in %v", time.Since(began).Round(time.Millisecond))
	if resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
}

func TestARefusedRequestOfVeryManyEventsIsCounted(t *testing.T) {
	s := start(t, live.Options{})
	s.post(strings.TrimSuffix(strings.Repeat("{},", 1_700_000), ","))
	got := s.records("")
	if outcomes(got) != "refused" || got[0].Events != 1_700_000 || got[0].Reason != "events: value must contain no more than 1000 item(s)" {
		t.Errorf("listed as %+v", got)
	}
}

func TestALineBeyondTheThousandthEventIsFound(t *testing.T) {
	s := start(t, live.Options{})
	events := make([]string, 2000)
	for i := range events {
		events[i] = "{}"
	}
	events[1499] = `{"nope":1}`
	s.post(events...)
	if got := s.records(""); len(got) != 1 || got[0].Bad == nil || *got[0].Bad != (live.Bad{Line: 1501, Column: 2, Event: -1}) {
		t.Errorf("listed as %+v", got[0].Bad)
	}
}
