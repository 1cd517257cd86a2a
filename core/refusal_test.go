//go:build go1.25

package causality_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// without returns from … to-1 but for some.
func without(from, to int, some ...int) []int {
	return slices.DeleteFunc(numbered(from, to), func(n int) bool { return slices.Contains(some, n) })
}

// wantStored fails t unless exactly these numbers were stored, in any order.
func wantStored(t *testing.T, g *gateway, want []int) {
	t.Helper()
	got := g.numbers()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%d events stored, want %d; missing or too many: %v", len(got), len(want), difference(got, want))
	}
}

func difference(a, b []int) []int {
	var only []int
	for _, n := range slices.Concat(a, b) {
		if slices.Contains(a, n) != slices.Contains(b, n) {
			only = append(only, n)
		}
	}
	return only
}

// others100 tracks good events for some minutes, which tell a bad one from an outage.
// It returns how many requests that was.
func others100(client *causality.Client) int {
	for n := range 100 {
		track(client, 10_000+n, 10_001+n)
		_ = client.Flush()
		time.Sleep(3 * time.Second)
	}
	return 100
}

func TestBadEventsAreFoundAndOnlyTheyAreLost(t *testing.T) {
	ten := []int{1, 3, 99, 100, 498, 499, 501, 750, 997, 998}
	tests := []struct {
		name     string
		naming   bool
		events   int
		bad      []int
		requests int
	}{
		// The first that is named is asked about twice, the others once.
		{"the first of a thousand, named", true, 1000, []int{0}, 4},
		{"the last of a thousand, named", true, 1000, []int{999}, 4},
		{"ten of a thousand, named one after the other", true, 1000, ten, 29},
		{"one of two, named", true, 2, []int{1}, 4},
		{"the first of a thousand, not named", false, 1000, []int{0}, 32},
		{"one in the middle of a thousand, not named", false, 1000, []int{500}, 32},
		{"another of a thousand, not named", false, 1000, []int{313}, 32},
		{"the last but one of a thousand, not named", false, 1000, []int{998}, 32},
		{"the last of a thousand, not named", false, 1000, []int{999}, 32},
		{"ten of a thousand, not named", false, 1000, ten, 230},
		{"one of two, not named", false, 2, []int{1}, 13},
		{"one of seven, not named", false, 7, []int{4}, 18},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.then(refuses(tt.naming, is(tt.bad...)))
				client := newClient(t, g, batchSize(1000))
				track(client, 0, tt.events)
				if err := client.Flush(); tt.naming && err != nil {
					t.Error(err)
				}
				wantStored(t, g, without(0, tt.events, tt.bad...)) // at once
				others := 0
				if !tt.naming {
					others = others100(client)
				}
				if n := g.count() - others; n > tt.requests {
					t.Errorf("%d requests, want at most %d", n, tt.requests)
				}
				s := balanced(t, client)
				if int(s.Dropped.Rejected) != len(tt.bad) || s.Dropped.Total() != s.Dropped.Rejected || s.Paused {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestARejectedEventIsReportedByNameWithTheGatewaysWords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []error
		g := newGateway(t)
		g.then(refuses(true, is(1)))
		client := newClient(t, g, func(cfg *causality.Config) {
			cfg.OnDrop = func(e causality.DroppedEvent) { reported = append(reported, e.Err) }
		})
		track(client, 0, 3)
		flush(t, client)
		synctest.Wait()
		var rejected *causality.RejectedError
		if len(reported) != 1 || !errors.As(reported[0], &rejected) || rejected.EventType != "numbered" || len(rejected.ID) != 36 ||
			!strings.Contains(rejected.Reason, `unknown field "nope"`) {
			t.Errorf("OnDrop got %v", reported)
		}
	})
}

func TestAGatewayThatRefusesEverythingIsToldSoonAndNothingIsLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(refuses(false, anyEvent))
		client := newClient(t, g, batchSize(1000), maxInFlight(1))
		track(client, 0, 1000)
		err := client.Flush()
		if err == nil || !strings.Contains(err.Error(), "if every event is refused") || g.count() > 5 {
			t.Errorf("after %d requests Flush: %v", g.count(), err)
		}
		if s := balanced(t, client); s.Queued != 1000 || !s.Paused {
			t.Errorf("%+v", s)
		}
		// The probes are single events, and they are kept too.
		before := g.count()
		track(client, 1000, 1010)
		time.Sleep(time.Hour)
		if probes := g.sizes()[before:]; len(probes) < 30 || slices.Max(probes) != 1 {
			t.Errorf("probes of %v events", probes)
		}
		if s := balanced(t, client); s.Queued != 1010 || s.Dropped.Total() != 0 {
			t.Errorf("%+v", s)
		}
		g.then(accept)
		time.Sleep(2 * time.Minute)
		flush(t, client)
		wantStored(t, g, numbered(0, 1010))
	})
}

func TestTheOnlyEventIsKeptUntilAnotherIsTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(refuses(false, is(0)))
		client := newClient(t, g)
		track(client, 0, 1)
		_ = client.Flush()
		time.Sleep(time.Hour)
		if s := balanced(t, client); g.count() > 65 || s.Queued != 1 || !s.Paused {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
		others := others100(client)
		if s := balanced(t, client); s.Dropped.Rejected != 1 || int(s.Delivered) != others || s.Paused {
			t.Errorf("%+v", s)
		}
	})
}

// A gateway of another version takes the place of one that was well.
func TestAGatewayThatBeginsToRefuseEverythingCostsNoEvent(t *testing.T) {
	for _, size := range []int{1, 2, 5, 6} {
		for _, naming := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				client := newClient(t, g, batchSize(size), maxInFlight(1))
				track(client, 0, 30)
				flush(t, client)
				g.then(refuses(naming, anyEvent))
				for n := 30; n < 90; n++ {
					track(client, n, n+1)
					time.Sleep(30 * time.Second)
				}
				s := balanced(t, client)
				if s.Dropped.Total() > 0 || !s.Paused {
					t.Errorf("batches of %d, named: %v: %+v", size, naming, s)
				}
				g.then(accept)
				time.Sleep(2 * time.Minute)
				flush(t, client)
				if n := len(g.numbers()); n != 90-int(s.Dropped.Rejected) {
					t.Errorf("batches of %d, named: %v: %d events stored", size, naming, n)
				}
			})
		}
	}
}

func TestFreshEventsShowThatABatchIsBad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(refuses(false, is(0, 1, 2)))
		client := newClient(t, g)
		track(client, 0, 3)
		if err := client.Flush(); err == nil {
			t.Error("Flush returned nil for a gateway that has taken nothing yet")
		}
		others := others100(client)
		flush(t, client)
		if s := balanced(t, client); s.Dropped.Rejected != 3 || int(s.Delivered) != others {
			t.Errorf("%+v", s)
		}
	})
}

// Where bad events are tried first by accident, and no fresh event comes, the probes
// get to a good one.
func TestABatchOfManyBadEventsIsDeliveredWithoutFreshEvents(t *testing.T) {
	for _, events := range []int{3, 4, 100} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			bad := []int{0, events / 2, events - 1}
			g.then(after(time.Millisecond, refuses(false, is(bad...))))
			client := newClient(t, g, batchSize(100))
			track(client, 0, events)
			if err := client.Flush(); err == nil {
				t.Error("Flush returned nil with bad events left")
			}
			time.Sleep(time.Hour)
			wantStored(t, g, without(0, events, bad...))
			others100(client)
			if s := balanced(t, client); s.Dropped.Rejected != 3 || s.Queued != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestNothingIsLostWhereTheNetworkFailsDuringTheSearch(t *testing.T) {
	// The k-th request of the search fails, whichever it is.
	for k := 1; k <= 25; k++ {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			requests := 0
			refuse := refuses(false, is(42))
			g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
				if requests++; requests == k {
					return unreachable(g, r, got)
				}
				return refuse(g, r, got)
			})
			client := newClient(t, g, batchSize(200), maxInFlight(1), func(cfg *causality.Config) { cfg.MaxRetries = -1 })
			track(client, 0, 200)
			_ = client.Flush()
			balanced(t, client)
			time.Sleep(10 * time.Second)
			wantStored(t, g, without(0, 200, 42))
			// More is asked for where an event was stored that had failed alone.
			for n := 0; n < 5 && client.Stats().Queued > 0; n++ {
				others100(client)
			}
			if s := balanced(t, client); s.Dropped.Rejected != 1 {
				t.Errorf("the %d-th request failed: %+v", k, s)
			}
		})
	}
}

func TestABatchFullOfBadEventsDoesNotHoldUpFreshOnes(t *testing.T) {
	for _, inFlight := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			bad := func(e event) bool { return e.n() < 400 && e.n()%16 == 1 }
			var arrived atomic.Int64 // when the fresh event came
			g.then(after(10*time.Millisecond, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
				if g.read(r, got); slices.ContainsFunc(got.events, is(400)) {
					arrived.Store(time.Now().UnixNano())
				}
				return refuses(false, bad)(g, r, got)
			}))
			client := newClient(t, g, batchSize(400), maxInFlight(inFlight), func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
			track(client, 0, 400)
			time.Sleep(20 * time.Second)
			track(client, 400, 401)
			tracked, paused := time.Now(), balanced(t, client).Paused // two bad probes in a row look like an outage
			time.Sleep(time.Minute)
			if took := time.Unix(0, arrived.Load()).Sub(tracked); took > 5*time.Second && !paused {
				t.Errorf("a fresh event arrived after %v", took)
			}
			wantStored(t, g, append(slices.DeleteFunc(numbered(0, 400), func(n int) bool { return n%16 == 1 }), 400))
			others100(client)
			if s := balanced(t, client); s.Dropped.Rejected != 25 || s.Paused {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestARequestThatIsTooLargeIsHalved(t *testing.T) {
	tests := []struct {
		name     string
		tooMuch  answer
		requests []int // for a hundred events, where sixty are too many, and again
	}{
		{"in bytes, as the gateway says", answers(400, `{"violations":[{"field":"body", "description":"failed to parse request body: could not read request body: http: request body too large"}]}`), nil},
		{"in bytes, as a proxy says", answers(413, "Request Entity Too Large"), nil},
		{"in events, as the gateway says", answers(400, `{"violations":[{"field":"events", "description":"value must contain no more than 60 item(s)"}]}`), []int{100, 50, 50, 50, 50}},
		{"in events, where the server's own limit is lower", answers(500, `{"message":"batch exceeds maximum event count"}`), []int{100, 50, 50, 50, 50}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
					if g.read(r, got); len(got.events) > 60 {
						return tt.tooMuch(g, r, got)
					}
					return accept(g, r, got)
				})
				client := newClient(t, g, batchSize(100), maxInFlight(1))
				track(client, 0, 100)
				flush(t, client)
				track(client, 100, 200)
				flush(t, client)
				if got := g.sizes(); got[0] != 100 || slices.Max(got[1:]) > 60 || tt.requests != nil && !slices.Equal(got, tt.requests) {
					t.Errorf("requests of %v events", got)
				}
				wantStored(t, g, numbered(0, 200))
				if s := balanced(t, client); s.Dropped.Total() != 0 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

func TestAnEventThatIsTooLargeAloneIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if g.read(r, got); slices.ContainsFunc(got.events, is(5)) {
				return answers(413, "")(g, r, got)
			}
			return accept(g, r, got)
		})
		client := newClient(t, g)
		track(client, 0, 10)
		_ = client.Flush()
		time.Sleep(time.Minute) // the bad event may have been the first probes
		wantStored(t, g, without(0, 10, 5))
		others100(client)
		if s := balanced(t, client); s.Dropped.Rejected != 1 {
			t.Errorf("%+v", s)
		}
	})
}

func TestAProxyThatAnswers413ToEverythingIsAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		client := newClient(t, g)
		track(client, 0, 10)
		flush(t, client)
		g.then(answers(413, "too large"))
		track(client, 10, 210)
		if err := client.Flush(); err == nil {
			t.Error("Flush returned nil")
		}
		if s := balanced(t, client); s.Dropped.Total() != 0 || s.Queued != 200 || !s.Paused {
			t.Errorf("%+v", s)
		}
		synctest.Wait() // Flush returns with the first failure; others are on their way
		g.then(accept)
		before := g.count()
		flush(t, client)
		// Four requests were under way, each halved once or twice.
		if n := g.count() - before; n > 4*4 || len(g.numbers()) != 210 {
			t.Errorf("%d events stored, the last 200 in %d requests", len(g.numbers()), n)
		}
	})
}
