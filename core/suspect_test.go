//go:build go1.25

package causality_test

import (
	"regexp"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestABadEventThatIsLeftAloneIsAskedAboutOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(refuses(false, is(7)))
		client := newClient(t, g)
		track(client, 0, 40)
		_ = client.Flush()
		before := g.count()
		time.Sleep(time.Hour)
		s := balanced(t, client)
		if n := g.count() - before; n < 55 || n > 75 || s.Queued != 1 || s.Paused {
			t.Errorf("%d requests in an hour, %+v", n, s)
		}
		track(client, 40, 50)
		time.Sleep(25 * time.Hour) // more than FlushInterval
		wantStored(t, g, without(0, 50, 7))
	})
}

// Nothing but the events of a bad batch is sent, and each of them fails.
// There are two bad events: a probe may find one by chance, and then the others are
// stored at once.
func TestAnOutageThatBeginsWhileABadEventIsSearchedForIsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(10*time.Millisecond, refuses(false, is(7, 501))))
		client := newClient(t, g, batchSize(1000))
		track(client, 0, 1000)
		for len(g.numbers()) == 0 {
			time.Sleep(time.Millisecond)
		}
		g.then(after(10*time.Millisecond, answers(503, "down")))
		before := g.count()
		time.Sleep(time.Hour)
		if s := balanced(t, client); g.count()-before > 600 || !s.Paused || s.Dropped.Total() != 0 {
			t.Errorf("%d requests in an hour, %+v", g.count()-before, s)
		}
		g.then(after(10*time.Millisecond, refuses(false, is(7, 501))))
		time.Sleep(2 * time.Minute)
		_ = client.Flush()
		wantStored(t, g, without(0, 1000, 7, 501))
		others100(client)
		others100(client)
		if s := balanced(t, client); s.Dropped.Rejected != 2 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// A gateway that names no event goes down in the midst of a search, and what answers
// in its place names the first event of everything.
func TestAnOutageInASearchCondemnsNoEvent(t *testing.T) {
	const named = `{"error":"proto: (line 2:20): unknown field \"id\""}`
	for name, closes := range map[string]bool{"the client stays open": false, "the client is closed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateway(t)
				client := newClient(t, g, batchSize(1000))
				g.then(after(10*time.Millisecond, refuses(true, is(1))))
				track(client, 0, 1000)
				_ = client.Flush() // what the gateway names is believed from now on
				g.then(after(10*time.Millisecond, refuses(false, is(1500))))
				stored := len(g.numbers())
				track(client, 1000, 2000)
				for len(g.numbers()) == stored {
					time.Sleep(time.Millisecond)
				}
				g.then(after(10*time.Millisecond, answers(400, named)))
				if closes {
					_ = client.Close()
				}
				time.Sleep(time.Hour)
				if s := balanced(t, client); s.Dropped.Rejected > 2 || !closes && s.Dropped.Rejected != 1 {
					t.Errorf("%+v", s)
				}
			})
		})
	}
}

// What was named during an outage is no bad event, however many are named afterwards.
func TestAnOutageThatNamesEventsCondemnsNone(t *testing.T) {
	for range 3 { // which events are probes is random
		synctest.Test(t, func(t *testing.T) {
			g := newGateway(t)
			g.then(after(10*time.Millisecond, answers(400, `{"error":"proto: (line 2:20): unknown field \"id\""}`)))
			number, rejected := regexp.MustCompile(`"n":"?(\d+)`), 0
			client := newClient(t, g, func(cfg *causality.Config) {
				cfg.OnDrop = func(e causality.DroppedEvent) {
					if n, err := strconv.Atoi(string(number.FindSubmatch(e.JSON)[1])); err != nil || e.Reason == causality.DropRejected && n%2 == 1 {
						rejected++
					}
				}
			})
			const events = 1000
			track(client, 0, 400)
			time.Sleep(30 * time.Minute)
			isBad := func(e event) bool { return e.n()%2 == 0 }
			g.then(after(10*time.Millisecond, refuses(true, isBad)))
			for n := 400; n < events; n++ {
				track(client, n, n+1)
				time.Sleep(3 * time.Second)
			}
			_ = client.Close()
			synctest.Wait()
			if s := balanced(t, client); rejected > 0 || len(g.numbers()) < 400 {
				t.Errorf("%d of %d good events stored, %d rejected, %+v", len(g.numbers()), events/2, rejected, s)
			}
		})
	}
}
