//go:build go1.25

package causality_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestWhatStartsASend(t *testing.T) {
	tests := []struct {
		name   string
		events int
		act    func(t *testing.T, client *causality.Client)
		want   []int // the sizes of the requests
	}{
		{"one event alone waits", 1, func(*testing.T, *causality.Client) {}, nil},
		{"one event short of a batch waits", 49, func(*testing.T, *causality.Client) {}, nil},
		{"a full batch goes at once", 50, func(*testing.T, *causality.Client) {}, []int{50}},
		{"what is over a full batch waits", 51, func(*testing.T, *causality.Client) {}, []int{50}},
		{"Flush sends what waits", 3, func(t *testing.T, client *causality.Client) { flush(t, client) }, []int{3}},
		{"Flush of an idle client sends nothing", 0, func(t *testing.T, client *causality.Client) { flush(t, client) }, nil},
		{"Close sends what waits", 3, func(t *testing.T, client *causality.Client) {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}, []int{3}},
		{"Close of an idle client sends nothing", 0, func(t *testing.T, client *causality.Client) {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}, nil},
		{"the interval has almost passed", 3, func(*testing.T, *causality.Client) { time.Sleep(30*time.Second - time.Nanosecond) }, nil},
		{"the interval has passed", 3, func(*testing.T, *causality.Client) { time.Sleep(30 * time.Second) }, []int{3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = 0 })
				track(client, 0, tt.events)
				synctest.Wait()
				tt.act(t, client)
				synctest.Wait()
				if got := g.sizes(); !slices.Equal(got, tt.want) {
					t.Errorf("requests of %v events, want %v", got, tt.want)
				}
				balanced(t, client)
			})
		})
	}
}

func TestTheIntervalRunsFromTheFirstEventThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = time.Minute })
		start := time.Now()
		for n := range 4 { // at 0, 20, 40 and 60 s
			track(client, n, n+1)
			time.Sleep(20 * time.Second)
		}
		time.Sleep(time.Hour)
		var at []time.Duration
		for _, r := range g.got() {
			at = append(at, r.at.Sub(start))
		}
		// The event of 60 s meets the first send or begins an interval of its own.
		if len(at) == 0 || at[0] != time.Minute || len(g.numbers()) != 4 {
			t.Errorf("requests at %v stored %v", at, g.numbers())
		}
		if len(at) > 1 && at[1] != 2*time.Minute {
			t.Errorf("the next interval ended at %v", at[1])
		}
	})
}

func TestAnIdleClientDoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
		time.Sleep(time.Hour)
		if n := g.count(); n != 0 {
			t.Errorf("%d requests before the first event", n)
		}
		track(client, 0, 75)
		time.Sleep(time.Minute)
		before := g.count()
		// With a timer of its own left the bubble would find something to do at
		// a time before the hour is over; a request would be the sign of it.
		time.Sleep(24 * time.Hour)
		if n := g.count() - before; n != 0 {
			t.Errorf("%d requests while idle", n)
		}
		if s := balanced(t, client); s.Delivered != 75 || s.Requests != int64(before) {
			t.Errorf("%+v", s)
		}
	})
}

func TestTheQueueIsBounded(t *testing.T) {
	const bound = 10_000
	synctest.Test(t, func(t *testing.T) {
		var dropped []causality.DroppedEvent
		g := newGateway(t)
		g.then(after(time.Second, accept))
		client := newClient(t, g, func(cfg *causality.Config) {
			cfg.MaxQueueBytes = bound
			cfg.OnDrop = func(e causality.DroppedEvent) { dropped = append(dropped, e) }
		})
		track(client, 0, 49)
		s := balanced(t, client)
		if s.QueuedBytes > bound || s.QueuedBytes < bound-1000 {
			t.Errorf("%d bytes wait, the bound is %d", s.QueuedBytes, bound)
		}
		if s.Dropped.QueueFull == 0 || s.Dropped.QueueFull != s.Dropped.Total() || s.Queued+s.Dropped.QueueFull != 49 {
			t.Errorf("%+v", s)
		}
		flush(t, client)
		got := g.numbers()
		slices.Sort(got) // two requests end at the same moment
		if !slices.Equal(got, numbered(0, int(s.Queued))) {
			t.Errorf("the oldest %d events were to stay, stored %v", s.Queued, got)
		}
		g.then(accept)
		track(client, 100, 101)
		if after := balanced(t, client); after.Queued != 1 {
			t.Errorf("there is room again, but %+v", after)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, e := range dropped {
			if e.Reason != causality.DropQueueFull || !errors.Is(e.Err, causality.ErrQueueFull) || !json.Valid(e.JSON) {
				t.Errorf("OnDrop got %s %v %v %s", e.EventType, e.Reason, e.Err, e.JSON)
			}
		}
		if len(dropped) != int(s.Dropped.QueueFull) {
			t.Errorf("OnDrop got %d events, %d were dropped", len(dropped), s.Dropped.QueueFull)
		}
	})
}

func TestEventsInFlightCountAgainstTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, hangs)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxQueueBytes = 8_000; cfg.BatchSize = 5 })
		track(client, 0, 5)
		synctest.Wait()
		track(client, 5, 100)
		if s := balanced(t, client); g.count() == 0 || s.QueuedBytes > 8_000 || s.Dropped.QueueFull == 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestEventsArriveInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 1234)
		flush(t, client)
		if got := g.numbers(); !slices.Equal(got, numbered(0, 1234)) {
			t.Errorf("stored %v", got)
		}
		for _, size := range g.sizes() {
			if size > 1000 {
				t.Errorf("a request has %d events", size)
			}
		}
	})
}

func TestRequestsStayWithinTheirLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(100*time.Millisecond, accept))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxBatchSize = 200; cfg.MaxInFlight = 3 })
		track(client, 0, 5_000)
		flush(t, client)
		if g.mostBusy != 3 {
			t.Errorf("%d requests at a time, want 3", g.mostBusy)
		}
		if most := slices.Max(g.sizes()); most > 200 || most < 150 {
			t.Errorf("the largest request has %d events", most)
		}
		if got := g.numbers(); len(got) != 5_000 {
			t.Errorf("%d events stored", len(got))
		}
	})
}

func TestARequestOfSeveralEventsIsAtMost1MiB(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g, func(cfg *causality.Config) { cfg.MaxQueueBytes = 64 << 20 })
		long := strings.Repeat("x", 200_000)
		for range 11 {
			client.Track(causality.Event{EventType: "long", Attrs: []slog.Attr{slog.String("text", long)}})
		}
		client.Track(causality.Event{EventType: "longest", Attrs: []slog.Attr{slog.String("text", strings.Repeat("x", 999_000))}})
		flush(t, client)
		for _, r := range g.got() {
			if len(r.body) > 1<<20+64 {
				t.Errorf("a request of %d events has %d bytes", len(r.events), len(r.body))
			}
		}
		if n := len(g.events()); n != 12 {
			t.Errorf("%d events stored", n)
		}
	})
}

func TestFlushWaitsForWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(3*time.Second, accept))
		client := newClient(t, g)
		track(client, 0, 50)
		synctest.Wait()
		track(client, 50, 60)
		start := time.Now()
		flush(t, client)
		if took := time.Since(start); took != 3*time.Second || len(g.numbers()) != 60 {
			t.Errorf("Flush returned after %v, %d events stored", took, len(g.numbers()))
		}
	})
}

func TestFlushDoesNotWaitForLaterEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, after(time.Second, accept))
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 1)
		go func() {
			time.Sleep(500 * time.Millisecond)
			g.then(hangs)
			track(client, 1, 200)
		}()
		start := time.Now()
		flush(t, client)
		if took := time.Since(start); took != time.Second {
			t.Errorf("Flush took %v", took)
		}
	})
}

func TestFlushContextStopsWaitingAndTheEventsAreStillSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, after(5*time.Second, accept))
		client := newClient(t, g)
		track(client, 0, 3)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := client.FlushContext(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "3 events") {
			t.Errorf("FlushContext: %v", err)
		}
		time.Sleep(5 * time.Second)
		if s := balanced(t, client); s.Delivered != 3 {
			t.Errorf("%+v", s)
		}
	})
}

func TestRequestsGrowWithTheBacklogAndShrinkWhenTheGatewayIsSlow(t *testing.T) {
	backlog := func(t *testing.T, events int, act answer) []int {
		g := newGateway(t)
		g.then(act)
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, events)
		flush(t, client)
		if n := len(g.numbers()); n != events {
			t.Errorf("%d of %d events stored", n, events)
		}
		return g.sizes()
	}
	synctest.Test(t, func(t *testing.T) {
		sizes := backlog(t, 5000, accept)
		// How many events wait when the first replies come is the scheduler's.
		if sizes[0] != 50 || slices.Max(sizes) < 500 || len(sizes) > 20 {
			t.Errorf("a fast gateway got %v", sizes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		sizes := backlog(t, 200, after(time.Second, accept))
		if !slices.Equal(sizes, []int{50, 50, 50, 50}) {
			t.Errorf("a gateway that takes a tenth of the timeout got %v", sizes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		perEvent := func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			return after(time.Duration(len(got.events))*60*time.Millisecond, accept)(g, r, got)
		}
		sizes := backlog(t, 125, perEvent)
		if !slices.Equal(sizes, []int{50, 25, 25, 25}) {
			t.Errorf("a gateway that takes longer for more events got %v", sizes)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		sizes := backlog(t, 300, after(3*time.Second, accept))
		if !slices.Equal(sizes[:9], []int{50, 25, 12, 6, 3, 1, 2, 4, 8}) || len(sizes) > 15 {
			t.Errorf("a gateway that takes a third of the timeout for one event, too, got %v", sizes)
		}
	})
}

// After an outage requests are of one event. A gateway that is well again, and slow,
// must get larger ones: at 600 ms for each of one event it would get less than comes.
func TestRequestsGrowAgainWithASlowGatewayThatIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g)
		for n := range 18_000 {
			if n == 6000 {
				g.then(after(600*time.Millisecond, accept))
			}
			track(client, n, n+1)
			time.Sleep(50 * time.Millisecond)
		}
		if s := balanced(t, client); s.Queued > 200 {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
	})
}

// A request that timed out before its repeat went through was too large all the
// same.
func TestRequestsShrinkAfterATimeoutThatARepeatMadeGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, hangs)
		client := newClient(t, g, maxInFlight(1))
		track(client, 0, 100)
		flush(t, client)
		if got := g.sizes(); !slices.Equal(got[:3], []int{50, 50, 25}) {
			t.Errorf("requests of %v events", got)
		}
	})
}

func TestRequestsGrowBackToBatchSizeWithoutABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(9*time.Second, accept))
		client := newClient(t, g, func(cfg *causality.Config) { cfg.BatchSize = 10; cfg.FlushInterval = time.Minute })
		for n := range 5 {
			track(client, n*10, n*10+10)
			flush(t, client)
		}
		g.then(accept)
		for range 30 {
			track(client, 0, 1)
			time.Sleep(2 * time.Minute)
		}
		before := g.count()
		track(client, 100, 105)
		synctest.Wait()
		if n := g.count() - before; n != 0 {
			t.Errorf("the gateway has been well for an hour, and 5 events made %d requests; BatchSize is 10", n)
		}
		track(client, 105, 110)
		synctest.Wait()
		if sizes := g.sizes(); sizes[len(sizes)-1] != 10 {
			t.Errorf("10 events went as %v", sizes[before:])
		}
	})
}
