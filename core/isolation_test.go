//go:build go1.25

package causality_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// crowd is a gateway for many events: it counts them by what is written in them,
// and fails at each request that has a bad one.
type crowd struct {
	fail func(*http.Request) (*http.Response, error)
	// flaps says of a request whether it fails whatever is in it.
	flaps func() bool

	mu       sync.Mutex
	stored   map[string]int // by id
	requests int
}

// bodyKey is where fail finds the body of the request.
type bodyKey struct{}

func (c *crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	c.requests++
	flaps := c.flaps != nil && c.flaps()
	c.mu.Unlock()
	time.Sleep(10 * time.Millisecond)
	if flaps || bytes.Contains(body, []byte(`"bad":true`)) {
		return c.fail(r.WithContext(context.WithValue(r.Context(), bodyKey{}, body)))
	}
	lines := strings.Split(string(body), "\n")
	lines = lines[1 : len(lines)-1]
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range lines {
		c.stored[line[len(`{"id":"`):len(`{"id":"`)+36]]++
	}
	return answered(200, fmt.Sprintf(`{"acceptedCount":%d,"results":[%s]}`, len(lines),
		strings.TrimSuffix(strings.Repeat(`{"status":"accepted"},`, len(lines)), ","))), nil
}

func answered(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func answersAlways(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answered(status, body), nil }
}

var (
	resets = func(*http.Request) (*http.Response, error) { return nil, errors.New("connection reset by peer") }
	silent = func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	long = flag.Bool("long", false, "run the tests of isolation for hours of their clock")
)

// A few events at which the gateway always fails cost themselves and nothing else,
// whatever the failure looks like.
func TestAFewBadEventsCostThemselves(t *testing.T) {
	span := 10 * time.Minute
	switch {
	case *long:
		span = 2 * time.Hour
	case causality.RaceEnabled:
		span = 4 * time.Minute // it takes ten times as long
	}
	for _, tt := range []struct {
		name     string
		perMille int
		fail     func(*http.Request) (*http.Response, error)
	}{
		{"400", 20, answersAlways(400, "events.custom_event.event_name: value is required")},
		{"403", 20, answersAlways(403, "barred")},
		{"404", 20, answersAlways(404, "")},
		{"500", 20, answersAlways(500, "boom")},
		{"502", 20, answersAlways(502, "")},
		{"408", 20, answersAlways(408, "")},
		{"a broken connection", 20, resets},
		{"an answer that cannot be read", 20, answersAlways(200, "<html>")},
		{"204", 20, answersAlways(204, "")},
		{"no answer", 1, silent},
		{"503 with Retry-After", 1, func(*http.Request) (*http.Response, error) {
			resp := answered(503, "later")
			resp.Header.Set("Retry-After", "5")
			return resp, nil
		}},
	} {
		for _, burst := range []int{1, 50} {
			t.Run(fmt.Sprintf("%s, %d at a time", tt.name, burst), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					g := &crowd{fail: tt.fail, stored: map[string]int{}}
					client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = 30 * time.Second })
					rnd := rand.New(rand.NewPCG(1, uint64(burst)))
					good, bad, left := 0, 0, 0
					for range int(span / (50 * time.Millisecond)) {
						if left == 0 && rnd.IntN(1000*burst) < tt.perMille {
							left = burst
						}
						isBad := left > 0
						if isBad {
							left--
							bad++
						} else {
							good++
						}
						client.Track(causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Bool("bad", isBad)}})
						time.Sleep(50 * time.Millisecond)
					}
					before := balanced(t, client)
					if err := client.Close(); err != nil && !errors.Is(err, causality.ErrUndelivered) {
						t.Error(err)
					}
					s := balanced(t, client)
					share := float64(len(g.stored)) / float64(good) * 100
					healthy := float64(good+bad) / 50
					t.Logf("%.2f %% of %d good events stored, %.1f times the requests, %d of %d bad ones rejected, %d queued before Close, paused %v",
						share, good, float64(g.requests)/healthy, s.Dropped.Rejected, bad, before.Queued, before.Paused)
					if share < 99.5 {
						t.Errorf("%.2f %% of the good events are stored", share)
					}
					if ratio := float64(g.requests) / healthy; ratio > 25 {
						t.Errorf("%.1f times as many requests as without bad events", ratio)
					}
					if int(s.Dropped.Rejected) > bad {
						t.Errorf("%d events rejected, %d were bad", s.Dropped.Rejected, bad)
					}
				})
			})
		}
	}
}

// Bad events that fill several requests in a row look like an outage. The next events
// show that it is none.
func TestABurstOfBadEventsIsNoLongOutage(t *testing.T) {
	for name, fail := range map[string]func(*http.Request) (*http.Response, error){
		"400": answersAlways(400, "events.custom_event.event_name: value is required"),
		"403": answersAlways(403, "barred"),
		"500": answersAlways(500, "boom"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const perSecond, burst = 100, 100
				g := &crowd{fail: fail, stored: map[string]int{}}
				client := newClient(t, g)
				rnd := rand.New(rand.NewPCG(1, 1))
				good, left, longest := int64(0), 0, int64(0)
				for range 600 * perSecond {
					if left == 0 && rnd.IntN(50*burst) == 0 {
						left = burst
					}
					isBad := left > 0
					if isBad {
						left--
					} else {
						good++
					}
					client.Track(causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Bool("bad", isBad)}})
					time.Sleep(time.Second / perSecond)
					longest = max(longest, good-client.Stats().Delivered)
				}
				t.Logf("at most %d good events wait", longest)
				if longest > 25*perSecond {
					t.Errorf("%d good events wait", longest)
				}
				balanced(t, client)
			})
		})
	}
}

// What fails by turns, whatever is in it, must not condemn an event.
func TestAReplicaThatRefusesEverythingCondemnsNoEvent(t *testing.T) {
	for name, fail := range map[string]func(*http.Request) (*http.Response, error){
		"400":       answersAlways(400, "unknown field"),
		"named 400": answersAlways(400, `{"error":"proto: (line 2:20): unknown field \"id\""}`),
		"403":       answersAlways(403, "no"),
		"500":       answersAlways(500, "boom"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(1, 1))
				g := &crowd{fail: fail, stored: map[string]int{}, flaps: func() bool { return rnd.IntN(3) == 0 }}
				client := newClient(t, g, func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
				events := 20_000
				if causality.RaceEnabled {
					events /= 10
				}
				for range events {
					client.Track(causality.Event{EventType: "e"})
					time.Sleep(20 * time.Millisecond)
				}
				_ = client.Flush()
				time.Sleep(10 * time.Minute)
				s := balanced(t, client)
				t.Logf("%d requests; %+v", g.requests, s)
				if len(g.stored) != events || s.Dropped.Rejected != 0 {
					t.Errorf("%d of %d events stored, %d rejected, %d queued", len(g.stored), events, s.Dropped.Rejected, s.Queued)
				}
			})
		})
	}
}

// Events that the gateway never answers to are tried alone for minutes, each time for
// all of Timeout. Good events that were in a request with one go before them, and so do
// the events that it answers at once, good or bad.
func TestTriesOfBadEventsDoNotHoldUpOthers(t *testing.T) {
	for _, areBarred := range []bool{false, true} {
		t.Run(fmt.Sprintf("with others that are barred %v", areBarred), func(t *testing.T) { triesDoNotHoldUp(t, areBarred) })
	}
}

func triesDoNotHoldUp(t *testing.T, areBarred bool) {
	synctest.Test(t, func(t *testing.T) {
		g := &crowd{stored: map[string]int{}}
		g.fail = func(r *http.Request) (*http.Response, error) {
			if body, _ := r.Context().Value(bodyKey{}).([]byte); bytes.Contains(body, []byte(`"silent":true`)) {
				return silent(r)
			}
			return answered(403, "barred"), nil
		}
		client := newClient(t, g, batchSize(10), func(cfg *causality.Config) { cfg.Timeout = 2 * time.Second })
		good, barred, longest := 0, 0, 0
		for n := range 30_000 {
			isSilent, isBarred := n%300 == 150, areBarred && n%100 == 30
			switch {
			case isBarred:
				barred++
			case !isSilent:
				good++
			}
			client.Track(causality.Event{EventType: "e", Attrs: []slog.Attr{slog.Bool("bad", isSilent || isBarred), slog.Bool("silent", isSilent)}})
			time.Sleep(20 * time.Millisecond)
			longest = max(longest, good-int(client.Stats().Delivered))
		}
		s := balanced(t, client)
		if longest > 60 { // those of a second
			t.Errorf("%d good events wait, %+v", longest, s)
		}
		// Those of the last minutes may wait.
		if int(s.Dropped.Rejected) < barred/2 {
			t.Errorf("%d of %d events that are barred are rejected, %+v", s.Dropped.Rejected, barred, s)
		}
	})
}

// Of a batch that has an event which the gateway never answers to, the others are
// stored after some Timeouts, and not after one for each time that it can be halved.
func TestTheSearchForAnEventThatGetsNoAnswerTakesFewTimeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		isBad := is(500)
		g := newGateway(t)
		g.then(func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			if g.read(r, got); slices.ContainsFunc(got.events, isBad) {
				return hangs(g, r, got)
			}
			return accept(g, r, got)
		})
		client := newClient(t, g, batchSize(1000), func(cfg *causality.Config) { cfg.FlushInterval = time.Second })
		track(client, 0, 1000)
		start := time.Now()
		areStored := func() bool {
			numbers := g.numbers()
			slices.Sort(numbers)
			return len(numbers) > 998 && numbers[998] == 999
		}
		for n := 1000; !areStored() && time.Since(start) < 5*time.Minute; n++ {
			track(client, n, n+1) // what is stored meanwhile
			time.Sleep(500 * time.Millisecond)
		}
		took := time.Since(start)
		t.Logf("%v, %d requests", took, g.count())
		if took > 6*10*time.Second {
			t.Errorf("the others are stored after %v", took)
		}
	})
}

// Where what the gateway names turns out to be good, it is searched for like the
// others: else each request would lose one event to the next, for every bad event.
func TestAGatewayThatNamesTheWrongLineIsNotBelieved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const events, every = 6000, 50
		isBad := func(e event) bool { return e.n()%every == 7 }
		g := newGateway(t)
		g.then(after(10*time.Millisecond, func(g *gateway, r *http.Request, got *arrival) (*http.Response, error) {
			g.read(r, got)
			at := slices.IndexFunc(got.events, isBad)
			if at < 0 {
				return accept(g, r, got)
			}
			return answers(400, fmt.Sprintf(`{"error":"proto: (line %d:20): unknown field"}`, (at+1)%len(got.events)+2))(g, r, got)
		}))
		client := newClient(t, g)
		for n := range events {
			track(client, n, n+1)
			time.Sleep(50 * time.Millisecond)
		}
		_ = client.Close()
		s := balanced(t, client)
		if n := len(g.numbers()); n < events-events/every-1 || g.count() > 25*events/50 {
			t.Errorf("%d good events stored in %d requests, %+v", n, g.count(), s)
		}
	})
}

// A bad event after which nothing else is tracked is asked about once a minute.
func TestABadEventThatIsTheOnlyTrafficIsAskedAboutSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(refuses(false, is(613)))
		client := newClient(t, g, batchSize(1000))
		track(client, 0, 1000)
		time.Sleep(30 * time.Minute)
		if s := balanced(t, client); s.Delivered != 999 || s.Queued != 1 || s.Paused || g.count() > 70 {
			t.Errorf("%d requests, %+v", g.count(), s)
		}
	})
}
