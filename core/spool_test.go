package causality_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func inDir(dir string) func(*causality.Config) {
	return func(cfg *causality.Config) {
		cfg.Spool.Dir = dir
		cfg.CloseTimeout = 100 * time.Millisecond
	}
}

// lines is a log whose text may be read while it is written.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(words string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), words)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func logTo(l *lines) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.Logger = slog.New(slog.NewTextHandler(l, nil)) }
}

// smallSpool makes the spool begin a file every 64 KiB.
func smallSpool(cfg *causality.Config) { cfg.Spool.MaxBytes = 1 << 20 }

func eventually(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no end of waiting for %s", what)
		}
	}
}

func TestTheNextClientSendsWhatTheSpoolHolds(t *testing.T) {
	dir, down := t.TempDir(), newGateway(t, hangs)
	down.then(unreachable)
	var log bytes.Buffer
	first := newClient(t, down, inDir(dir), func(cfg *causality.Config) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	track(first, 0, 300)
	if err := first.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	if s := balanced(t, first); s.Queued != 300 || s.Dropped.Total() != 0 {
		t.Errorf("%+v", s)
	}
	if !strings.Contains(log.String(), "wait in the spool") || !strings.Contains(log.String(), "count=300") {
		t.Errorf("Close does not say what waits: %s", log.String())
	}

	up := newGateway(t)
	second := newClient(t, up, inDir(dir), maxInFlight(1))
	track(second, 300, 310)
	eventually(t, "the events of the first client", func() bool { return second.Stats().Recovered == 300 })
	flush(t, second)
	eventually(t, "all events", func() bool { _ = second.Flush(); return len(up.events()) == 310 })
	recovered := slices.DeleteFunc(up.numbers(), func(n int) bool { return n >= 300 })
	if !slices.Equal(recovered, numbered(0, 300)) {
		t.Errorf("not in the order of Track: %v", recovered)
	}
	if s := balanced(t, second); s.Delivered != 310 || s.Tracked != 10 {
		t.Errorf("%+v", s)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); len(left) > 0 {
		t.Errorf("left in the directory: %v", left)
	}
	// What may have been in flight has new keys, and the ids that it had.
	sent := map[string]string{}
	for _, r := range down.got() {
		for _, e := range r.events {
			sent[e.ID] = e.Key
		}
	}
	for _, e := range up.events() {
		if key, ok := sent[e.ID]; ok && key == e.Key {
			t.Errorf("event %d kept its key", e.n())
		}
		delete(sent, e.ID)
	}
	if len(sent) > 0 {
		t.Errorf("%d ids changed", len(sent))
	}
}

func TestReuseKeysHoldsForASpoolToo(t *testing.T) {
	dir := t.TempDir()
	reuse := func(cfg *causality.Config) { cfg.ReuseKeys = true }
	down := newGateway(t)
	down.then(breaks(true))
	first := newClient(t, down, inDir(dir), reuse)
	track(first, 0, 50)
	eventually(t, "a request", func() bool { return down.count() > 0 })
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	up := newGateway(t)
	second := newClient(t, up, inDir(dir), reuse)
	eventually(t, "all events", func() bool { _ = second.Flush(); return len(up.events()) == 50 })
	want := map[string]bool{}
	for _, e := range down.got()[0].events {
		want[e.Key] = true
	}
	for _, e := range up.events() {
		if !want[e.Key] {
			t.Errorf("event %d has a new key", e.n())
		}
	}
}

func TestAnOutageMayBeLongerThanMemory(t *testing.T) {
	g := newGateway(t)
	g.then(unreachable)
	client := newClient(t, g, inDir(t.TempDir()), func(cfg *causality.Config) {
		cfg.MaxQueueBytes, cfg.CloseTimeout = 1<<20, 20*time.Second
	})
	const n = 10_000
	for i := 0; i < n; i += 100 {
		track(client, i, i+100)
		for s := client.Stats(); s.QueuedBytes > 3<<18; s = client.Stats() {
			if balanced(t, client); s.Dropped.Total() > 0 {
				t.Fatalf("%+v", s)
			}
			time.Sleep(time.Millisecond) // the disk is slower than a loop
		}
	}
	s := balanced(t, client)
	if s.Queued != n || s.SpooledBytes < n*300 || s.QueuedBytes > 1<<20 {
		t.Fatalf("%+v", s)
	}
	g.then(accept)
	eventually(t, "Flush", func() bool { return client.Flush() == nil })
	if got := g.numbers(); len(got) != n {
		t.Fatalf("%d events arrived", len(got))
	}
	if s := balanced(t, client); s.Delivered != n || s.Queued != 0 {
		t.Errorf("%+v", s)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFullSpoolDropsTheNewest(t *testing.T) {
	g := newGateway(t)
	g.then(unreachable)
	client := newClient(t, g, inDir(t.TempDir()), maxInFlight(1), func(cfg *causality.Config) { cfg.Spool.MaxBytes = 1 << 20 })
	n := 0
	eventually(t, "the spool to be full", func() bool {
		track(client, n, n+20)
		n += 20
		return client.Stats().Dropped.QueueFull > 0
	})
	s := balanced(t, client)
	if s.SpooledBytes > 1<<20 || s.SpooledBytes < 900<<10 {
		t.Errorf("%+v", s)
	}
	g.then(accept)
	kept := int(s.Queued)
	eventually(t, "Flush", func() bool { return client.Flush() == nil })
	if got := g.numbers(); !slices.Equal(got[:100], numbered(0, 100)) || len(got) < kept {
		t.Errorf("of %d kept, %d arrived", kept, len(got))
	}
	before := client.Stats().Dropped.QueueFull
	track(client, n, n+1)
	flush(t, client)
	if s := balanced(t, client); s.Dropped.QueueFull != before {
		t.Errorf("it stayed full: %+v", s)
	}
}

func TestFlushAndSendWithASpool(t *testing.T) {
	g := newGateway(t)
	client := newClient(t, g, inDir(t.TempDir()))
	track(client, 0, 7)
	flush(t, client)
	if got := len(g.events()); got != 7 {
		t.Errorf("Flush returned with %d events sent", got)
	}
	begin := time.Now()
	if err := client.Send(context.Background(), causality.Event{EventType: "numbered", Attrs: []slog.Attr{slog.Int("n", 7)}}); err != nil {
		t.Error(err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Send took %v", took)
	}
	g.then(unreachable)
	errs := make(chan error)
	go func() { errs <- client.Send(context.Background(), causality.Event{EventType: "numbered"}) }()
	eventually(t, "the event of Send", func() bool { return client.Stats().Queued == 1 })
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if err := <-errs; !errors.Is(err, causality.ErrUndelivered) {
		t.Errorf("Send of an event that waits on disk: %v", err)
	}
}

func TestNewSaysWhatIsWrongWithASpool(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config(newGateway(t))
	cfg.Spool.Dir = file
	if _, err := causality.New(cfg); err == nil || !strings.Contains(err.Error(), "Spool.Dir") || !strings.Contains(err.Error(), file) {
		t.Errorf("a file as the directory: %v", err)
	}
	cfg.Spool = causality.Spool{Dir: t.TempDir(), MaxBytes: 100, SyncInterval: 5}
	if _, err := causality.New(cfg); err == nil || !strings.Contains(err.Error(), "Spool.MaxBytes") || !strings.Contains(err.Error(), "Spool.SyncInterval") {
		t.Errorf("numbers without a unit: %v", err)
	}
	cfg.Disabled, cfg.Spool = true, causality.Spool{Dir: file}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatalf("a disabled client needs no directory: %v", err)
	}
	client.Close()
}

func TestASpoolHoldsEventsAndNoKey(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	client := newClient(t, g, inDir(dir))
	track(client, 0, 10)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	found := false
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		content, _ := os.ReadFile(path)
		found = found || bytes.Contains(content, []byte("numbered"))
		if bytes.Contains(content, []byte(testKey)) {
			t.Errorf("%s holds the API key", path)
		}
		return nil
	})
	if !found {
		t.Error("no file holds the events")
	}
}

func TestADamagedSpoolIsCounted(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	first := newClient(t, g, inDir(dir))
	track(first, 0, 100)
	first.Close()
	files, _ := filepath.Glob(filepath.Join(dir, "*", "*.events"))
	content, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(files[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	g.then(accept)
	second := newClient(t, g, inDir(dir))
	eventually(t, "the rest", func() bool { _ = second.Flush(); return len(g.events()) == 99 })
	if s := balanced(t, second); s.Recovered != 100 || s.Dropped.Damaged != 1 || s.Delivered != 99 {
		t.Errorf("%+v", s)
	}
}

func TestCloseWithoutTimeLeavesAllOnDisk(t *testing.T) {
	dir, g := t.TempDir(), newGateway(t)
	g.then(unreachable)
	expired, cancel := context.WithCancel(context.Background())
	cancel()
	n := 0
	for _, events := range []int{10, 10, 10, 10, 10, 2000} {
		client := newClient(t, g, inDir(dir))
		track(client, n, n+events)
		n += events
		if err := client.Shutdown(expired); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
		if s := balanced(t, client); s.Queued < int64(events) || s.Dropped.Total() != 0 {
			t.Errorf("%+v", s)
		}
	}
	g.then(accept)
	next := newClient(t, g, inDir(dir))
	eventually(t, "all events", func() bool { _ = next.Flush(); return next.Stats().Delivered >= int64(n) })
	if s := balanced(t, next); s.Recovered != int64(n) || s.Delivered != int64(n) {
		t.Errorf("%+v", s)
	}
}
