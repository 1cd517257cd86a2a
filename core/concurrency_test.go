package causality_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// acceptAll answers at once that so many events were accepted, without a look
// at them.
func acceptAll(events int) roundTripFunc {
	body := fmt.Sprintf(`{"acceptedCount":%d}`, events)
	return func(r *http.Request) (*http.Response, error) {
		r.Body.Close()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// A batch that fills in the very moment in which the loop looks at it must not
// wait for the interval.
func TestAFullBatchNeverWaitsForTheInterval(t *testing.T) {
	client := newClient(t, acceptAll(2), batchSize(2))
	for round := 1; round <= 5_000; round++ {
		track(client, 0, 2)
		for deadline := time.Now().Add(5 * time.Second); client.Stats().Queued > 0; {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: 2 events wait, with a BatchSize of 2: %+v", round, client.Stats())
			}
			time.Sleep(time.Microsecond)
		}
	}
}

func TestTrackFlushAndCloseFromManyGoroutines(t *testing.T) {
	for range 4 {
		g := newGateway(t)
		client := newClient(t, g, batchSize(10))
		var all sync.WaitGroup
		for worker := range 8 {
			all.Add(1)
			go func() {
				defer all.Done()
				for n := range 200 {
					client.Track(causality.Event{EventType: "e", Properties: map[string]any{"n": n}, Attrs: []slog.Attr{slog.Int("worker", worker)}})
					switch {
					case n%20 == worker:
						if err := client.Flush(); err != nil && !errors.Is(err, causality.ErrClosed) {
							t.Errorf("Flush: %v", err)
						}
					case n%7 == worker:
						balanced(t, client)
						_ = client.String()
					case n == 150 && worker%3 == 0:
						if err := client.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
					}
				}
			}()
		}
		all.Wait()
		s := balanced(t, client)
		if s.Tracked != 1600 || s.Queued != 0 || s.Delivered+s.Dropped.Closed != 1600 || len(g.events()) != int(s.Delivered) {
			t.Errorf("%d events stored, %+v", len(g.events()), s)
		}
	}
}

// Two clients share the pools of the package and nothing else.
func TestClientsDoNotMixTheirEvents(t *testing.T) {
	const clients, events = 4, 500
	var all sync.WaitGroup
	for app := range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			g := newGateway(t)
			client := newClient(t, g, func(cfg *causality.Config) { cfg.AppID = fmt.Sprint("app-", app) })
			for n := range events {
				client.Track(causality.Event{EventType: "e", UserID: fmt.Sprint("user-", app), Properties: map[string]any{"app": app, "n": n}})
			}
			flush(t, client)
			for i, e := range g.events() {
				if e.AppID != fmt.Sprint("app-", app) || e.Strings["user_id"] != fmt.Sprint("user-", app) || e.Ints["app"] != int64(app) {
					t.Errorf("event %d of app %d is %+v", i, app, e)
				}
			}
			if n := len(g.events()); n != events {
				t.Errorf("%d events of app %d", n, app)
			}
		}()
	}
	all.Wait()
}

// What happens before something else, on whatever goroutine and processor, is sent
// before it.
func TestEventsOfManyGoroutinesArriveInTheOrderOfEach(t *testing.T) {
	g := newGateway(t)
	client := newClient(t, g, maxInFlight(1), batchSize(10))
	const workers, events = 8, 500
	var all sync.WaitGroup
	// A relay, too: one event after the other, each from a goroutine of its own.
	relay := make(chan int, 1)
	relay <- 0
	for range events {
		all.Add(1)
		go func() {
			defer all.Done()
			n := <-relay
			client.Track(causality.Event{EventType: "e", Properties: map[string]any{"worker": workers, "n": n}})
			relay <- n + 1
		}()
	}
	for worker := range workers {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range events {
				client.Track(causality.Event{EventType: "e", Properties: map[string]any{"worker": worker, "n": n}})
				if n%50 == worker {
					runtime.Gosched()
				}
			}
		}()
	}
	all.Wait()
	flush(t, client)
	next := make(map[int64]int64)
	for _, e := range g.events() {
		worker, n := e.Ints["worker"], e.Ints["n"]
		if n != next[worker] {
			t.Fatalf("worker %d: event %d arrived, want %d", worker, n, next[worker])
		}
		next[worker]++
	}
	for worker := range int64(workers + 1) {
		if next[worker] != events {
			t.Errorf("worker %d: %d events arrived, want %d", worker, next[worker], events)
		}
	}
}
