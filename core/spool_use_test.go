package causality_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestASendWaitsForAnEventThatTheDiskAloneHas(t *testing.T) {
	g := newGateway(t)
	g.then(unreachable)
	client := newClient(t, g, inDir(t.TempDir()), func(cfg *causality.Config) { cfg.MaxQueueBytes = 1 << 20 })
	n := 0
	for ; client.Stats().SpooledBytes < 3<<20; n += 100 {
		track(client, n, n+100)
		time.Sleep(time.Millisecond)
	}
	errs := make(chan error)
	queued := client.Stats().Queued
	go func() {
		errs <- client.Send(context.Background(), causality.Event{EventType: "numbered", Attrs: []slog.Attr{slog.Int("n", -1)}})
	}()
	eventually(t, "the event of Send", func() bool { return client.Stats().Queued > queued })
	select {
	case err := <-errs:
		t.Fatalf("Send returned before anything was sent: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	g.then(accept)
	eventually(t, "Flush", func() bool { return client.Flush() == nil })
	if err := <-errs; err != nil {
		t.Error(err)
	}
	if !slices.Contains(g.numbers(), -1) {
		t.Error("Send returned, and its event is not stored")
	}
	if s := balanced(t, client); s.Delivered != int64(n)+1-s.Dropped.QueueFull {
		t.Errorf("%+v", s)
	}
}

func TestRecoveredEventsThatAreRejectedDoNotComeBack(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	first := newClient(t, g, inDir(dir))
	track(first, 0, 100)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	g.then(rejects("app_id is required", func(e event) bool { return e.n() == 7 }))
	var dropped []causality.DroppedEvent
	second := newClient(t, g, inDir(dir), func(cfg *causality.Config) {
		cfg.OnDrop = func(e causality.DroppedEvent) { dropped = append(dropped, e) }
	})
	eventually(t, "all to be settled", func() bool {
		_ = second.Flush()
		s := second.Stats()
		return s.Recovered == 100 && s.Queued == 0
	})
	if s := balanced(t, second); s.Delivered != 99 || s.Dropped.Rejected != 1 {
		t.Errorf("%+v", s)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if len(dropped) != 1 || !strings.Contains(string(dropped[0].JSON), `"n":7`) {
		t.Errorf("OnDrop was given %v", dropped)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left in the directory: %v", left)
	}
}

func TestADirectoryOfAnyName(t *testing.T) {
	base := t.TempDir()
	t.Chdir(base)
	if err := os.MkdirAll("disk", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("disk", "link"); err != nil {
		t.Skip(err)
	}
	for _, dir := range []string{"relative", "100%s %d", "link", "a\nline", "ünïcode", strings.Repeat("long/", 100)} {
		t.Run(strings.ToValidUTF8(dir[:min(len(dir), 10)], ""), func(t *testing.T) {
			t.Chdir(base)
			g, log := newGateway(t), new(lines)
			g.then(unreachable)
			first := newClient(t, g, inDir(dir), logTo(log))
			t.Chdir(t.TempDir()) // it is the directory of the time of New
			track(first, 0, 10)
			if err := first.Close(); err != nil {
				t.Fatal(err)
			}
			t.Chdir(base)
			g.then(accept)
			second := newClient(t, g, inDir(dir), maxInFlight(1))
			eventually(t, "what the first left", func() bool { _ = second.Flush(); return len(g.events()) == 10 })
			if strings.Contains(log.String(), "%!") || strings.Contains(log.String(), "a\nline") {
				t.Error(log)
			}
		})
	}
}

func TestTwoClientsOfAProcessShareADirectory(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	one, two := newClient(t, g, inDir(dir)), newClient(t, g, inDir(dir))
	track(one, 0, 50)
	track(two, 50, 100)
	if err := one.Close(); err != nil {
		t.Fatal(err)
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	g.then(accept)
	three, four := newClient(t, g, inDir(dir)), newClient(t, g, inDir(dir))
	eventually(t, "all events", func() bool {
		_, _ = three.Flush(), four.Flush()
		return three.Stats().Delivered+four.Stats().Delivered >= 100
	})
	got := g.numbers()
	slices.Sort(got)
	if !slices.Equal(got, numbered(0, 100)) {
		t.Errorf("%d events: %v", len(got), got)
	}
	balanced(t, three)
	balanced(t, four)
}

// What was left may be more than MaxBytes is now.
func TestASpoolThatIsLargerThanMaxBytes(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	first := newClient(t, g, inDir(dir))
	n := 0
	for ; first.Stats().SpooledBytes < 3<<20; n += 100 {
		track(first, n, n+100)
		time.Sleep(time.Millisecond)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := newClient(t, g, inDir(dir), smallSpool)
	eventually(t, "what the first left", func() bool { return second.Stats().Recovered > 0 })
	track(second, n, n+10)
	eventually(t, "the bound", func() bool { track(second, n+10, n+11); return second.Stats().Dropped.QueueFull > 0 })
	g.then(accept)
	eventually(t, "all to be sent", func() bool {
		_ = second.Flush()
		s := second.Stats()
		return s.Recovered == int64(n) && s.Queued == 0
	})
	before := second.Stats().Dropped.QueueFull
	track(second, n, n+10)
	flush(t, second)
	if s := balanced(t, second); s.Dropped.QueueFull != before {
		t.Errorf("it stayed full: %+v", s)
	}
}

func TestABurstThatIsLargerThanTheSpool(t *testing.T) {
	g := newGateway(t)
	client := newClient(t, g, inDir(t.TempDir()), smallSpool)
	const n = 4000
	track(client, 0, n)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := client.FlushContext(ctx); err != nil {
		t.Fatalf("%v: %+v", err, client.Stats())
	}
	before := client.Stats().Dropped.QueueFull
	track(client, n, n+10)
	flush(t, client)
	if s := balanced(t, client); s.Queued != 0 || s.Dropped.QueueFull != before {
		t.Errorf("%+v", s)
	}
}
