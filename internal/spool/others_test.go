package spool_test

import (
	"fmt"
	"os"
	"os/exec"
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
	const parts = 500
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

// Whatever is in a part, the events beside it are read, and the next ones find room.
func TestForeignThingsInAPart(t *testing.T) {
	write := func(name string, bytes int64) func(part string) error {
		return func(part string) error {
			path := filepath.Join(part, name)
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, bytes)
		}
	}
	mkdir := func(name string) func(part string) error {
		return func(part string) error { return os.Mkdir(filepath.Join(part, name), 0o700) }
	}
	link := func(name string) func(part string) error {
		return func(part string) error { return os.Symlink(part, filepath.Join(part, name)) }
	}
	const settled = "0000000000000001.settled"
	for name, change := range map[string]func(part string) error{
		"a file that is as large as a disk":     write("00000000000000ff.events", 1<<33),
		"a file of the last number":             write("ffffffffffffffff.events", 10_000),
		"a directory in place of a file":        mkdir("00000000000000ff.events"),
		"a link in place of a file":             link("00000000000000ff.events"),
		"a large note of what is settled":       write(settled, 1<<33),
		"a directory in place of the note":      mkdir(settled),
		"a link in place of the note":           link(settled),
		"a pipe in place of the note":           func(part string) error { return pipe(filepath.Join(part, settled)) },
		"a link to something else for the lock": func(part string) error { return replaceLock(part) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			events := leave(t, dir, 10, 0)
			if err := change(filepath.Dir(events[0])); err != nil {
				t.Skip(err)
			}
			s := open(t, dir)
			g := s.read(10)
			wantNumbers(t, g.numbers, 0, 10)
			s.Settle(g.refs)
			s.drain()
			waitFor(t, "room", func() bool {
				s.Scan()
				_, _, err := s.Append([][]byte{event(10)}, true)
				return err == nil && s.Bytes() < 100<<10
			})
			for range 3 {
				s.Scan()
				time.Sleep(5 * time.Millisecond)
				s.append(10, 11)
			}
		})
	}
}

func replaceLock(part string) error {
	lock := filepath.Join(part, "lock")
	if err := os.Remove(lock); err != nil {
		return err
	}
	target := filepath.Join(filepath.Dir(part), "target")
	if err := os.WriteFile(target, nil, 0o600); err != nil {
		return err
	}
	return os.Symlink(target, lock)
}

// pipe makes a file that nobody ever writes to.
func pipe(path string) error { return exec.Command("mkfifo", path).Run() }
