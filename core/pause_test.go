//go:build go1.25

package causality_test

import (
	"bytes"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// between returns the times between the requests.
func between(requests []*arrival) []time.Duration {
	var gaps []time.Duration
	for i := 1; i < len(requests); i++ {
		gaps = append(gaps, requests[i].at.Sub(requests[i-1].at))
	}
	return gaps
}

// spread fails t unless gap is d times low … high.
func spread(t *testing.T, what string, gap, d time.Duration, low, high float64) {
	t.Helper()
	if f := float64(gap) / float64(d); f < low || f > high {
		t.Errorf("%s came after %v, want %v times %v to %v", what, gap, d, low, high)
	}
}

func TestAFailedRequestIsRepeatedAndThenTheClientPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(answers(503, "busy"))
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 120)
		time.Sleep(10 * time.Minute)

		requests := g.got()
		gaps := between(requests)
		var first []*arrival
		for _, r := range requests {
			if bytes.Equal(r.body, requests[0].body) && len(first) < 4 {
				first = append(first, r)
			}
		}
		if len(first) != 4 {
			t.Fatalf("the first batch went %d times, want 1 and 3 repeats", len(first))
		}
		for i, gap := range between(first) {
			spread(t, "a repeat", gap, time.Second<<i, 0.5, 1.5)
		}
		// Two more ask at once whether it is these events. Then the probes follow,
		// further and further apart.
		if gaps[3] != 0 || gaps[4] != 0 {
			t.Errorf("other events were tried after %v and %v", gaps[3], gaps[4])
		}
		probes := gaps[5:]
		for i, want := range []time.Duration{5, 10, 20, 40, 60, 60, 60} {
			spread(t, "a probe", probes[i], want*time.Second, 1, 1.5)
		}
		for _, r := range requests[4:] {
			if len(r.events) > 1 {
				t.Errorf("a probe has %d events", len(r.events))
			}
		}
		s := balanced(t, client)
		if !s.Paused || s.Queued != 120 || s.Dropped.Total() != 0 || s.Retries < 3 || s.LastError == "" || s.LastErrorAt.IsZero() {
			t.Errorf("%+v", s)
		}
	})
}

func TestMaxRetriesOfMinusOneRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(answers(500, "boom"))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		track(client, 0, 1)
		if err := client.Flush(); err == nil {
			t.Error("Flush returned nil")
		}
		if n := g.count(); n != 1 {
			t.Errorf("%d requests", n)
		}
		spreadOfProbe := time.Now()
		time.Sleep(7500 * time.Millisecond)
		if n := g.count(); n != 2 {
			t.Errorf("%d requests %v later", n, time.Since(spreadOfProbe))
		}
	})
}

func TestEventsOfAFailedBatchAreDeliveredInOrderWhenTheGatewayIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 130)
		time.Sleep(time.Minute)
		g.then(accept)
		time.Sleep(2 * time.Minute)
		flush(t, client)
		// In order, but for those that were tried alone.
		whole := 0
		for _, r := range g.got() {
			if len(r.events) == 1 {
				continue
			}
			for _, e := range r.events {
				if slices.Contains(g.numbers(), e.n()) && e.n() < whole {
					t.Errorf("event %d came after %d", e.n(), whole)
				}
				whole = e.n()
			}
		}
		wantStored(t, g, numbered(0, 130))
		if s := balanced(t, client); s.Paused || s.Delivered != 130 || s.Uncertain != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheOldestEventsGoFirstAfterSeveralBatchesFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g)
		for range 20 {
			track(client, 0, 200)
			time.Sleep(20 * time.Second) // four deliveries fail in an order of their own
			g.then(after(time.Second, accept))
			before := g.count()
			time.Sleep(3 * time.Minute)
			if next := g.got()[before+1 : before+5]; !slices.ContainsFunc(next, func(r *arrival) bool { return len(r.events) > 40 && r.events[0].n() < 5 }) {
				t.Fatalf("the first requests after the probe begin with event %d", next[0].events[0].n())
			}
			flush(t, client)
			g.then(unreachable)
		}
	})
}

// A firewall bars what one event says, or the gateway stumbles over it.
func TestAnEventThatTheGatewayFailsAtHoldsUpNoOther(t *testing.T) {
	for name, fail := range map[string]answer{"403": answers(403, "barred"), "500": answers(500, "boom"), "no answer": hangs} {
		for _, inFlight := range []int{1, 4} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					g := newGateway(t)
					g.then(after(10*time.Millisecond, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
						if g.read(r, got); slices.ContainsFunc(got.events, is(42)) {
							return fail(g, r, got)
						}
						return accept(g, r, got)
					}))
					client := newClient(t, g, maxInFlight(inFlight), func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
					for n := 0; n < 1000; n += 10 {
						track(client, n, n+10)
						time.Sleep(10 * time.Second)
					}
					// Healthy, it is a hundred requests; and 25 times as many are
					// too many.
					s := balanced(t, client)
					wantStored(t, g, without(0, 1000, 42))
					if n := g.count(); s.Delivered != 999 || s.Dropped.Rejected != 1 || s.Paused || n > 150 {
						t.Errorf("%d requests, %+v", n, s)
					}
				})
			})
		}
	}
}

func TestALimitOfRequestsMakesThemNoSmaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		requests := 0
		g.then(after(10*time.Millisecond, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.mu.Lock()
			requests++
			isOver := requests%3 != 0
			g.mu.Unlock()
			if isOver {
				return answers(429, "")(g, r, got)
			}
			return accept(g, r, got)
		}))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		for n := 0; n < 1000; n += 50 {
			track(client, n, n+50)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Hour)
		if s := balanced(t, client); s.Delivered != 1000 || slices.Min(g.sizes()) < 50 {
			t.Errorf("%+v, requests of %v events", s, g.sizes())
		}
	})
}

func TestWhilePausedOnlyProbesAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1; cfg.FlushInterval = time.Second })
		track(client, 0, 1)
		time.Sleep(time.Second)
		for n := range 45 { // the first probe comes after 5 s
			track(client, n*10, n*10+10)
			time.Sleep(100 * time.Millisecond)
		}
		if n := g.count(); n > 3 { // with two other events
			t.Errorf("%d requests before the first probe", n)
		}
		balanced(t, client)
	})
}

func TestAPauseEndsWithTheFirstSettledRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(unreachable)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		track(client, 0, 500)
		time.Sleep(time.Minute)
		g.then(after(10*time.Millisecond, accept))
		time.Sleep(time.Minute)
		// The probe, then all of it without another wait.
		var stored []*arrival
		for _, r := range g.got() {
			if r.body != nil {
				stored = append(stored, r)
			}
		}
		if took := stored[len(stored)-1].at.Sub(stored[0].at); took > time.Second || len(g.numbers()) < 450 { // the rest fills no batch
			t.Errorf("%d events were stored within %v of the first", len(g.numbers()), took)
		}
	})
}

func TestFlushWhilePausedProbesAtOnce(t *testing.T) {
	for name, script := range map[string][]answer{
		"the requests fail in their order": nil,
		"the second request fails first":   {after(20*time.Millisecond, unreachable), after(10*time.Millisecond, unreachable)},
	} {
		t.Run(name, func(t *testing.T) { flushWhilePaused(t, script) })
	}
}

func flushWhilePaused(t *testing.T, script []answer) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(unreachable)
		g.script = script
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		track(client, 0, 70)
		if err := client.Flush(); err == nil || !strings.Contains(err.Error(), "70 events wait and will be sent again") {
			t.Errorf("Flush: %v", err)
		}
		synctest.Wait() // the other request of the first round
		before, start := g.count(), time.Now()
		if err := client.Flush(); err == nil {
			t.Error("Flush returned nil while the gateway is away")
		}
		if n := g.count() - before; n != 1 {
			t.Errorf("the second Flush made %d requests, want one probe", n)
		}
		// An event that was a probe comes last, so that Flush may take it for a bad one.
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if g.read(r, got); len(got.events) == 1 {
				return after(10*time.Millisecond, accept)(g, r, got)
			}
			return accept(g, r, got)
		})
		flush(t, client)
		if took := time.Since(start); took > 2100*time.Millisecond || len(g.numbers()) != 70 {
			t.Errorf("%d events stored after %v", len(g.numbers()), took)
		}
	})
}

func TestFlushDoesNotProbeInsideARetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, answers(503, "later", "Retry-After", "30"))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxRetries = -1 })
		track(client, 0, 3)
		start := time.Now()
		var answer *causality.GatewayError
		if err := client.Flush(); !errors.As(err, &answer) || answer.RetryAfter != 30*time.Second {
			t.Errorf("Flush: %v", err)
		}
		if took := time.Since(start); took != 0 || g.count() != 1 {
			t.Errorf("%d requests, Flush took %v", g.count(), took)
		}
		if err := client.Flush(); err != nil {
			t.Errorf("the next Flush: %v", err)
		}
		if gap := between(g.got())[0]; gap < 30*time.Second {
			t.Errorf("the next of %d requests came after %v", g.count(), gap)
		}
	})
}

func TestAStatusThatDeniesTheRequestIsNotRepeatedAndKeepsTheEvents(t *testing.T) {
	tests := []struct {
		status int
		hint   string
	}{
		{301, "redirects are not followed"}, {307, "redirects are not followed"},
		{401, "check APIKey"}, {403, "check APIKey"}, {404, "check Endpoint"}, {405, "check Endpoint"}, {410, ""},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			refusal := answers(tt.status, "no", "Location", "https://elsewhere.test/")
			g := newGateway(t, refusal, refusal, refusal) // it, and two with other events
			client := newClient(t, g)
			track(client, 0, 3)
			err := client.Flush()
			var answer *causality.GatewayError
			if !errors.As(err, &answer) || answer.StatusCode != tt.status || !strings.Contains(err.Error(), tt.hint) {
				t.Errorf("%d: Flush: %v", tt.status, err)
			}
			if s := balanced(t, client); g.count() != 3 || s.Queued != 3 || !s.Paused {
				t.Errorf("%d: %d requests, %+v", tt.status, g.count(), s)
			}
			time.Sleep(time.Minute)
			if s := balanced(t, client); s.Delivered != 3 {
				t.Errorf("%d: %+v", tt.status, s)
			}
		})
	}
}

func TestAProbeShrinksWithTheRequestsThatTimeOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		// Each event takes 5 s to store, so that no more than one can be.
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			return after(time.Duration(len(got.events))*6*time.Second, func(g *gateway, _ *http.Request, got *arrival) (*http.Response, error) {
				g.store(got.events, anyEvent)
				return reply(200, replyText(got.events, "", func(event) bool { return false })), nil
			})(g, r, got)
		})
		client := newClient(t, g)
		track(client, 0, 50)
		time.Sleep(30 * time.Minute)
		if n := len(g.numbers()); n != 50 {
			t.Errorf("%d events stored in half an hour, with requests of %v", n, g.sizes())
		}
	})
}
