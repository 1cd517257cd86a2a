//go:build go1.25

package faults

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// inBubble runs a test with a client of a scripted gateway.
func inBubble(t *testing.T, act Act, change func(*causality.Config), test func(t *testing.T, client *causality.Client, g *Gateway)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := NewGateway(func(int, time.Duration) Act { return act })
		t.Cleanup(g.Close)
		test(t, newClient(t, g.Transport(), change), g)
	})
}

// took fails t unless f takes a time within these bounds.
func took(t *testing.T, least, most time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d < least || d > most {
		t.Errorf("it took %v, not %v to %v", d, least, most)
	}
}

// addsUp returns the client's counts, which must add up.
func addsUp(t *testing.T, client *causality.Client) causality.Stats {
	t.Helper()
	s := client.Stats()
	if s.Tracked != s.Delivered+s.Dropped.Total()+s.Queued {
		t.Errorf("the counts do not add up: %+v", s)
	}
	return s
}

func TestAClientThatWasNeverUsedClosesAtOnce(t *testing.T) {
	inBubble(t, Silence(nothing()), nil, func(t *testing.T, client *causality.Client, g *Gateway) {
		took(t, 0, 0, func() {
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		})
		if seen := g.Seen(); len(seen) != 0 {
			t.Errorf("requests: %v", seen)
		}
	})
}

func TestFlushOnAnIdleClientMakesNoRequest(t *testing.T) {
	inBubble(t, Accept, nil, func(t *testing.T, client *causality.Client, g *Gateway) {
		trackSome(client, 3)
		took(t, 0, 0, func() {
			for range 5 {
				if err := client.Flush(); err != nil {
					t.Error(err)
				}
			}
		})
		if seen := g.Seen(); len(seen) != 1 {
			t.Errorf("requests: %v", seen)
		}
	})
}

func TestShutdownHonoursItsContext(t *testing.T) {
	tests := []struct {
		name string
		ctx  func(t *testing.T) (context.Context, context.CancelFunc)
		most time.Duration
		why  error
	}{
		{"whose deadline comes", func(t *testing.T) (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), 3*time.Second)
		}, 3 * time.Second, context.DeadlineExceeded},
		{"that is cancelled meanwhile", func(t *testing.T) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(2*time.Second, cancel)
			return ctx, cancel
		}, 2 * time.Second, context.Canceled},
		{"that has ended before", func(t *testing.T) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return ctx, cancel
		}, 0, context.Canceled},
		{"that is cancelled for a reason", func(t *testing.T) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(errReason)
			return ctx, func() { cancel(nil) }
		}, 0, errReason},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Silence(nothing()), nil, func(t *testing.T, client *causality.Client, g *Gateway) {
				trackSome(client, 120)
				synctest.Wait()
				ctx, cancel := tt.ctx(t)
				defer cancel()
				took(t, tt.most, tt.most+100*time.Millisecond, func() {
					err := client.Shutdown(ctx)
					if !errors.Is(err, tt.why) || !errors.Is(err, causality.ErrUndelivered) || !strings.Contains(err.Error(), "120 are lost") {
						t.Errorf("Shutdown: %v", err)
					}
				})
				if s := addsUp(t, client); s.Dropped.Closed != 120 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

var errReason = errors.New("the pod is evicted")

func TestTheEarliestDeadlineOfSeveralCountsForAll(t *testing.T) {
	inBubble(t, Silence(nothing()), nil, func(t *testing.T, client *causality.Client, g *Gateway) {
		trackSome(client, 10)
		var wg sync.WaitGroup
		for _, d := range []time.Duration{12 * time.Second, 4 * time.Second, 9 * time.Second} {
			wg.Add(1)
			go func() {
				defer wg.Done()
				ctx, cancel := context.WithTimeout(t.Context(), d)
				defer cancel()
				took(t, 4*time.Second, 4*time.Second+100*time.Millisecond, func() {
					if err := client.Shutdown(ctx); err == nil {
						t.Error("Shutdown: nil")
					}
				})
			}()
		}
		wg.Wait()
		took(t, 0, 0, func() {
			if err := client.Close(); err == nil {
				t.Error("a later Close does not return the same error")
			}
		})
	})
}

func TestFlushWaitsWhileARepeatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGateway(first(2, Status(503))(nil))
		defer g.Close()
		client := newClient(t, g.Transport(), nil)
		trackSome(client, 50)
		time.Sleep(100 * time.Millisecond) // the first request has failed
		took(t, time.Second, 5*time.Second, func() {
			if err := client.Flush(); err != nil {
				t.Error(err)
			}
		})
		if n := len(g.Stored()); n != 50 {
			t.Errorf("%d stored", n)
		}
	})
}

func TestFlushContextEndsWithItsContextAndTheEventsAreSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGateway(first(2, Status(503))(nil))
		defer g.Close()
		client := newClient(t, g.Transport(), nil)
		trackSome(client, 7)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		err := client.FlushContext(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "7 events") {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if n := len(g.Stored()); n != 7 {
			t.Errorf("%d stored", n)
		}
	})
}

func TestCloseWhileFlushRuns(t *testing.T) {
	for _, tt := range []struct {
		name string
		act  Act
		most time.Duration
		ok   bool
	}{
		{"and the gateway is slow", Answer(fakegateway.Accept().Delay(3 * time.Second)), 3 * time.Second, true},
		{"and the gateway hangs", Silence(nothing()), 15 * time.Second, false},
		{"and the gateway is down", Status(503), 15 * time.Second, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, tt.act, nil, func(t *testing.T, client *causality.Client, g *Gateway) {
				trackSome(client, 20)
				var wg sync.WaitGroup
				for range 3 {
					wg.Add(1)
					go func() {
						defer wg.Done()
						took(t, 0, tt.most+100*time.Millisecond, func() {
							if err := client.Flush(); (err == nil) != tt.ok {
								t.Errorf("Flush: %v", err)
							}
						})
					}()
				}
				synctest.Wait()
				took(t, 0, tt.most+100*time.Millisecond, func() {
					if err := client.Close(); (err == nil) != tt.ok {
						t.Errorf("Close: %v", err)
					}
				})
				wg.Wait()
				if err := client.Flush(); !errors.Is(err, causality.ErrClosed) {
					t.Errorf("Flush after Close: %v", err)
				}
				addsUp(t, client)
			})
		})
	}
}

func TestTrackDuringCloseIsCountedOneWayOrTheOther(t *testing.T) {
	inBubble(t, Answer(fakegateway.Accept().Delay(100*time.Millisecond)), nil, func(t *testing.T, client *causality.Client, g *Gateway) {
		var wg sync.WaitGroup
		const goroutines, each = 8, 200
		for range goroutines {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for range each {
					trackSome(client, 1)
					time.Sleep(time.Millisecond)
				}
			}()
		}
		time.Sleep(each / 2 * time.Millisecond)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		s := addsUp(t, client)
		if s.Tracked != goroutines*each || s.Queued != 0 || s.Dropped.Closed == 0 || s.Delivered == 0 || int(s.Delivered) != len(g.Stored()) {
			t.Errorf("%+v, and %d are stored", s, len(g.Stored()))
		}
	})
}

// Config forbids it, and it must not cost more than a wait.
func TestAnOnErrorThatMisbehavesDoesNotHoldUpTheClient(t *testing.T) {
	var client *causality.Client
	for _, tt := range []struct {
		name    string
		onError func(error)
		most    time.Duration // that Close may take beyond its deadline
	}{
		{"that is slow", func(error) { time.Sleep(time.Minute) }, 200 * time.Millisecond},
		{"that panics", func(err error) { panic(err) }, 200 * time.Millisecond},
		{"that calls Flush", func(error) { _ = client.Flush() }, 200 * time.Millisecond},
		{"that calls Close", func(error) { _ = client.Close() }, 200 * time.Millisecond},
		{"that tracks", func(error) { trackSome(client, 1) }, 200 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			logs := &Logs{}
			inBubble(t, refuse(0), func(cfg *causality.Config) {
				*logs = *NewLogs()
				cfg.OnError = tt.onError
				cfg.Logger = slog.New(logs)
			}, func(t *testing.T, c *causality.Client, g *Gateway) {
				client = c
				trackSome(client, 100)
				took(t, 0, 10*time.Second, func() { _ = client.Flush() })
				time.Sleep(30 * time.Second)
				if n := len(g.Seen()); n > 40 {
					t.Errorf("%d requests in 30 s, over one a second", n)
				}
				took(t, 0, closeTimeout+tt.most, func() {
					if err := client.Close(); err == nil {
						t.Error("Close: nil")
					}
				})
				time.Sleep(24 * time.Hour) // until the slow one is done
				addsUp(t, client)
				last := map[string]time.Duration{}
				for _, l := range logs.Lines() {
					if at, ok := last[l.Message]; ok && l.At-at < lineEvery && l.At < 30*time.Second {
						t.Errorf("logged twice within %v: %v", l.At-at, l)
					}
					last[l.Message] = l.At
				}
			})
		})
	}
}

func TestALoggerThatBlocksOrPanicsDoesNotHoldUpTheClient(t *testing.T) {
	for _, tt := range []struct {
		name   string
		handle func()
	}{
		{"that is slow", func() { time.Sleep(time.Minute) }},
		{"that panics", func() { panic("no disk") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inBubble(t, Status(401), func(cfg *causality.Config) {
				cfg.Logger = slog.New(handler{handle: tt.handle})
				cfg.OnError = func(error) { panic("and this one panics as well") }
			}, func(t *testing.T, client *causality.Client, g *Gateway) {
				trackSome(client, 100)
				took(t, 0, time.Second, func() { _ = client.Flush() })
				took(t, 0, closeTimeout+200*time.Millisecond, func() { _ = client.Close() })
				addsUp(t, client)
				time.Sleep(24 * time.Hour)
			})
		})
	}
}

// handler is a slog.Handler of a user's with a life of its own.
type handler struct {
	slog.Handler
	handle func()
}

func (h handler) Enabled(context.Context, slog.Level) bool { return true }
func (h handler) Handle(context.Context, slog.Record) error {
	h.handle()
	return nil
}

func TestTracksAfterCloseAreSaidOnceInTenSeconds(t *testing.T) {
	logs := &Logs{}
	inBubble(t, Accept, func(cfg *causality.Config) {
		*logs = *NewLogs()
		cfg.Logger = slog.New(logs)
	}, func(t *testing.T, client *causality.Client, g *Gateway) {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		for range 1000 { // for 25 seconds
			trackSome(client, 1)
			time.Sleep(25 * time.Millisecond)
		}
		if said := logs.Lines(); len(said) > 4 {
			t.Errorf("%d lines; %v …", len(said), said[:2])
		}
		if s := addsUp(t, client); s.Dropped.Closed != 1000 {
			t.Errorf("%+v", s)
		}
		time.Sleep(time.Minute)
	})
}
