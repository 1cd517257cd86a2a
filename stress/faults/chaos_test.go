//go:build go1.25

package faults

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
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

// A soak in virtual time: minutes of moods, and then a gateway that is well.
func TestAGatewayThatIsWellAgainGetsEveryGoodEvent(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				chaos := NewChaos(seed)
				g := NewGateway(nil)
				defer g.Close()
				chaos.take(g)
				pool := g.Transport()
				defer pool.(*http.Transport).CloseIdleConnections()
				var heard heard
				client := newClient(t, chaos.Witness(pool), func(cfg *causality.Config) {
					cfg.BatchSize = 10
					cfg.FlushInterval = 200 * time.Millisecond
					cfg.Timeout = ChaosTimeout
					cfg.OnDrop = heard.dropped
				})
				m := Measured{Fault: &Fault{Events: 6000, PerSecond: 100}}
				m.trackAll(client)
				chaos.Calm()
				for range 60 {
					for range 3 {
						m.track(client)
					}
					took(t, 0, 2*time.Minute, func() { _ = client.Flush() })
					time.Sleep(5 * time.Second)
				}
				_ = client.Close()
				heard.mu.Lock()
				defer heard.mu.Unlock()
				if _, err := chaos.Audit(g, m.tracked, addsUp(t, client), heard.drops); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
