//go:build go1.25

package faults

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// hopeless are the ways of a gateway that takes nothing, as the act of each
// request, or as an error of the network.
var hopeless = []struct {
	name string
	act  Act
	dial error
	// first is the requests before the client pauses: one, its repeats where they may
	// help, what is left without a named event, and two of one event each, to tell a
	// bad batch from a bad gateway.
	first int
}{
	{"refuses connections", nil, errRefused, 6},
	{"answers 503", Status(503), nil, 6},
	{"answers 401", Status(401), nil, 3},
	{"answers 307", Status(307), nil, 3},
	{"hangs up in the middle of the body", HangUpInside, nil, 6},
	{"answers with a page", Raw("HTTP/1.1 200 OK\r\n\r\n<html>"), nil, 6},
	{"refuses every event", refuse(0), nil, 3},
	{"names every event", refuseByLine(0), nil, 4},
	{"can store no event", storeNone, nil, 3},
	{"never answers", Silence(nothing()), nil, 6},
}

func TestAGatewayThatTakesNothingIsAskedOnceAStep(t *testing.T) {
	const span = 10 * time.Minute
	steps := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute}
	for _, tt := range hopeless {
		ask := func(t *testing.T, inFlight int) []time.Duration {
			g := NewGateway(func(int, time.Duration) Act { return tt.act })
			defer g.Close()
			if tt.dial != nil {
				g.Dial = func(time.Duration) error { return tt.dial }
			}
			asked := &asks{next: g.Transport(), start: time.Now()}
			client := newClient(t, asked, func(cfg *causality.Config) {
				cfg.MaxQueueBytes = 1 << 20
				cfg.MaxInFlight = inFlight
			})
			// The queue is full all the time: it is not for want of events that
			// nothing is sent.
			trackSome(client, 3000)
			for start := time.Now(); time.Since(start) < span; time.Sleep(time.Second) {
				trackSome(client, 10)
			}
			if s := client.Stats(); s.Dropped.QueueFull == 0 || !s.Paused || s.Delivered != 0 {
				t.Errorf("%+v", s)
			}
			return asked.all()
		}
		t.Run("one that "+tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := ask(t, 1)
				if len(asked) < tt.first+5 {
					t.Fatalf("asked at %v", asked)
				}
				for i := tt.first; i < len(asked); i++ {
					// A request may take its timeout of 10 s, and the step begins
					// with its answer.
					step := steps[min(i-tt.first, len(steps)-1)]
					if gap := asked[i] - asked[i-1]; gap < step || gap > step*3/2+10*time.Second {
						t.Errorf("probe %d came %v after the request before it, in a step of %v", i-tt.first, gap, step)
					}
				}
			})
		})
		t.Run("one that "+tt.name+", with four requests under way", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := ask(t, 4)
				most := 4 * tt.first
				for i, left := 0, span; left > 0; i++ {
					left -= steps[min(i, len(steps)-1)]
					most++
				}
				if len(asked) > most {
					t.Errorf("%d requests in %v, over %d: %v", len(asked), span, most, asked)
				}
			})
		})
	}
}

func TestAGatewayThatRefusesEverythingIsRecognisedWithinFiveRequests(t *testing.T) {
	for _, tt := range []struct {
		size   int
		refuse Act
	}{
		{2, refuse(0)}, {3, refuse(0)}, {10, refuse(0)}, {1000, refuse(0)},
		{2, refuseByLine(0)}, {3, refuseByLine(0)}, {5, refuseByLine(0)}, {6, refuseByLine(0)}, {1000, refuseByLine(0)},
	} {
		t.Run(fmt.Sprintf("by a batch of %d", tt.size), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGateway(func(int, time.Duration) Act { return tt.refuse })
				defer g.Close()
				logs := NewLogs()
				client := newClient(t, g.Transport(), func(cfg *causality.Config) {
					cfg.BatchSize = 1000
					cfg.Logger = slog.New(logs)
				})
				trackSome(client, tt.size)
				err := client.Flush()
				var answer *causality.GatewayError
				if !errors.As(err, &answer) || answer.StatusCode != 400 {
					t.Errorf("Flush: %v", err)
				}
				s := client.Stats()
				if s.Requests > 5 || s.Queued != int64(tt.size) || !s.Paused || s.Dropped.Total() != 0 {
					t.Errorf("%+v", s)
				}
				synctest.Wait()
				if said := logs.Lines(); len(said) != 1 {
					t.Errorf("it is not said once: %v", said)
				}
			})
		})
	}
}

// asks notes when requests are made, also those that no gateway sees.
type asks struct {
	next  http.RoundTripper
	start time.Time
	mu    sync.Mutex
	times []time.Duration
}

func (a *asks) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	a.times = append(a.times, time.Since(a.start))
	a.mu.Unlock()
	return a.next.RoundTrip(req)
}

func (a *asks) all() []time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.times)
}
