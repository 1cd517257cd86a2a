package causality_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// mount mounts a file system for the length of the test, or skips it.
func mount(t *testing.T, args ...string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if out, err := exec.Command("mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("a file system of its own cannot be mounted: %v %s", err, out)
	}
	t.Cleanup(func() { // after Close: it fails where a file is still open
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("%v %s", err, out)
		}
	})
	return dir
}

func smallDisk(t *testing.T) (dir string) {
	return mount(t, "-t", "tmpfs", "-o", "size=4m", "spool")
}

const nobody = 65534

// inChild runs the test once more, in a process of its own that may lose its rights
// and its files, and reports whether this is that process. dir is a directory that
// nobody may write to.
func inChild(t *testing.T) (dir string, isChild bool) {
	t.Helper()
	if dir, isChild = os.LookupEnv("CAUSALITY_TEST_CHILD"); isChild {
		return dir, true
	}
	dir = t.TempDir()
	err := os.Chmod(filepath.Dir(dir), 0o755)
	if os.Getuid() == 0 && err == nil {
		err = os.Chown(dir, nobody, nobody)
	}
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	child.Env = append(os.Environ(), "CAUSALITY_TEST_CHILD="+dir)
	out, err := child.CombinedOutput()
	switch {
	case bytes.Contains(out, []byte("--- SKIP")):
		t.Skipf("%s", out)
	case err != nil || !bytes.Contains(out, []byte("--- PASS")):
		t.Errorf("%v\n%s", err, out)
	}
	return "", false
}

// wantKept fails t unless what is tracked now survives the client.
func wantKept(t *testing.T, client *causality.Client, g *gateway, dir string, from int) {
	t.Helper()
	g.then(unreachable)
	track(client, from, from+10)
	if err := client.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	before := len(g.events())
	g.then(accept)
	next := newClient(t, g, inDir(dir), maxInFlight(1))
	eventually(t, "what the client left", func() bool { _ = next.Flush(); return len(g.events()) >= before+10 })
	if got := g.numbers()[before:]; !slices.Equal(got, numbered(from, from+10)) {
		t.Errorf("the next client sent %v", got)
	}
}

func TestNewSaysThatTheDiskCannotBeWritten(t *testing.T) {
	wantError := func(t *testing.T, dir, want string) {
		t.Helper()
		cfg := config(newGateway(t))
		cfg.Spool.Dir = dir
		client, err := causality.New(cfg)
		if err == nil {
			client.Close()
			t.Fatal("there is no error")
		}
		if got := err.Error(); !strings.HasPrefix(got, "causality: Config.Spool.Dir: ") || !strings.Contains(got, dir) || !strings.HasSuffix(got, ": "+want) {
			t.Error(err)
		}
	}
	t.Run("read-only", func(t *testing.T) {
		wantError(t, filepath.Join(mount(t, "-t", "tmpfs", "-o", "ro", "spool"), "events"), "read-only file system")
	})
	t.Run("full", func(t *testing.T) {
		dir := smallDisk(t)
		if err := os.WriteFile(filepath.Join(dir, "full"), make([]byte, 5<<20), 0o600); err == nil {
			t.Fatal("a file of 5 MiB fits on a disk of 4 MiB")
		}
		wantError(t, filepath.Join(dir, "events"), "no space left on device")
		if left, _ := filepath.Glob(filepath.Join(dir, "events", "*")); len(left) > 0 {
			t.Errorf("it left %v", left)
		}
	})
	t.Run("forbidden", func(t *testing.T) {
		dir, isChild := inChild(t)
		if !isChild {
			return
		}
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		dropRights(t)
		wantError(t, filepath.Join(dir, "events"), "permission denied")
	})
	t.Run("no files left", func(t *testing.T) {
		dir, isChild := inChild(t)
		if !isChild {
			return
		}
		defer limitFiles(t)()
		wantError(t, filepath.Join(dir, "events"), "too many open files")
	})
}

// dropRights makes the process one for which permissions count. Only a child may
// call it.
func dropRights(t *testing.T) {
	if os.Getuid() != 0 {
		return
	}
	if err := syscall.Setuid(nobody); err != nil {
		t.Skip(err)
	}
}

// limitFiles leaves the process no file to open, and returns what gives it some
// again. Only a child may call it.
func limitFiles(t *testing.T) (restore func()) {
	t.Helper()
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	none := limit
	none.Cur = 0 // those that are open stay so
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &none); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
			t.Fatal(err)
		}
	}
}

// While the disk cannot be written to, events go through memory; it is said once,
// and tried again.
func TestADiskThatFailsLater(t *testing.T) {
	tests := []struct {
		name  string
		fails func(t *testing.T, dir string) (heal func())
		says  string
	}{
		{"forbidden", func(t *testing.T, dir string) func() {
			parts, err := filepath.Glob(filepath.Join(dir, "envelope-*"))
			if err != nil || len(parts) != 1 {
				t.Fatal(parts, err)
			}
			mode := func(m os.FileMode) {
				if err := os.Chmod(parts[0], m); err != nil {
					t.Fatal(err)
				}
			}
			mode(0o500)
			return func() { mode(0o700) }
		}, "permission denied"},
		{"no files left", func(t *testing.T, _ string) func() { return limitFiles(t) }, "too many open files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir, isChild := inChild(t)
			if !isChild {
				return
			}
			dropRights(t)
			g, log := newGateway(t), new(lines)
			client := newClient(t, g, inDir(dir), smallSpool, logTo(log))
			track(client, 0, 10)
			flush(t, client)
			heal := test.fails(t, dir)
			const n = 1000 // more than its file takes
			for i := 10; i < n; i += 10 {
				track(client, i, i+10)
				time.Sleep(time.Millisecond)
			}
			eventually(t, "a line about the disk", func() bool { return log.count("the spool on disk has trouble") > 0 })
			flush(t, client)
			if s := balanced(t, client); s.Delivered != n || s.Dropped.Total() != 0 {
				t.Errorf("%+v", s)
			}
			if log.count("the spool on disk has trouble") != 1 || log.count(test.says) == 0 {
				t.Error(log)
			}
			heal()
			time.Sleep(1200 * time.Millisecond) // it is tried again after a second
			wantKept(t, client, g, dir, n)
		})
	}
}

func TestADiskThatIsFull(t *testing.T) {
	dir, g, log := filepath.Join(smallDisk(t), "events"), newGateway(t), new(lines)
	g.then(unreachable)
	client := newClient(t, g, inDir(dir), maxInFlight(1), logTo(log), func(cfg *causality.Config) {
		cfg.Spool.MaxBytes, cfg.MaxQueueBytes = 16<<20, 1<<20
	})
	n := 0
	eventually(t, "memory to be full, too", func() bool {
		trackLarge(client, n, n+10)
		n += 10
		return balanced(t, client).Dropped.QueueFull > 0
	})
	s := balanced(t, client)
	if s.SpooledBytes < 3<<20 || s.QueuedBytes > 1<<20 {
		t.Errorf("%+v", s)
	}
	if log.count("the spool on disk has trouble") != 1 || log.count("no space left") == 0 {
		t.Error(log)
	}
	g.then(accept)
	kept := int(s.Queued)
	eventually(t, "Flush", func() bool { return client.Flush() == nil })
	if got := g.numbers(); !slices.Equal(got[:1000], numbered(0, 1000)) || len(got) != kept {
		t.Errorf("of %d kept, %d arrived", kept, len(got))
	}
	time.Sleep(1200 * time.Millisecond) // it is tried again after a second
	wantKept(t, client, g, dir, n)
}

// Were New to fail here, nothing would ever make room.
func TestASpoolThatHasFilledTheDiskIsSent(t *testing.T) {
	dir, g, log := smallDisk(t), newGateway(t), new(lines)
	g.then(unreachable)
	first := newClient(t, g, inDir(filepath.Join(dir, "events")))
	track(first, 0, 100)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "full"), make([]byte, 5<<20), 0o600); err == nil {
		t.Fatal("a file of 5 MiB fits on a disk of 4 MiB")
	}
	g.then(accept)
	second := newClient(t, g, inDir(filepath.Join(dir, "events")), logTo(log), maxInFlight(1))
	eventually(t, "what was left", func() bool { _ = second.Flush(); return len(g.events()) == 100 })
	track(second, 100, 200)
	flush(t, second)
	if got := g.numbers(); !slices.Equal(got, numbered(0, 200)) {
		t.Errorf("%d events, not all or not in order", len(got))
	}
	if log.count("the spool on disk has trouble") != 1 || log.count("no space left") != 1 {
		t.Error(log)
	}
	if err := os.Remove(filepath.Join(dir, "full")); err != nil {
		t.Fatal(err)
	}
	time.Sleep(1200 * time.Millisecond) // it is tried again after a second
	wantKept(t, second, g, filepath.Join(dir, "events"), 200)
}

// trackLarge tracks events that fill a disk soon.
func trackLarge(client *causality.Client, from, to int) {
	padding := slog.String("padding", strings.Repeat("x", 1000))
	for n := from; n < to; n++ {
		client.Track(causality.Event{EventType: "numbered", Attrs: []slog.Attr{slog.Int("n", n), padding}})
	}
}

// TestTwoProcessesFillADisk kills two processes that share a directory when it is
// full: what was on disk is sent, of each without a gap.
func TestTwoProcessesFillADisk(t *testing.T) {
	if name := os.Getenv("CAUSALITY_TEST_NAME"); name != "" {
		fillDisk(t, name)
		return
	}
	dir := filepath.Join(smallDisk(t), "events")
	begin, isFull := make(chan bool), make(chan bool)
	var children []*exec.Cmd
	for i := range 2 {
		child := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
		child.Env = append(os.Environ(), fmt.Sprintf("CAUSALITY_TEST_NAME=p%d", i), "CAUSALITY_TEST_DIR="+dir)
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		in, err := child.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		children = append(children, child)
		text := bufio.NewScanner(out)
		text.Scan() // it has made its client
		go func() {
			<-begin
			in.Close()
			for text.Scan() && !strings.Contains(text.Text(), "no space left") {
			}
			isFull <- strings.Contains(text.Text(), "no space left")
		}()
	}
	close(begin)
	for range children {
		if !<-isFull {
			t.Error("a process ended before the disk was full")
		}
	}
	for _, child := range children {
		child.Process.Kill()
		child.Wait()
	}
	left, _ := filepath.Glob(filepath.Join(dir, "envelope-*"))
	g := newGateway(t)
	client := newClient(t, g, inDir(dir)) // though there is no room for it
	eventually(t, "what was left to be sent", func() bool {
		_ = client.Flush()
		return !slices.ContainsFunc(left, func(part string) bool {
			_, err := os.Stat(part)
			return err == nil
		})
	})
	numbers := map[string][]int{}
	for _, e := range g.events() {
		numbers[e.AppID] = append(numbers[e.AppID], e.n())
	}
	total := 0
	for name, of := range numbers {
		slices.Sort(of)
		if !slices.Equal(of, numbered(0, len(of))) {
			t.Errorf("%s has gaps in its %d events", name, len(of))
		}
		total += len(of)
	}
	if s := balanced(t, client); len(numbers) != 2 || total < 2000 || s.Dropped.Damaged > 2 {
		t.Errorf("%d events of %d processes: %+v", total, len(numbers), s)
	}
}

// fillDisk is the process.
func fillDisk(t *testing.T, name string) {
	g := newGateway(t)
	g.then(unreachable)
	client := newClient(t, g, inDir(os.Getenv("CAUSALITY_TEST_DIR")), func(cfg *causality.Config) {
		cfg.AppID, cfg.Spool.MaxBytes = name, 16<<20
		cfg.Logger = slog.New(slog.NewTextHandler(os.Stdout, nil))
	})
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	for n := 0; ; n += 5 {
		trackLarge(client, n, n+5)
		time.Sleep(time.Millisecond)
	}
}
