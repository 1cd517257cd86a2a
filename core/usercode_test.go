//go:build go1.25

package causality_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// goexit ends its goroutine as t.Fatal does.
type goexit struct{ slog.Handler }

func (goexit) Enabled(context.Context, slog.Level) bool  { return true }
func (goexit) Handle(context.Context, slog.Record) error { runtime.Goexit(); return nil }

// A Transport, or the body of its reply, costs the request in which it misbehaves.
func TestATransportThatMisbehavesCostsOneRequest(t *testing.T) {
	var typedNil *net.OpError
	for name, act := range map[string]answer{
		"exits its goroutine": func(*gateway, *http.Request, *arrival) (*http.Response, error) { runtime.Goexit(); return nil, nil },
		"has a body that exits its goroutine": func(*gateway, *http.Request, *arrival) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(readFunc(func([]byte) (int, error) { runtime.Goexit(); return 0, nil }))}, nil
		},
		"never returns": func(*gateway, *http.Request, *arrival) (*http.Response, error) {
			time.Sleep(time.Hour)
			return nil, errors.New("too late")
		},
		"has a body without an end": func(*gateway, *http.Request, *arrival) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(readFunc(func(p []byte) (int, error) {
				time.Sleep(time.Second)
				return 0, nil
			}))}, nil
		},
		"switches protocols": func(*gateway, *http.Request, *arrival) (*http.Response, error) {
			return &http.Response{StatusCode: 101, Body: io.NopCloser(readFunc(func(p []byte) (int, error) { time.Sleep(time.Hour); return 0, io.EOF }))}, nil
		},
		"panics with a typed nil": func(*gateway, *http.Request, *arrival) (*http.Response, error) { panic(error(typedNil)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t, act, act, act, act)
				client := newClient(t, g)
				track(client, 0, 400)
				time.Sleep(2 * time.Minute)
				flush(t, client)
				if s := balanced(t, client); s.Delivered != 400 || s.LastError == "" {
					t.Errorf("%+v", s)
				}
				if err := client.Close(); err != nil {
					t.Error(err)
				}
				time.Sleep(2 * time.Hour) // until what never returned has
			})
		})
	}
}

// OnError, OnDrop and the Logger cost themselves.
func TestAFunctionThatExitsItsGoroutineCostsThatCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var errs, drops int
		g := newGateway(t)
		g.then(answers(403, "no"))
		client := newClient(t, g, loggingTo(goexit{}), func(cfg *causality.Config) {
			cfg.OnError = func(error) { errs++; runtime.Goexit() }
			cfg.OnDrop = func(causality.DroppedEvent) { drops++; runtime.Goexit() }
		})
		for range 5 {
			client.Track(causality.Event{}) // Invalid
		}
		track(client, 0, 3)
		_ = client.Flush()
		time.Sleep(time.Minute)
		start := time.Now()
		if err := client.Close(); !errors.Is(err, causality.ErrUndelivered) {
			t.Errorf("Close: %v", err)
		}
		if took := time.Since(start); took > 18*time.Second {
			t.Errorf("Close took %v", took)
		}
		synctest.Wait()
		if s := client.Stats(); drops != 8 || errs < 3 || s.MissedDrops != 0 {
			t.Errorf("OnDrop was called %d times, OnError %d; %+v", drops, errs, s)
		}
	})
}

// Whatever OnError does with the client, the call returns.
func TestOnErrorMayCloseTheClient(t *testing.T) {
	for name, closeIt := range map[string]func(*causality.Client) error{
		"Close":             (*causality.Client).Close,
		"Shutdown for ever": func(c *causality.Client) error { return c.Shutdown(context.Background()) },
		"Flush":             (*causality.Client).Flush,
		"Send":              func(c *causality.Client) error { return c.Send(context.Background(), causality.Event{EventType: "e"}) },
		"Shutdown with a ctx that ended": func(c *causality.Client) error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return c.Shutdown(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.then(answers(403, "no"))
				var client *causality.Client
				done := make(chan bool, 100)
				client = newClient(t, g, onError(func(error) {
					_ = closeIt(client)
					select {
					case done <- true:
					default:
					}
				}))
				track(client, 0, 3)
				_ = client.Flush()
				select {
				case <-done:
				case <-time.After(time.Minute):
					t.Error("the call did not return within a minute")
				}
				_ = client.Close()
			})
		})
	}
}

// The first failure is in the log when it happens, and nothing follows Close's word.
func TestTheFirstFailureIsSaidAtOnceAndNothingAfterTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var book logbook
		g := newGateway(t)
		g.then(hangs)
		client := newClient(t, g, loggingTo(&book))
		track(client, 0, 120)
		start := time.Now()
		for len(book.about("cannot be delivered")) == 0 && time.Since(start) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(start); took > 10200*time.Millisecond {
			t.Errorf("the first line came after %v", took)
		}
		if s := client.Stats(); s.LastError == "" {
			t.Error("LastError is empty")
		}
		_ = client.Close()
		time.Sleep(time.Minute)
		lines := book.about("")
		if last := lines[len(lines)-1]; !strings.Contains(last.message, "closed with events undelivered") {
			t.Errorf("after Close's last word: %+v", last)
		}
	})
}

// Size starts a send as well as number.
func TestBytesStartASend(t *testing.T) {
	t.Run("two events of 900 KB a second", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, &crowd{stored: map[string]int{}})
			large := strings.Repeat("x", 900_000)
			for range 120 {
				client.Track(causality.Event{EventType: "e", Properties: map[string]any{"n": 1, "large": large}})
				time.Sleep(500 * time.Millisecond)
			}
			if s := balanced(t, client); s.Dropped.Total() != 0 || s.Delivered < 118 {
				t.Errorf("%+v", s)
			}
		})
	})
	t.Run("a queue of 10 KB", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client := newClient(t, newGateway(t), func(cfg *causality.Config) { cfg.MaxQueueBytes = 10_000 })
			for n := range 6_000 {
				track(client, n, n+1)
				time.Sleep(10 * time.Millisecond)
			}
			if s := balanced(t, client); s.Dropped.Total() != 0 || s.Delivered < 5_950 {
				t.Errorf("%+v", s)
			}
		})
	})
}

// With an ended context there is no flush, and not one by chance.
func TestFlushContextWithAnEndedContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g)
		track(client, 0, 3)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 50 {
			if err := client.FlushContext(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("FlushContext: %v", err)
			}
			time.Sleep(time.Second)
		}
		if g.count() != 0 {
			t.Errorf("%d requests", g.count())
		}
	})
}

// After the gateway asked for a wait one request goes first, and requests grow.
func TestAfterAWaitOneRequestGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(answers(429, "", "Retry-After", "30"))
		client := newClient(t, g)
		track(client, 0, 4_000)
		time.Sleep(20 * time.Second)
		before := g.count()
		g.then(after(time.Second, accept))
		time.Sleep(10500 * time.Millisecond)
		if n := g.count() - before; n != 1 {
			t.Errorf("%d requests went first", n)
		}
		time.Sleep(time.Minute)
		if s := balanced(t, client); s.Delivered != 4_000 {
			t.Errorf("%+v", s)
		}
	})
	synctest.Test(t, func(t *testing.T) { // one request a second
		g := newGateway(t)
		var last time.Time
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if time.Since(last) < time.Second {
				return answers(429, "")(g, r, got)
			}
			last = time.Now()
			return accept(g, r, got)
		})
		client := newClient(t, g)
		start := time.Now()
		largest := func() (n int) {
			for _, size := range g.sizes() {
				n = max(n, size)
			}
			return n
		}
		for n := 0; largest() < 1000 && time.Since(start) < 5*time.Minute; n += 400 {
			track(client, n, n+400)
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took > 45*time.Second {
			t.Errorf("it took %v until a request had 1000 events: %v", took, g.sizes())
		}
	})
}

// A Timeout of years is no reason to send small requests.
func TestATimeoutOfYearsDoesNotKeepRequestsSmall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := newClient(t, &crowd{stored: map[string]int{}}, func(cfg *causality.Config) { cfg.Timeout = 200 * 365 * 24 * time.Hour })
		track(client, 0, 20_000)
		time.Sleep(time.Minute)
		if s := balanced(t, client); s.Delivered < 19_900 || s.Requests > 80 {
			t.Errorf("%+v", s)
		}
	})
}
