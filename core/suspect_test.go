//go:build go1.25

package causality_test

import (
	"testing"
	"testing/synctest"
	"time"
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
func TestAnOutageThatBeginsWhileABadEventIsSearchedForIsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGateway(t)
		g.then(after(10*time.Millisecond, refuses(false, is(7))))
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
		g.then(after(10*time.Millisecond, refuses(false, is(7))))
		time.Sleep(2 * time.Minute)
		_ = client.Flush()
		wantStored(t, g, without(0, 1000, 7))
		others100(client)
		others100(client)
		if s := balanced(t, client); s.Dropped.Rejected != 1 || s.Queued != 0 {
			t.Errorf("%+v", s)
		}
	})
}
