//go:build go1.25

package faults

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The reply to a single event is the shortest, so it has trickled in the soonest.
func TestAnUnsureMoodWithholdsTheShortestReply(t *testing.T) {
	const event = `{"events":[{"app_id":"a","device_id":"d","timestamp_ms":1,"custom_event":{"event_name":"e0"}}]}`
	for _, m := range moods() {
		if !m.unsure || m.hidden || m.name == "a wrong count" || strings.HasPrefix(m.name, "20") {
			continue // these answer in full, with something else
		}
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGateway(func(int, time.Duration) Act { return m.play(fakegateway.Accept()) })
				defer g.Close()
				req, err := http.NewRequest(http.MethodPost, g.Endpoint()+"/v1/events/batch", strings.NewReader(event))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("X-API-Key", Key)
				req.Header.Set("Content-Type", "application/json")
				client := &http.Client{Transport: g.Transport(), Timeout: ChaosTimeout}
				defer client.CloseIdleConnections()
				resp, err := client.Do(req)
				if err != nil {
					return
				}
				defer resp.Body.Close()
				if body, err := io.ReadAll(resp.Body); err == nil {
					t.Errorf("the client was answered %s: %s", resp.Status, body)
				}
			})
		})
	}
}
