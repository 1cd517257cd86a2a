//go:build go1.25

package causality_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func closeTimeout(d time.Duration) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.CloseTimeout = d }
}

func TestCloseDeliversABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(50*time.Millisecond, accept))
		client := newClient(t, g)
		track(client, 0, 2345)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if s := balanced(t, client); s.Delivered != 2345 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g)
		track(client, 0, 3)
		for range 3 {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := client.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := client.Flush(); !errors.Is(err, causality.ErrClosed) {
			t.Errorf("Flush: %v", err)
		}
		track(client, 3, 10)
		time.Sleep(time.Hour)
		if s := balanced(t, client); s.Delivered != 3 || s.Dropped.Closed != 7 || g.count() != 1 {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
	})
}

func TestCloseGivesUpInTimeAndSaysWhatWasLost(t *testing.T) {
	// A transport that does not even look at the context.
	deaf := func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
		g.read(r, got)
		time.Sleep(time.Hour)
		return nil, errors.New("too late")
	}
	tests := []struct {
		name     string
		act      answer
		requests int // the least that were tried
	}{
		{"unreachable", unreachable, 5},
		{"hangs", hangs, 3},
		{"says 503", answers(503, "busy"), 5},
		{"says 401", answers(401, `{"error":"invalid API key"}`), 5},
		{"refuses everything", refuses(false, anyEvent), 5},
		{"can store nothing", rejects(forNow, anyEvent), 5},
		{"asks to wait for longer", answers(503, "", "Retry-After", "3600"), 1},
		{"is deaf", deaf, 1},
	}
	for _, tt := range tests {
		t.Run("the gateway "+tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var dropped []causality.DroppedEvent // without a lock: the race detector is the witness
				g := newGateway(t)
				g.then(tt.act)
				client := newClient(t, g, closeTimeout(12*time.Second), func(cfg *causality.Config) {
					cfg.OnDrop = func(e causality.DroppedEvent) { dropped = append(dropped, e) }
				})
				track(client, 0, 7)
				start := time.Now()
				err := client.Close()
				if took := time.Since(start); took > 12*time.Second+100*time.Millisecond || took < 11*time.Second {
					t.Errorf("Close took %v", took)
				}
				if err == nil || !errors.Is(err, causality.ErrUndelivered) || errors.Is(err, causality.ErrClosed) || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "7 are lost") {
					t.Errorf("Close: %v", err)
				}
				if s := balanced(t, client); s.Dropped.Closed != 7 || s.Queued != 0 || s.Paused {
					t.Errorf("%+v", s)
				}
				if n := g.count(); n < tt.requests || n > 25 {
					t.Errorf("%d requests", n)
				}
				if again := client.Close(); again == nil || again.Error() != err.Error() {
					t.Errorf("the second Close: %v", again)
				}
				if len(dropped) != 7 {
					t.Fatalf("OnDrop was called for %d of 7 events", len(dropped))
				}
				for _, e := range dropped {
					if e.EventType != "numbered" || e.ID == "" || e.Reason != causality.DropClosed || !errors.Is(e.Err, causality.ErrUndelivered) || !json.Valid(e.JSON) {
						t.Errorf("OnDrop got %s %v %v %s", e.EventType, e.Reason, e.Err, e.JSON)
					}
				}
				time.Sleep(2 * time.Hour) // until the deaf transport has returned
			})
		})
	}
}

func TestTheErrorOfCloseNamesTheLastFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(answers(401, `{"error":"invalid API key"}`))
		client := newClient(t, g)
		track(client, 0, 1)
		var answer *causality.GatewayError
		if err := client.Close(); !errors.As(err, &answer) || answer.StatusCode != 401 {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestTheErrorOfCloseDoesNotNameAFailureThatIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, answers(401, `{"error":"invalid API key"}`))
		client := newClient(t, g)
		track(client, 0, 1)
		time.Sleep(time.Hour)
		_ = client.Flush()
		flush(t, client)
		g.then(hangs)
		track(client, 1, 2)
		var answer *causality.GatewayError
		if err := client.Close(); err == nil || errors.As(err, &answer) && answer.StatusCode == 401 {
			t.Errorf("Close: %v", err)
		}
	})
}

func TestCloseCutsWaitsShort(t *testing.T) {
	none := func(cfg *causality.Config) { cfg.MaxRetries = -1 }
	tests := []struct {
		name   string
		change func(*causality.Config)
		act    []answer      // to the first requests
		close  int           // Close is called after so many of them
		within time.Duration // that Close may take
	}{
		{"of a repeat", func(*causality.Config) {}, []answer{unreachable, unreachable, unreachable}, 3, time.Second},
		{"of all repeats", func(*causality.Config) {}, []answer{unreachable, unreachable, unreachable}, 1, 3 * time.Second},
		{"of a pause", none, []answer{unreachable}, 1, 0},
		{"of the pauses that follow", none, []answer{unreachable, unreachable, unreachable, unreachable}, 1, 3 * time.Second},
		{"of a resend", func(*causality.Config) {}, []answer{rejects(forNow, is(0)), rejects(forNow, is(0))}, 1, 3 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, tt.act...)
				client := newClient(t, g, batchSize(2), tt.change)
				track(client, 0, 2)
				for synctest.Wait(); g.count() < tt.close; synctest.Wait() {
					time.Sleep(10 * time.Millisecond)
				}
				start := time.Now()
				if err := client.Close(); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took > tt.within {
					t.Errorf("Close took %v", took)
				}
				wantStored(t, g, []int{0, 1})
			})
		})
	}
}

func TestCloseWaitsOutARetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, answers(429, "", "Retry-After", "8"))
		client := newClient(t, g)
		track(client, 0, 2)
		start := time.Now()
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 8*time.Second {
			t.Errorf("Close took %v", took)
		}
		wantStored(t, g, []int{0, 1})
	})
}

func TestCloseLeavesTimeForAnotherRequestWhereOneHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, hangs)
		client := newClient(t, g, closeTimeout(10*time.Second))
		track(client, 0, 2)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if s := balanced(t, client); s.Delivered != 2 {
			t.Errorf("%+v", s)
		}
	})
}

func TestCloseDoesNotAbandonARequestBeforeItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t, after(9*time.Second, accept))
		client := newClient(t, g, closeTimeout(10*time.Second))
		track(client, 0, 50)
		synctest.Wait() // it is in flight
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestTheEarliestDeadlineCountsForAllWhoClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g)
		track(client, 0, 2)
		start := time.Now()
		var closers sync.WaitGroup
		for _, d := range []time.Duration{time.Hour, 2 * time.Second, time.Minute} {
			closers.Add(1)
			go func() {
				defer closers.Done()
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				if err := client.Shutdown(ctx); !errors.Is(err, causality.ErrUndelivered) {
					t.Errorf("Shutdown: %v", err)
				}
			}()
		}
		closers.Wait()
		if took := time.Since(start); took > 2200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestShutdownEndsWhenItsContextIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g)
		track(client, 0, 2)
		why := errors.New("the orchestrator lost patience")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			time.Sleep(3 * time.Second)
			cancel(why)
		}()
		start := time.Now()
		if err := client.Shutdown(ctx); !errors.Is(err, why) {
			t.Errorf("Shutdown: %v", err)
		}
		if took := time.Since(start); took > 3200*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAFlushUnderWayGetsItsAnswerWhenTheClientCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g, closeTimeout(5*time.Second))
		track(client, 0, 2)
		answer := make(chan error, 1)
		go func() { answer <- client.Flush() }()
		synctest.Wait()
		_ = client.Close()
		if err := <-answer; err == nil {
			t.Error("Flush returned nil for events that were lost")
		}
	})
}

func TestCloseOfADisabledClient(t *testing.T) {
	client, err := causality.New(causality.Config{Disabled: true, Logger: discard})
	if err != nil {
		t.Fatal(err)
	}
	track(client, 0, 3)
	flush(t, client)
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	track(client, 3, 5)
	if s := balanced(t, client); s.Dropped.Disabled != 5 || s.Requests != 0 {
		t.Errorf("%+v", s)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}
