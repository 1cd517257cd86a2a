//go:build go1.25

package causality_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What memory has of a directory that somebody removes is sent, what the disk alone
// had is counted, and events are kept in a new one.
func TestADirectoryThatSomebodyRemoves(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "events")
	synctest.Test(t, func(t *testing.T) {
		g, log := newGateway(t), new(lines)
		client := newClient(t, g, inDir(dir), smallSpool, logTo(log), maxInFlight(1))
		track(client, 0, 100)
		time.Sleep(time.Second)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		track(client, 100, 200)
		time.Sleep(time.Minute)
		flush(t, client)
		track(client, 200, 300)
		time.Sleep(time.Second)
		flush(t, client)
		if s := balanced(t, client); s.Delivered != 300 || s.Dropped.Total() != 0 {
			t.Errorf("%+v", s)
		}
		if log.count("somebody removed") != 1 {
			t.Error(log)
		}
		g.then(unreachable)
		track(client, 300, 310)
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		g.then(accept)
		next := newClient(t, g, inDir(dir), maxInFlight(1))
		time.Sleep(time.Second)
		flush(t, next)
		if got := g.numbers(); len(got) != 310 || !slices.Equal(got[300:], numbered(300, 310)) {
			t.Errorf("%d events arrived", len(got))
		}
		if err := next.Close(); err != nil {
			t.Error(err)
		}
	})
}
