//go:build go1.25

package faults

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// A gateway takes time for each event, of each request for itself or of all
// together, and is offered more than it can take: a backlog waits all the time.
func TestOnceTheRequestSizeHasSettledNoRequestTimesOut(t *testing.T) {
	tests := []struct {
		perSecond int
		shared    bool
		settle    time.Duration // until the size has settled
		span      time.Duration
	}{
		{10, false, time.Minute, 5 * time.Minute},
		{10, true, 3 * time.Minute, 10 * time.Minute},
		{100, false, 0, time.Minute},
		{100, true, 0, 2 * time.Minute},
		{1000, false, 0, 10 * time.Second},
		{1000, true, 0, 20 * time.Second},
		{10_000, false, 0, time.Second},
		{10_000, true, 0, 4 * time.Second},
	}
	for _, tt := range tests {
		name := fmt.Sprintf("%d events a second", tt.perSecond)
		if tt.shared {
			name += " in all"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLight(takes(func() int { return tt.perSecond }, tt.shared))
				client := newClient(t, l, func(cfg *causality.Config) { cfg.CloseTimeout = time.Second })
				offered := tt.perSecond * 12 / 10
				if !tt.shared {
					offered *= 4
				}
				for start := time.Now(); time.Since(start) < tt.span; time.Sleep(time.Second) {
					trackSome(client, offered)
				}
				largest, timeouts, settled, stored := 0, 0, 0, 0
				for _, r := range l.seenRequests() {
					largest = max(largest, r.events)
					if r.status == http.StatusOK {
						stored += r.events
					}
					if r.timedOut {
						timeouts++
						if r.at > tt.settle {
							settled++
						}
					}
				}
				t.Logf("largest request %d, %d requests, %d timeouts, %d of them once settled, %d stored", largest, len(l.seenRequests()), timeouts, settled, stored)
				if settled > 0 {
					t.Errorf("%d requests timed out", settled)
				}
				// Nine tenths of what it could have taken.
				could := tt.perSecond * int(tt.span/time.Second)
				if !tt.shared {
					could *= 4
				}
				if stored < could*9/10 && timeouts == 0 {
					t.Errorf("it stored %d, and had time for %d", stored, could)
				}
			})
		})
	}
}

// A gateway that was well falls sick, when requests have grown, and recovers.
func TestTheRequestSizeFollowsAGatewayThatFallsSick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		const sick, well = 10 * time.Second, 3 * time.Minute
		l := newLight(takes(func() int {
			if at := time.Since(start); at > sick && at < well {
				return 10
			}
			return 500
		}, false))
		client := newClient(t, l, nil)
		for time.Since(start) < well+10*time.Second {
			if client.Stats().Queued < 5000 {
				trackSome(client, 3000)
			}
			time.Sleep(time.Second)
		}
		var before, during, after int
		for _, r := range l.seenRequests() {
			switch {
			case r.at < sick:
				before = max(before, r.events)
			case r.at > sick+90*time.Second && r.at < well:
				during = max(during, r.events)
				if r.timedOut {
					t.Errorf("a request of %d events timed out after %v", r.events, r.at)
				}
			case r.at > well:
				after = max(after, r.events)
			}
		}
		if before < 200 || during > 50 || after < 200 {
			t.Errorf("largest requests before, during and after it was sick: %d, %d, %d", before, during, after)
		}
	})
}

// takes lets a gateway take so many events a second.
func takes(perSecond func() int, shared bool) func(*http.Request, int) int {
	turn := make(chan struct{}, 1)
	return func(req *http.Request, events int) int {
		if !shared {
			if !pass(req, time.Duration(events)*time.Second/time.Duration(perSecond())) {
				return 0
			}
			return http.StatusOK
		}
		// Ten events at a time, so that requests advance side by side.
		for ; events > 0; events -= 10 {
			select {
			case turn <- struct{}{}:
			case <-req.Context().Done():
				return 0
			}
			ok := pass(req, time.Duration(min(events, 10))*time.Second/time.Duration(perSecond()))
			<-turn
			if !ok {
				return 0
			}
		}
		return http.StatusOK
	}
}
