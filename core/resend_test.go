//go:build go1.25

package causality_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

const (
	forNow  = "failed to publish event: nats: timeout"
	forGood = "failed to publish event: failed to publish event: nats: maximum payload exceeded"
)

func TestAnEventRejectedForGoodIsDroppedAndTheOthersAreDelivered(t *testing.T) {
	for _, reason := range []string{
		"timestamp_ms is required and must be > 0", "event_type is required (payload must not be empty)", "app_id is required", forGood,
	} {
		synctest.Test(t, func(t *testing.T) {
			var reported []error
			g := newGateway(t)
			g.then(rejects(reason, is(0, 2)))
			client := newClient(t, g, func(cfg *causality.Config) {
				cfg.OnDrop = func(e causality.DroppedEvent) { reported = append(reported, e.Err) }
			})
			track(client, 0, 4)
			flush(t, client)
			synctest.Wait()
			wantStored(t, g, []int{1, 3})
			if s := balanced(t, client); s.Delivered != 2 || s.Dropped.Rejected != 2 || g.count() != 1 {
				t.Errorf("%d requests, %+v", g.count(), s)
			}
			var rejected *causality.RejectedError
			if len(reported) != 2 || !errors.As(reported[0], &rejected) || rejected.Reason != reason || rejected.ID == "" {
				t.Errorf("OnDrop got %v", reported)
			}
		})
	}
}

func TestAnEventRejectedForNowIsSentAgainUnderANewKeyAndTheSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, rejects(forNow, is(1)), rejects(forNow, is(1)))
		client := newClient(t, g)
		track(client, 0, 3)
		flush(t, client)
		wantStored(t, g, []int{0, 1, 2})
		requests := g.got()
		if got := g.sizes(); !slices.Equal(got, []int{3, 1, 1}) {
			t.Fatalf("requests of %v events", got)
		}
		for i, gap := range between(requests) {
			spread(t, "the resend", gap, time.Second<<i, 1, 1)
		}
		first, second, third := requests[0].events[1], requests[1].events[0], requests[2].events[0]
		if first.ID != second.ID || second.ID != third.ID {
			t.Errorf("the id changed: %s, %s, %s", first.ID, second.ID, third.ID)
		}
		if first.Key == second.Key || second.Key == third.Key {
			t.Errorf("the key stayed: %s, %s, %s", first.Key, second.Key, third.Key)
		}
		if s := balanced(t, client); s.Delivered != 3 || s.Paused {
			t.Errorf("%+v", s)
		}
	})
}

func TestAnEventThatCanNeverBeStoredIsRejectedAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(rejects(forNow, is(1)))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
		track(client, 0, 3)
		// Something else goes well all the time: this event is the trouble.
		for n := range 240 {
			time.Sleep(time.Second)
			track(client, 10+n, 11+n)
			if s := balanced(t, client); s.Paused || s.Dropped.Rejected > 0 && n < 120 {
				t.Fatalf("after %d s: %+v", n+1, s)
			}
		}
		flush(t, client)
		sent := 0
		for _, r := range g.got() {
			if slices.ContainsFunc(r.events, is(1)) {
				sent++
			}
		}
		if s := balanced(t, client); sent > 15 || s.Dropped.Rejected != 1 || s.Delivered != 242 {
			t.Errorf("sent %d times, %+v", sent, s)
		}
	})
}

// A gateway may be unable to publish because of one event of a request, because it is
// one of several that has lost its store, or because its store has too much to do.
func TestTroubleOfTheStoreCondemnsNoGoodEvent(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for name, tt := range map[string]struct {
		act answer
		bad []int
	}{
		"one event keeps its request from being stored": {func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if g.read(r, got); slices.ContainsFunc(got.events, is(613)) {
				return rejects(forNow, anyEvent)(g, r, got)
			}
			return accept(g, r, got)
		}, []int{613}},
		"one of two replicas can store nothing": {func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if rnd.IntN(2) == 0 {
				return rejects(forNow, anyEvent)(g, r, got)
			}
			return accept(g, r, got)
		}, nil},
		"half of the events cannot be stored": {func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			drawn := rnd.Uint64()
			return rejects(forNow, func(e event) bool { return rand.New(rand.NewPCG(drawn, uint64(e.n()))).IntN(2) == 0 })(g, r, got)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const events = 6000
				g := newGateway(t)
				g.then(after(10*time.Millisecond, tt.act))
				client := newClient(t, g, maxInFlight(1), func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
				for n := range events {
					track(client, n, n+1)
					time.Sleep(50 * time.Millisecond)
				}
				g.then(after(10*time.Millisecond, rejects(forNow, is(tt.bad...))))
				for n := range 120 {
					track(client, events+n, events+n+1)
					time.Sleep(10 * time.Second)
				}
				s := balanced(t, client)
				if want := events + 120 - len(tt.bad); len(g.numbers()) != want || int(s.Delivered) != want || s.Queued > 0 {
					t.Errorf("%d of %d good events stored, %d requests, %+v", len(g.numbers()), want, g.count(), s)
				}
			})
		})
	}
}

func TestTheRestOfABatchIsNotSentToAGatewayThatCanStoreNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(rejects(forNow, anyEvent))
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 500)
		err := client.Flush()
		if err == nil || !strings.Contains(err.Error(), "could store none") || !strings.Contains(err.Error(), forNow) {
			t.Errorf("Flush: %v", err)
		}
		if s := balanced(t, client); !s.Paused || s.Queued != 500 || g.count() > 4 {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
		before := g.count()
		time.Sleep(2 * time.Minute)
		for _, r := range g.got()[before:] {
			if len(r.events) > 1 {
				t.Errorf("a probe has %d events", len(r.events))
			}
		}
		g.then(accept)
		time.Sleep(2 * time.Minute)
		flush(t, client)
		wantStored(t, g, numbered(0, 500))
	})
}

func TestALongOutageOfTheGatewaysStoreLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(rejects(forNow, anyEvent))
		client := newClient(t, g)
		for n := range 24 * 60 {
			track(client, n, n+1)
			time.Sleep(time.Minute)
		}
		g.then(accept)
		time.Sleep(2 * time.Minute)
		flush(t, client)
		s := balanced(t, client)
		if s.Dropped.Total() != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAMixOfRejections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			g.store(got.events, is(1, 4))
			return reply(200, `{"acceptedCount":2,"rejectedCount":3,"results":[`+
				`{"status":"rejected","error":"app_id is required"},{"index":1,"status":"accepted"},`+
				`{"index":2,"status":"rejected","error":"`+forNow+`"},{"index":3,"status":"rejected","error":"`+forGood+`"},`+
				`{"index":4,"status":"accepted"}]}`), nil
		})
		client := newClient(t, g)
		track(client, 0, 5)
		flush(t, client)
		wantStored(t, g, []int{1, 2, 4})
		if s := balanced(t, client); s.Delivered != 3 || s.Dropped.Rejected != 2 || g.count() != 2 {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
	})
}
