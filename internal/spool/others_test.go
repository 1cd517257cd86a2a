package spool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

func TestPartsOfOthersAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 10, 0)
	leave(t, dir, 10, 0)
	for _, name := range []string{"lost+found", "test-note.txt", "test-1234"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, func(o *spool.Options) { o.Label = "flat" })
	s.append(10, 11)
	s.Scan()
	wantNumbers(t, s.read(1).numbers, 10, 11)
	s.drain()
	waitFor(t, "a report", func() bool { return len(s.reports()) > 0 })
	s.Scan()
	s.Settle([]spool.Ref{0, 1 << 60})
	s.Close()
	if n := len(files(t, dir, ".events")); n != 3 {
		t.Errorf("%d files, want 3: its own and those of the other label", n)
	}
	if errs := s.reports(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "format test") {
		t.Errorf("reported: %v", errs)
	}
}

func TestAPartOfAnotherLabelThatLivesIsNotReported(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	s := open(t, dir, func(o *spool.Options) { o.Label = "flat" })
	s.append(0, 1)
	s.Scan()
	s.drain()
	time.Sleep(20 * time.Millisecond)
	if errs := s.reports(); len(errs) != 0 {
		t.Error(errs)
	}
}

func TestForeignDirectoriesTakeNothingOfTheBound(t *testing.T) {
	dir := t.TempDir()
	foreign := filepath.Join(dir, "database")
	if err := os.Mkdir(foreign, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(foreign, "file"), filepath.Join(dir, "file")} {
		if err := os.WriteFile(path, make([]byte, 3*mib), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, dir, func(o *spool.Options) { o.MaxBytes = mib })
	s.Scan()
	s.append(0, 1)
	s.read(1)
	s.drain()
	time.Sleep(20 * time.Millisecond) // for the look
	s.append(1, 2)
}

// A service that was started again and again leaves a part each time.
func TestManyPartsAreTakenOverAFewAtATime(t *testing.T) {
	dir := t.TempDir()
	const parts = 1000
	for n := range parts {
		s, err := spool.Open(spool.Options{Dir: dir, Label: "test", MaxBytes: 64 * mib})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Append([][]byte{event(n)}, true); err != nil {
			t.Fatal(err)
		}
		s.Close()
	}
	first, second := open(t, dir), open(t, dir)
	one, other := first.read(64), second.read(64) // the first does not hold them all
	first.Settle(one.refs)
	second.Settle(other.refs)
	seen := make(map[int]bool)
	for _, n := range append(one.numbers, other.numbers...) {
		seen[n] = true
	}
	for len(seen) < parts {
		g := first.read(1)
		first.Settle(g.refs)
		for _, n := range g.numbers {
			if seen[n] {
				t.Fatalf("event %d comes twice", n)
			}
			seen[n] = true
		}
	}
}

func TestAPartWithoutALock(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, part string)
		isLeft bool
	}{
		{"of a process that has just begun", func(*testing.T, string) {}, true},
		{"that is old", func(t *testing.T, part string) { setTime(t, part, -2*time.Minute) }, false},
		{"and the clock went back", func(t *testing.T, part string) { setTime(t, part, time.Hour) }, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			events := leave(t, dir, 3, 0)
			part := filepath.Dir(events[0])
			if err := os.Remove(filepath.Join(part, "lock")); err != nil {
				t.Fatal(err)
			}
			test.change(t, part)
			s := open(t, dir)
			if !test.isLeft {
				wantNumbers(t, s.read(3).numbers, 0, 3)
				return
			}
			s.drain()
			time.Sleep(20 * time.Millisecond)
			if _, err := os.Stat(filepath.Join(part, "lock")); err == nil {
				t.Error("it was taken over")
			}
		})
	}
	t.Run("and nothing else", func(t *testing.T) {
		dir := t.TempDir()
		part := filepath.Join(dir, fmt.Sprintf("test-%013d-%016x", time.Now().UnixMilli(), 1))
		if err := os.Mkdir(part, 0o700); err != nil {
			t.Fatal(err)
		}
		s := open(t, dir)
		s.drain()
		waitFor(t, "its directory to go", func() bool { _, err := os.Stat(part); return err != nil })
	})
}

// setTime says that a part was last changed so long from now.
func setTime(t *testing.T, part string, from time.Duration) {
	t.Helper()
	at := time.Now().Add(from)
	if err := os.Chtimes(part, at, at); err != nil {
		t.Fatal(err)
	}
}
