package spool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

const mib = 1 << 20

// harness is a spool with somebody who reads it.
type harness struct {
	*spool.Spool
	t    testing.TB
	mu   sync.Mutex
	errs []error
}

func open(t testing.TB, dir string, change ...func(*spool.Options)) *harness {
	t.Helper()
	h := &harness{t: t}
	opts := spool.Options{Dir: dir, Label: "test", MaxBytes: 64 * mib, Report: func(err error) {
		h.mu.Lock()
		h.errs = append(h.errs, err)
		h.mu.Unlock()
	}}
	for _, f := range change {
		f(&opts)
	}
	s, err := spool.Open(opts)
	if err != nil {
		t.Fatal(err)
	}
	h.Spool = s
	t.Cleanup(func() { s.Close() })
	return h
}

func (h *harness) reports() []error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]error(nil), h.errs...)
}

// append appends events "from" to "to", and leaves them to the disk.
func (h *harness) append(from, to int) (first spool.Ref) {
	h.t.Helper()
	for i := from; i < to; i++ {
		ref, _, err := h.Append([][]byte{event(i)}, false)
		if err != nil {
			h.t.Fatal(err)
		}
		if i == from {
			first = ref
		}
	}
	return first
}

func event(i int) []byte { return fmt.Appendf(nil, `{"n":%d,"pad":%q}`, i, strings.Repeat("x", i%700)) }

func number(t testing.TB, event []byte) (n int) {
	t.Helper()
	if _, err := fmt.Sscanf(string(event), `{"n":%d`, &n); err != nil {
		t.Fatalf("%q is no event: %v", event, err)
	}
	return n
}

// got is what was read.
type got struct {
	numbers   []int
	refs      []spool.Ref
	recovered int
	lost      int
}

// read reads until there are n events, read or lost.
func (h *harness) read(n int) (g got) {
	h.t.Helper()
	timer := time.AfterFunc(20*time.Second, func() { panic(h.t.Name() + ": nothing more to read") })
	defer timer.Stop()
	var c spool.Chunk
	for len(g.numbers)+g.lost < n && h.Next(&c) {
		for _, e := range c.Events {
			g.numbers = append(g.numbers, number(h.t, e))
		}
		g.refs = append(g.refs, c.Refs...)
		g.lost += c.Lost
		if c.Recovered {
			g.recovered += len(c.Events)
		}
	}
	return g
}

// drain reads whatever comes, until the spool is closed, and settles nothing.
func (h *harness) drain() {
	go func() {
		for c := (spool.Chunk{}); h.Next(&c); {
		}
	}()
}

func wantNumbers(t testing.TB, got []int, from, to int) {
	t.Helper()
	if len(got) != to-from {
		t.Fatalf("%d events, want %d", len(got), to-from)
	}
	for i, n := range got {
		if n != from+i {
			t.Fatalf("event %d is %d, want %d", i, n, from+i)
		}
	}
}

func files(t testing.TB, dir, suffix string) (paths []string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, suffix) {
			paths = append(paths, path)
		}
		return nil
	})
	return paths
}

func TestEventsComeBackInOrder(t *testing.T) {
	s := open(t, t.TempDir())
	s.append(0, 5000)
	g := s.read(5000)
	wantNumbers(t, g.numbers, 0, 5000)
	if g.recovered != 0 || g.lost != 0 {
		t.Fatalf("%d recovered, %d lost", g.recovered, g.lost)
	}
}

func TestAnEventIsPassedOnWhereNothingOlderWaits(t *testing.T) {
	s := open(t, t.TempDir())
	if _, passed, err := s.Append([][]byte{event(0)}, true); err != nil || !passed {
		t.Fatal(passed, err)
	}
	s.append(1, 2)
	if _, passed, err := s.Append([][]byte{event(2)}, true); err != nil || passed {
		t.Fatal("an event went before one that is only on disk", err)
	}
	wantNumbers(t, s.read(2).numbers, 1, 3)
}

func TestTheNextProcessGetsWhatIsNotSettled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.append(0, 3000)
	g := s.read(3000)
	s.Settle(g.refs[:1000])
	s.Close()

	s = open(t, dir)
	g = s.read(2000)
	wantNumbers(t, g.numbers, 1000, 3000)
	if g.recovered != 2000 {
		t.Fatalf("%d recovered", g.recovered)
	}
	s.Settle(g.refs)
	s.Close()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 0 {
		t.Fatalf("left in the directory: %v %v", entries, err)
	}
}

func waitFor(t testing.TB, what string, isSo func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !isSo(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("no end of waiting for %s", what)
		}
	}
}
