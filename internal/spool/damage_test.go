package spool_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

// The layout of a file of events, as format.go has it.
const (
	headerBytes = 16
	recordBytes = 20
)

func small(opts *spool.Options) { opts.MaxBytes = 4 * mib } // segments of 64 KiB

// leave makes the part of a process that died with n events, the first settled of
// them settled, and returns its files of events, oldest first.
func leave(t testing.TB, dir string, n, settled int) []string {
	t.Helper()
	s := open(t, dir, small)
	s.append(0, n)
	if settled > 0 {
		g := s.read(n)
		s.Settle(g.refs[:settled])
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return files(t, dir, ".events")
}

// place is where a record is: in which file, from where to where.
type place struct {
	file     int
	from, to int
}

// places finds the records of the first n events.
func places(t testing.TB, paths []string, n int) (at []place) {
	t.Helper()
	file, offset, size := -1, 0, 0
	for i := range n {
		if offset == size {
			file++
			info, err := os.Stat(paths[file])
			if err != nil {
				t.Fatal(err)
			}
			offset, size = headerBytes, int(info.Size())
		}
		end := offset + recordBytes + len(event(i))
		at = append(at, place{file, offset, end})
		offset = end
	}
	return at
}

func edit(t testing.TB, path string, change func([]byte) []byte) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamageCostsWhatIsDamaged(t *testing.T) {
	const n = 500 // in three files
	flip := func(at func(p place) int) func([]string, []place, *testing.T) []int {
		return func(paths []string, ps []place, t *testing.T) []int {
			edit(t, paths[ps[7].file], func(b []byte) []byte { b[at(ps[7])] ^= 0x10; return b })
			return []int{7}
		}
	}
	from := func(ps []place, file int) (lost []int) {
		for i, p := range ps {
			if p.file == file {
				lost = append(lost, i)
			}
		}
		return lost
	}
	for name, test := range map[string]struct {
		harm    func(paths []string, at []place, t *testing.T) (lost []int)
		counted int // if not all that is lost can be known
		silent  bool
	}{
		"nothing":             {harm: func([]string, []place, *testing.T) []int { return nil }, silent: true},
		"a bit of an event":   {harm: flip(func(p place) int { return p.from + recordBytes + 3 })},
		"a bit of a length":   {harm: flip(func(p place) int { return p.from + 1 })},
		"a bit of a number":   {harm: flip(func(p place) int { return p.from + 5 })},
		"a bit of a checksum": {harm: flip(func(p place) int { return p.from + 13 })},
		"a bit of the file's header": {harm: func(paths []string, _ []place, t *testing.T) []int {
			edit(t, paths[1], func(b []byte) []byte { b[3] ^= 1; return b })
			return nil
		}, silent: true},
		"a block of zeros": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[0], func(b []byte) []byte { clear(b[at[20].from+5 : at[29].to-5]); return b })
			return []int{20, 21, 22, 23, 24, 25, 26, 27, 28, 29}
		}},
		"bytes that were put in": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[1], func(b []byte) []byte { return slices.Insert(b, headerBytes, []byte("not ours")...) })
			return nil
		}, silent: true},
		"the end of a file": {harm: func(paths []string, at []place, t *testing.T) []int {
			lost := from(at, 0)
			lost = lost[len(lost)-3:]
			edit(t, paths[0], func(b []byte) []byte { return b[:at[lost[0]].from+9] })
			return lost
		}},
		"the end of the last file": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[2], func(b []byte) []byte { return b[:at[n-3].from+9] })
			return []int{n - 3, n - 2, n - 1}
		}, counted: 1},
		"zeros at the end of the last file": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[2], func(b []byte) []byte { clear(b[at[n-3].from:]); return b })
			return []int{n - 3, n - 2, n - 1}
		}, counted: 1},
		"a whole file, emptied": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[1], func(b []byte) []byte { return nil })
			return from(at, 1)
		}},
		"a whole file, removed": {harm: func(paths []string, at []place, t *testing.T) []int {
			if err := os.Remove(paths[1]); err != nil {
				t.Fatal(err)
			}
			return from(at, 1)
		}},
		"a whole file, of somebody else": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[1], func(b []byte) []byte { return bytes.Repeat([]byte("lorem ipsum "), 9000) })
			return from(at, 1)
		}},
		"an additional file of somebody else": {harm: func(paths []string, at []place, t *testing.T) []int {
			stranger := filepath.Join(filepath.Dir(paths[0]), "00000000ffffffff.events")
			if err := os.WriteFile(stranger, []byte("lorem ipsum"), 0o600); err != nil {
				t.Fatal(err)
			}
			return nil
		}},
		"garbage behind the records": {harm: func(paths []string, at []place, t *testing.T) []int {
			edit(t, paths[0], func(b []byte) []byte { return append(b, bytes.Repeat([]byte{1}, 100000)...) })
			return nil
		}, silent: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			paths := leave(t, dir, n, 0)
			if len(paths) != 3 {
				t.Fatalf("%d files", len(paths))
			}
			lost := test.harm(paths, places(t, paths, n), t)
			if test.counted == 0 {
				test.counted = len(lost)
			}
			s := open(t, dir, small)
			s.append(n, n+1)
			g := s.read(n - len(lost) + test.counted + 1)
			var want []int
			for i := range n {
				if !slices.Contains(lost, i) {
					want = append(want, i)
				}
			}
			// The own event comes somewhere between.
			own := slices.Index(g.numbers, n)
			if got := slices.Delete(slices.Clone(g.numbers), own, own+1); !slices.Equal(got, want) {
				t.Fatalf("got %v\nwant %v", got, want)
			}
			if g.lost != test.counted {
				t.Errorf("%d counted as lost, want %d", g.lost, test.counted)
			}
			s.Settle(g.refs)
			// Another part is looked for only when all of this one was read, and
			// the end of the last file with it.
			s.drain()
			waitFor(t, "the part to be removed", func() bool { return isGone(filepath.Dir(paths[0])) })
			reports, reported := s.reports(), 0
			for _, err := range reports {
				var damage *spool.DamageError
				if !errors.As(err, &damage) {
					t.Errorf("reported: %v", err)
					continue
				}
				reported += damage.Events
				if _, err := os.Stat(damage.File); err != nil && name != "a whole file, removed" {
					t.Errorf("not kept aside: %v", err)
				}
			}
			if reported != test.counted || (len(reports) == 0) != test.silent || len(reports) > 1 {
				t.Errorf("%d reported as lost, want %d: %v", reported, test.counted, reports)
			}
		})
	}
}

func TestAFileOfALaterVersionIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := leave(t, dir, 10, 0)[0]
	later := spool.LaterHeader()
	edit(t, path, func(b []byte) []byte { return append(later, b[headerBytes:]...) })
	before, _ := os.ReadFile(path)
	s := open(t, dir)
	s.append(10, 11)
	wantNumbers(t, s.read(1).numbers, 10, 11)
	s.drain()
	waitFor(t, "a report", func() bool { return len(s.reports()) == 1 })
	s.Close()
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("it was changed")
	}
}

func TestADamagedNoteOfWhatIsSettledCostsARepeat(t *testing.T) {
	dir := t.TempDir()
	leave(t, dir, 400, 100)
	path := files(t, dir, ".settled")[0]
	edit(t, path, func(b []byte) []byte { b[9] ^= 1; return append(b, 1, 2, 3) })
	s := open(t, dir, small)
	g := s.read(400)
	wantNumbers(t, g.numbers, 0, 400)
	// What is written behind the three bytes must be found again.
	s.Settle(g.refs[:300])
	s.Close()
	s = open(t, dir, small)
	wantNumbers(t, s.read(100).numbers, 300, 400)
}

func isGone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

// FuzzFiles changes any bytes of any file: it must not crash or hang, and whatever
// is intact comes back.
func FuzzFiles(f *testing.F) {
	const n, settled = 300, 30
	f.Add(uint8(0), uint32(0), []byte("x"), true)
	f.Add(uint8(0), uint32(5000), []byte{0, 0, 0, 0, 0, 0, 0, 0, 0}, false)
	f.Add(uint8(1), uint32(17), []byte("causpool"), true)
	f.Add(uint8(2), uint32(3), bytes.Repeat([]byte{255}, 40), false)
	made := f.TempDir()
	paths := leave(f, made, n, settled)
	ps := places(f, paths, n)
	all := append(paths, files(f, made, ".settled")...)
	f.Fuzz(func(t *testing.T, which uint8, at uint32, patch []byte, insert bool) {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
			t.Fatal(err)
		}
		target := int(which) % len(all)
		intact := make([]bool, n)
		for i := range intact {
			intact[i] = true
		}
		path := func(made string) string {
			return filepath.Join(dir, filepath.Base(filepath.Dir(made)), filepath.Base(made))
		}
		edit(t, path(all[target]), func(b []byte) []byte {
			from := int(at) % (len(b) + 1)
			to := min(from+len(patch), len(b))
			if insert {
				to = from
			}
			for i, p := range ps {
				if p.file == target && p.from < max(to, from+1) && p.to > from && !(insert && p.from == from) {
					intact[i] = false
				}
			}
			if !insert && bytes.Equal(b[from:to], patch[:to-from]) {
				for i := range intact {
					intact[i] = true
				}
			}
			return slices.Concat(b[:from], patch, b[to:])
		})
		s := open(t, dir, small)
		seen := make(map[int]bool)
		done := make(chan struct{})
		go func() {
			defer close(done)
			var c spool.Chunk
			for s.Next(&c) {
				for _, e := range c.Events {
					i := number(t, e)
					if seen[i] || !bytes.Equal(e, event(i)) {
						t.Errorf("event %d came twice or changed", i)
					}
					seen[i] = true
				}
				s.Settle(c.Refs)
			}
		}()
		waitFor(t, "the part to be read", func() bool { return isGone(filepath.Dir(path(paths[0]))) })
		s.Close()
		<-done
		for i := settled; i < n; i++ {
			if intact[i] && !seen[i] {
				t.Errorf("event %d is intact and was not read", i)
			}
		}
	})
}
