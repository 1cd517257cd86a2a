package spool_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

var kills = flag.Int("kills", 20, "how often TestKill kills a process")

func TestTheDirectoryIsForItsOwnerAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "deep", "spool")
	s := open(t, dir)
	s.append(0, 10)
	s.Settle(s.read(5).refs)
	waitFor(t, "the note of what is settled", func() bool { return len(files(t, dir, ".settled")) == 1 })
	filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		info, err := d.Info()
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
		return nil
	})
}

func TestOpenSaysWhatIsWrongWithTheDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/spool"} {
		if s, err := spool.Open(spool.Options{Dir: dir, Label: "test", MaxBytes: mib}); err == nil {
			s.Close()
			t.Errorf("%s was opened", dir)
		}
	}
}

func TestAPartIsTakenOverByExactlyOne(t *testing.T) {
	dir := t.TempDir()
	const n = 400
	leave(t, dir, n, 0)
	var mu sync.Mutex
	seen := make(map[int]int)
	var all []*harness
	for range 8 {
		s := open(t, dir, small)
		all = append(all, s)
		go func() {
			var c spool.Chunk
			for s.Next(&c) {
				mu.Lock()
				for _, e := range c.Events {
					seen[number(t, e)]++
				}
				mu.Unlock()
			}
		}()
	}
	waitFor(t, "the part to be read", func() bool { mu.Lock(); defer mu.Unlock(); return len(seen) == n })
	// Nobody settled anything, so nobody may have it while its new owner lives.
	for _, s := range all {
		s.Scan()
	}
	time.Sleep(50 * time.Millisecond)
	mu.Lock()
	defer mu.Unlock()
	for i, times := range seen {
		if times != 1 {
			t.Fatalf("event %d was read %d times", i, times)
		}
	}
}

func TestAPartIsTakenOverLater(t *testing.T) {
	dir := t.TempDir()
	first, second := open(t, dir), open(t, dir)
	first.append(0, 10)
	got := make(chan got)
	go func() { got <- second.read(10) }()
	second.Scan() // while the first lives
	first.Close()
	second.Scan()
	second.append(0, 0)
	wantNumbers(t, (<-got).numbers, 0, 10)
}

func TestAnIdleSpoolIsSmall(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, small)
	s.append(0, 2000)
	before := s.Bytes()
	s.Settle(s.read(2000).refs)
	waitFor(t, "the files to go", func() bool { return s.Bytes() < 4<<10 })
	s.append(2000, 2001)
	wantNumbers(t, s.read(1).numbers, 2000, 2001)
	if after := s.Bytes(); after > 8<<10 || before < 500<<10 {
		t.Errorf("%d bytes before, %d after", before, after)
	}
}

func TestAFullSpoolTakesNoMoreUntilSomethingIsSettled(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, func(o *spool.Options) { o.MaxBytes = mib })
	n := 0
	var err error
	for ; err == nil; n++ {
		_, _, err = s.Append([][]byte{event(n)}, false)
	}
	if n--; !errors.Is(err, spool.ErrFull) {
		t.Fatal(err)
	}
	if size := s.Bytes(); size > mib || size < mib-2000 {
		t.Errorf("%d bytes are full, of %d", size, mib)
	}
	g := s.read(n)
	s.Settle(g.refs[:n/2])
	waitFor(t, "room", func() bool { _, _, err := s.Append([][]byte{event(n)}, false); return err == nil })
	wantNumbers(t, s.read(1).numbers, n, n+1)
	s.Close()

	// What a dead process left counts.
	s = open(t, dir, func(o *spool.Options) { o.MaxBytes = mib / 2 })
	s.drain()
	waitFor(t, "the spool to be full again", func() bool {
		_, _, err := s.Append([][]byte{event(n)}, false)
		return errors.Is(err, spool.ErrFull)
	})
}

func TestWhatSomebodyRemovesIsCountedAsLost(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.append(0, 100)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s.Scan()
	if g := s.read(100); g.lost != 100 || g.recovered != 0 {
		t.Fatalf("%d lost, %d recovered", g.lost, g.recovered)
	}
	s.drain()
	n := 100
	waitFor(t, "another part", func() bool {
		if _, _, err := s.Append([][]byte{event(n)}, false); err == nil {
			n++
		}
		s.Scan()
		return len(files(t, dir, ".events")) > 0
	})
	s.Close()
	s = open(t, dir)
	wantNumbers(t, s.read(1).numbers, n-1, n)
}

func TestALockThatSomebodyRemovesIsMadeAgain(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	s.append(0, 10)
	lock := files(t, dir, "lock")[0]
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	other := open(t, dir)
	other.drain()
	g := s.read(10)
	s.append(10, 11)
	s.Scan()
	s.append(11, 12)
	wantNumbers(t, append(g.numbers, s.read(2).numbers...), 0, 12)
	s.drain()
	waitFor(t, "the lock", func() bool { s.Scan(); return !isGone(lock) })
}

// TestKill kills a process that appends, again and again, and reads all that it
// said was on disk.
func TestKill(t *testing.T) {
	if dir := os.Getenv("SPOOL_TEST_CHILD"); dir != "" {
		appendForever(t, dir)
		return
	}
	dir := t.TempDir()
	safe := make(map[int]bool)
	for round := range *kills {
		child := exec.Command(os.Args[0], "-test.run=^TestKill$")
		child.Env = append(os.Environ(), "SPOOL_TEST_CHILD="+dir, fmt.Sprint("SPOOL_TEST_FROM=", round*10_000_000))
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		var n uint32
		for lines := bufio.NewReader(out); binary.Read(lines, binary.LittleEndian, &n) == nil; {
			if len(safe) == 0 || !safe[int(n)-1] { // the first
				time.AfterFunc(time.Duration(rand.IntN(60))*time.Millisecond, func() { child.Process.Kill() })
			}
			safe[int(n)] = true
		}
		child.Wait()
	}
	s := open(t, dir)
	seen := make(map[int]int)
	go func() {
		var c spool.Chunk
		for s.Next(&c) {
			for _, e := range c.Events {
				seen[number(t, e)]++
			}
			s.Settle(c.Refs)
		}
	}()
	waitFor(t, "all parts to be read", func() bool { return len(files(t, dir, "lock")) == 1 })
	s.Close()
	if len(safe) < *kills {
		t.Fatalf("only %d events in %d rounds", len(safe), *kills)
	}
	for n := range safe {
		if seen[n] == 0 {
			t.Errorf("event %d was on disk, and is lost", n)
		}
	}
	for n, times := range seen {
		if times > 1 {
			t.Errorf("event %d was read %d times though nobody died with it", n, times)
		}
	}
	t.Logf("%d events of %d processes, all there", len(safe), *kills)
}

// appendForever is the process that is killed. It takes over what others left, too,
// and dies with it, but settles nothing of it.
func appendForever(t *testing.T, dir string) {
	var from int
	fmt.Sscan(os.Getenv("SPOOL_TEST_FROM"), &from)
	s := open(t, dir)
	s.drain()
	for n := from; ; n++ {
		if _, _, err := s.Append([][]byte{event(n)}, true); err != nil {
			t.Fatal(err)
		}
		binary.Write(os.Stdout, binary.LittleEndian, uint32(n))
	}
}

func TestPowerLoss(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			dir, after := t.TempDir(), t.TempDir()
			s := open(t, dir, small, func(o *spool.Options) { o.SyncInterval = 2 * time.Millisecond })
			var mu sync.Mutex
			synced := make(map[string]int64)
			s.OnSync(func(path string, size int64) {
				mu.Lock()
				synced[path] = size
				mu.Unlock()
			})
			for n := 0; n < 400; n++ {
				s.append(n, n+1)
				if rng.IntN(20) == 0 {
					time.Sleep(time.Millisecond)
				}
			}
			mu.Lock()
			safe := 0 // events that a flush had reached
			for i, p := range places(t, files(t, dir, ".events"), 400) {
				if path := files(t, dir, ".events")[p.file]; int64(p.to) <= synced[path] {
					safe = i + 1
				} else {
					break
				}
			}
			// Of the rest, blocks are there or not, in no order; a file may end early.
			for _, path := range files(t, dir, "") {
				content, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				for at := int(synced[path]); at < len(content); {
					end := min((at/4096+1)*4096, len(content))
					if rng.IntN(3) == 0 {
						clear(content[at:end])
					}
					at = end
				}
				if synced[path] == 0 && filepath.Base(path) != "lock" && rng.IntN(2) == 0 {
					continue // its name was not flushed either; the lock's is with the first file's
				}
				content = content[:int(synced[path])+rng.IntN(len(content)-int(synced[path])+1)]
				name, _ := filepath.Rel(dir, path)
				os.MkdirAll(filepath.Join(after, filepath.Dir(name)), 0o700)
				if err := os.WriteFile(filepath.Join(after, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			mu.Unlock()
			if safe == 0 {
				t.Skip("nothing was flushed")
			}
			s = open(t, after, small)
			g := s.read(safe)
			for i := range safe {
				if g.numbers[i] != i {
					t.Fatalf("of the %d events that were flushed, %d is missing", safe, i)
				}
			}
			t.Logf("%d of 400 were flushed", safe)
		})
	}
}

func TestADiskThatIsFull(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "spool", dir).CombinedOutput(); err != nil {
		t.Skipf("needs a small file system: %v %s", err, out)
	}
	t.Cleanup(func() { // after Close: it fails where a file is still open
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	s := open(t, filepath.Join(dir, "spool"), func(o *spool.Options) { o.MaxBytes = 16 * mib })
	n := 0
	var err error
	for ; err == nil; n++ {
		_, _, err = s.Append([][]byte{event(n)}, false)
	}
	if n--; errors.Is(err, spool.ErrFull) || n < 5000 {
		t.Fatal(n, err)
	}
	if s, err := spool.Open(spool.Options{Dir: filepath.Join(dir, "other"), Label: "test", MaxBytes: 16 * mib}); err == nil {
		s.Close()
		t.Error("a spool was opened on a disk that is full")
	} else if !strings.Contains(err.Error(), "no space left") {
		t.Error(err)
	}
	g := s.read(n)
	wantNumbers(t, g.numbers, 0, n)
	if _, _, err := s.Append([][]byte{event(n)}, false); err == nil {
		t.Error("it was written to a full disk")
	}
	s.Settle(g.refs)
	waitFor(t, "room", func() bool { _, _, err := s.Append([][]byte{event(n)}, true); return err == nil })
	s.Close()
	// Nothing of what was settled comes back, though the disk was full when it was.
	s = open(t, filepath.Join(dir, "spool"))
	wantNumbers(t, s.read(1).numbers, n, n+1)
}

func TestNextEndsWithClose(t *testing.T) {
	s := open(t, t.TempDir())
	ended := make(chan bool)
	go func() { var c spool.Chunk; ended <- s.Next(&c) }()
	time.Sleep(5 * time.Millisecond)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if <-ended {
		t.Error("Next found something")
	}
	if _, _, err := s.Append([][]byte{event(1)}, false); !errors.Is(err, spool.ErrClosed) {
		t.Error(err)
	}
	s.Settle([]spool.Ref{1 << 32})
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, group := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(group), func(b *testing.B) {
			s := open(b, b.TempDir(), func(o *spool.Options) { o.MaxBytes = 1 << 40 })
			var events [][]byte
			for range group {
				events = append(events, event(450))
			}
			refs := make([]spool.Ref, group)
			b.SetBytes(int64(group * len(events[0])))
			for b.Loop() {
				first, _, err := s.Append(events, true)
				if err != nil {
					b.Fatal(err)
				}
				for i := range refs {
					refs[i] = first + spool.Ref(i)
				}
				s.Settle(refs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*group), "ns/event")
		})
	}
}

// BenchmarkStart opens a spool of 1 GiB and reads the first events of it.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	big := func(o *spool.Options) { o.MaxBytes = 2 << 30 }
	s := open(b, dir, big)
	group := make([][]byte, 200)
	for i := range group {
		group[i] = event(i%300 + 400)
	}
	for s.Bytes() < 1<<30 {
		if _, _, err := s.Append(group, false); err != nil {
			b.Fatal(err)
		}
	}
	s.Close()
	b.ResetTimer()
	for b.Loop() {
		s := open(b, dir, big)
		var c spool.Chunk
		if !s.Next(&c) || !c.Recovered {
			b.Fatal("nothing was recovered")
		}
		b.StopTimer()
		s.Close()
		b.StartTimer()
	}
}

func BenchmarkReadBack(b *testing.B) {
	s := open(b, b.TempDir(), func(o *spool.Options) { o.MaxBytes = 1 << 40 })
	group := make([][]byte, 200)
	for i := range group {
		group[i] = event(450)
	}
	for range b.N/len(group) + 1 {
		if _, _, err := s.Append(group, false); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(group[0])))
	b.ResetTimer()
	var c spool.Chunk
	for n := 0; n < b.N; n += len(c.Events) {
		if !s.Next(&c) {
			b.Fatal(io.EOF)
		}
		s.Settle(c.Refs)
	}
}
