//go:build go1.25

package causality_test

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// chaos is a gateway that fails in every way it can, at random. Events whose
// number divides by 97 are bad, and those by 101 are rejected for good.
func chaos(rnd *rand.Rand) answer {
	bad := func(e event) bool { return e.n()%97 == 0 }
	rejected := func(e event) bool { return e.n()%101 == 0 }
	var mu sync.Mutex
	dice := func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return rnd.IntN(n)
	}
	takes := func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		if slices.ContainsFunc(got.events, bad) {
			return refuses(dice(2) == 0, bad)(g, r, got)
		}
		if dice(4) > 0 || len(got.events) < 3 || slices.ContainsFunc(got.events, rejected) {
			return rejects("app_id is required", rejected)(g, r, got)
		}
		// Some it cannot store for the moment.
		unlucky := map[int]bool{}
		for range len(got.events) / 3 {
			unlucky[got.events[dice(len(got.events))].n()] = true
		}
		return rejects(forNow, func(e event) bool { return unlucky[e.n()] })(g, r, got)
	}
	return func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		time.Sleep(time.Duration(dice(200)) * time.Millisecond)
		act := takes
		switch dice(24) {
		case 0:
			act = answers(503, "busy")
		case 1:
			act = answers(429, "", "Retry-After", "2")
		case 2:
			act = unreachable
		case 3:
			act = hangs
		case 4:
			act = answers(401, "")
		case 5:
			act = rejects(forNow, anyEvent)
		case 6:
			act = panics(false)
		case 7:
			if g.read(r, got); len(got.events) > 20 {
				act = answers(413, "")
			}
		case 8, 9, 10:
			// It takes the events, and nobody gets to know.
			if g.read(r, got); !slices.ContainsFunc(got.events, bad) && !slices.ContainsFunc(got.events, rejected) {
				act = stores([]answer{breaks(true), answers(200, "what?"), answers(502, ""), panics(true), cutOff(200, "{")}[dice(5)])
			}
		}
		return act(g, r, got)
	}
}

func TestEveryEventEndsOnceWhateverTheGatewayDoes(t *testing.T) {
	for seed := range uint64(6) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.then(chaos(rand.New(rand.NewPCG(seed, 7))))
			client := newClient(t, g, func(cfg *causality.Config) { cfg.BatchSize = 20; cfg.FlushInterval = time.Second; cfg.ReuseKeys = true })
			var trackers, others sync.WaitGroup
			var stop atomic.Bool
			const each = 150
			for tracker := range 8 {
				trackers.Add(1)
				go func() {
					defer trackers.Done()
					for n := range each {
						at := tracker*each + n + 1
						track(client, at, at+1)
						time.Sleep(time.Duration(n%7) * 100 * time.Millisecond)
					}
				}()
			}
			others.Add(2)
			go func() {
				defer others.Done()
				for !stop.Load() {
					balanced(t, client)
					time.Sleep(37 * time.Millisecond)
				}
			}()
			go func() {
				defer others.Done()
				for !stop.Load() {
					_ = client.Flush()
					time.Sleep(5 * time.Second)
				}
			}()
			trackers.Wait()
			deadline := time.Now().Add(24 * time.Hour)
			more, tracked := 8*each, int64(8*each)
			for time.Sleep(time.Minute); client.Stats().Queued > 0 && time.Now().Before(deadline); time.Sleep(time.Minute) {
				// Others, to tell a bad event from an outage by.
				for more++; more%97 == 0 || more%101 == 0; more++ {
				}
				track(client, more, more+1)
				tracked++
			}
			stop.Store(true)
			others.Wait()

			want := slices.DeleteFunc(numbered(1, more+1), func(n int) bool { return n%97 == 0 || n%101 == 0 })
			s := balanced(t, client)
			wantStored(t, g, want)
			if s.Queued != 0 || s.Tracked != tracked || int(s.Delivered) != len(want) || s.Dropped.Rejected != s.Dropped.Total() || s.Uncertain == 0 {
				t.Errorf("seed %d: %+v", seed, s)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
