package faults

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// SpoolFault is a fault that a client with Config.Spool meets, in real time and
// partly in a process of its own.
type SpoolFault struct {
	Name string
	run  func(*spoolRun) error
	want func(*Spooled) bool
}

// Spooled is what became of the events of a SpoolFault.
type Spooled struct {
	Name                     string
	Tracked, Stored, Doubled int
	// Unsafe is how many are not stored though a process tracked them, and Age how
	// long before its death it had tracked the first of them.
	Unsafe int
	Age    time.Duration
	// Stats are those of the last client.
	Stats causality.Stats
	Lines []Line
}

// SpoolFaults returns the faults of a spool.
func SpoolFaults() []SpoolFault {
	return []SpoolFault{
		{"a process is killed while the gateway is well", killedWhile(false), mostlyStored},
		{"a process is killed while the gateway is down", killedWhile(true), mostlyStored},
		{"the gateway is down for longer than memory lasts (1 MiB)", longOutage, allStored},
		{"the disk fills up (4 MiB) while the gateway is down, then memory (1 MiB)", fullDisk, func(s *Spooled) bool {
			return s.Tracked == s.Stored+int(s.Stats.Dropped.QueueFull) && s.Stored*600 > 4<<20
		}},
		{"a bit of a file flips before the next process reads it", damaged(func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), oneDamaged},
		{"the last 100 bytes of a file are missing when the next process reads it", damaged(func(b []byte) []byte { return b[:len(b)-100] }), oneDamaged},
	}
}

// mostlyStored: what a process tracked just before its death may be lost. A busy
// machine is late; 10 ms is what the client promises on another one.
func mostlyStored(s *Spooled) bool { return s.Age < 200*time.Millisecond && s.Unsafe < 200 }

func allStored(s *Spooled) bool { return s.Stored == s.Tracked && s.Doubled == 0 }

func oneDamaged(s *Spooled) bool {
	return s.Stored == s.Tracked-1 && s.Stats.Dropped.Damaged == 1 && s.Doubled == 0
}

// spoolRun is a SpoolFault under way.
type spoolRun struct {
	*Spooled
	g      *Gateway
	isDown atomic.Bool
	dir    string
	logs   *Logs
	// process returns a command that runs TrackUntilKilled.
	process func(endpoint, dir string) *exec.Cmd
}

// MeasureSpool lets clients meet a fault of a spool in dir.
func MeasureSpool(f SpoolFault, dir string, process func(endpoint, dir string) *exec.Cmd) (*Spooled, error) {
	r := &spoolRun{Spooled: &Spooled{Name: f.Name}, dir: dir, logs: NewLogs(), process: process}
	g, err := ListenGateway("", func(int, time.Duration) Act {
		if r.isDown.Load() {
			return Status(503)
		}
		return Accept
	})
	if err != nil {
		return nil, err
	}
	defer g.Close()
	r.g = g
	if err := f.run(r); err != nil {
		return nil, err
	}
	a := audit(r.Tracked, g.Stored(), nil)
	if len(a.Contradictions) > 0 {
		return nil, a.Contradictions[0]
	}
	r.Stored, r.Doubled, r.Lines = a.Stored, a.Doubled, r.logs.Lines()
	for _, l := range r.Lines {
		l.Attrs["reason"] = strings.ReplaceAll(l.Attrs["reason"], r.dir, "…") // it differs from run to run
	}
	if s := r.Stats; s.Tracked+s.Recovered != s.Delivered+s.Dropped.Total()+s.Queued {
		return nil, fmt.Errorf("the client's counts do not add up: %+v", s)
	}
	if !f.want(r.Spooled) {
		return nil, fmt.Errorf("%s: %+v", f.Name, *r.Spooled)
	}
	return r.Spooled, nil
}

func spoolConfig(endpoint, dir string) causality.Config {
	return causality.Config{
		APIKey: Key, Endpoint: endpoint, AppID: "faults", CloseTimeout: 100 * time.Millisecond, MaxRetries: -1,
		FlushInterval: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler), Spool: causality.Spool{Dir: dir},
	}
}

// TrackUntilKilled tracks a thousand events a second, and writes the name of each
// and when it was tracked.
func TrackUntilKilled(endpoint, dir string, w io.Writer) error {
	client, err := causality.New(spoolConfig(endpoint, dir))
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	for n := 0; ; n++ {
		client.Track(causality.Event{EventType: eventName(n)})
		fmt.Fprintln(out, eventName(n), time.Now().UnixNano())
		if n%5 == 4 {
			out.Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
}

func killedWhile(isDown bool) func(*spoolRun) error {
	return func(r *spoolRun) error {
		r.isDown.Store(isDown)
		child := r.process(r.g.Endpoint(), r.dir)
		out, err := child.StdoutPipe()
		if err != nil {
			return err
		}
		if err := child.Start(); err != nil {
			return err
		}
		var killed atomic.Int64
		var times []int64
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var name string
			var at int64
			if n, _ := fmt.Sscan(lines.Text(), &name, &at); n != 2 || name != eventName(len(times)) {
				continue
			}
			if times = append(times, at); len(times) == 1 {
				time.AfterFunc(time.Second, func() {
					killed.Store(time.Now().UnixNano())
					_ = child.Process.Kill()
				})
			}
		}
		_ = child.Wait()
		r.isDown.Store(false)
		if err := r.last(nil); err != nil {
			return err
		}
		stored := make(map[string]bool)
		for _, s := range r.g.Stored() {
			stored[s.Name] = true
		}
		for n, at := range times {
			if !stored[eventName(n)] {
				if r.Unsafe++; r.Age == 0 {
					r.Age = time.Duration(killed.Load() - at)
				}
			}
		}
		// It may have tracked some that it did not come to write.
		r.Tracked = len(times)
		for stored[eventName(r.Tracked)] {
			r.Tracked++
		}
		return nil
	}
}

// last runs the last client, and waits until nothing is left.
func (r *spoolRun) last(use func(*causality.Client) error) error {
	left, _ := filepath.Glob(filepath.Join(r.dir, "envelope-*"))
	cfg := spoolConfig(r.g.Endpoint(), r.dir)
	cfg.Logger, cfg.MaxQueueBytes = slog.New(r.logs), 1<<20
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	defer client.Close()
	if use != nil {
		if err := use(client); err != nil {
			return err
		}
	}
	isLeft := func() bool {
		return client.Stats().Queued > 0 || slices.ContainsFunc(left, func(part string) bool {
			_, err := os.Stat(part)
			return err == nil
		})
	}
	for end := time.Now().Add(time.Minute); isLeft(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("the spool is not empty after a minute: %+v", client.Stats())
		}
		_ = client.Flush()
	}
	if err := client.Close(); err != nil {
		return err
	}
	r.Stats = client.Stats()
	return nil
}

// track tracks n events, about as fast as the disk takes them.
func (r *spoolRun) track(client *causality.Client, n int) {
	for range n {
		client.Track(causality.Event{EventType: eventName(r.Tracked), Properties: map[string]any{"padding": strings.Repeat("x", 200)}})
		if r.Tracked++; r.Tracked%50 == 0 {
			time.Sleep(2 * time.Millisecond)
		}
	}
}

func longOutage(r *spoolRun) error {
	r.isDown.Store(true)
	return r.last(func(client *causality.Client) error {
		r.track(client, 5000)
		if s := client.Stats(); s.SpooledBytes < 1<<20 {
			return fmt.Errorf("that fits into memory: %+v", s)
		}
		r.isDown.Store(false)
		return nil
	})
}

func fullDisk(r *spoolRun) error {
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=4m", "spool", r.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %v %s", ErrNoMount, err, out)
	}
	defer func() { _ = exec.Command("umount", r.dir).Run() }()
	r.isDown.Store(true)
	return r.last(func(client *causality.Client) error {
		for client.Stats().Dropped.QueueFull == 0 {
			r.track(client, 50)
		}
		r.isDown.Store(false)
		return nil
	})
}

// ErrNoMount says that a small file system cannot be mounted.
var ErrNoMount = fmt.Errorf("a file system cannot be mounted")

func damaged(change func([]byte) []byte) func(*spoolRun) error {
	return func(r *spoolRun) error {
		r.isDown.Store(true)
		client, err := causality.New(spoolConfig(r.g.Endpoint(), r.dir))
		if err != nil {
			return err
		}
		r.track(client, 1000)
		if err := client.Close(); err != nil {
			return err
		}
		files, _ := filepath.Glob(filepath.Join(r.dir, "*", "*.events"))
		if len(files) != 1 {
			return fmt.Errorf("%d files", len(files))
		}
		content, err := os.ReadFile(files[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(files[0], change(content), 0o600); err != nil {
			return err
		}
		r.isDown.Store(false)
		return r.last(nil)
	}
}

// String is the account as a line of a table.
func (s *Spooled) String() string {
	var lost []string
	if s.Unsafe > 0 {
		lost = append(lost, fmt.Sprintf("%d, tracked in its last %d ms", s.Unsafe, s.Age/time.Millisecond+1))
	}
	if n := s.Stats.Dropped.QueueFull; n > 0 {
		lost = append(lost, fmt.Sprintf("%d at the full queue", n))
	}
	if n := s.Stats.Dropped.Damaged; n > 0 {
		lost = append(lost, fmt.Sprintf("%d damaged", n))
	}
	if lost == nil {
		lost = []string{"0"}
	}
	return fmt.Sprintf("| %s | %d of %d | %d | %s | %s |\n", s.Name, s.Stored, s.Tracked, s.Doubled, strings.Join(lost, ", "), said(s.Lines))
}
