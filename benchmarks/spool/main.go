// Command spool measures ways to keep the client's events on disk: what they cost
// an event, whether they keep up, and what they lose to damage. It prints the table
// of docs/spool.md.
package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	rate         = 20_000 // events a second
	seconds      = 4
	batchEvents  = 50
	damageEvents = 2_000
)

type candidate struct {
	name, module string
	open         func(dir string) (store, error)
}

var candidates = []candidate{
	{"nothing: the measurement itself", "", func(string) (store, error) { return nothing{}, nil }},
	{"segment files of our own", "github.com/SebastienMelki/causality/sdk/go/internal/spool", openSegments},
	{"`go.etcd.io/bbolt`", "go.etcd.io/bbolt", openBolt},
	{"`modernc.org/sqlite`", "modernc.org/sqlite", openSQLite},
	{"`tidwall/wal`", "github.com/tidwall/wal", openTidwall},
	{"`hashicorp/raft-wal`", "github.com/hashicorp/raft-wal", openRaft},
}

func main() {
	if len(os.Args) == 4 && os.Args[1] == "write" {
		write(os.Args[2], os.Args[3])
		return
	}
	fmt.Println("| | CPU an event | slowest group | kept up with 20 000/s | lines of the dependency | a flipped bit costs | a torn tail costs |")
	fmt.Println("|---|--:|--:|---|--:|---|---|")
	for _, c := range candidates {
		cpu, slowest, events, took := measure(c)
		kept := "yes"
		if took > (seconds+1)*time.Second {
			kept = fmt.Sprintf("no: %.0f/s", float64(events)/took.Seconds())
		}
		if c.module == "" {
			fmt.Printf("| %s | %.1f µs | %s | %s | | | |\n", c.name, float64(cpu.Nanoseconds())/1000/float64(events), slowest.Round(100*time.Microsecond), kept)
			continue
		}
		fmt.Printf("| %s | %.1f µs | %s | %s | %d | %s | %s |\n", c.name, float64(cpu.Nanoseconds())/1000/float64(events), slowest.Round(100*time.Microsecond), kept, linesOf(c.module),
			damage(c, func(b []byte) []byte { b[len(b)/2] ^= 0x10; return b }),
			damage(c, func(b []byte) []byte { return b[:len(b)-100] }))
	}
}

// nothing keeps nothing.
type nothing struct{}

func (nothing) append(uint64, [][]byte) error { return nil }
func (nothing) settle(uint64, uint64) error   { return nil }
func (nothing) readAll(func([]byte)) error    { return nil }
func (nothing) close() error                  { return nil }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var event = fmt.Appendf(nil, `{"id":"019a0000-0000-7000-8000-000000000000","custom_event":{"event_name":"purchase_complete","string_params":{%s}}}`, strings.Repeat(`"order_id":"o-42",`, 20))

// measure appends events as the client would, a group each millisecond, and
// settles them by batches.
func measure(c candidate) (cpu, slowest time.Duration, events int, took time.Duration) {
	dir, err := os.MkdirTemp("", "spool")
	check(err)
	defer os.RemoveAll(dir)
	s, err := c.open(dir)
	check(err)
	group := slices.Repeat([][]byte{event}, rate/1000)
	before, begin := cpuTime(), time.Now()
	settled := make(chan uint64, 1<<20)
	done := make(chan error)
	go func() {
		for n := range settled {
			if err := s.settle(n, n+batchEvents-1); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	next := uint64(1)
	for tick := range seconds * 1000 {
		if wait := time.Until(begin.Add(time.Duration(tick) * time.Millisecond)); wait > 0 {
			time.Sleep(wait)
		}
		at := time.Now()
		if at.Sub(begin) > 4*seconds*time.Second {
			break // it does not keep up
		}
		events += len(group)
		check(s.append(uint64(tick*len(group)+1), group))
		slowest = max(slowest, time.Since(at))
		for ; next+batchEvents <= uint64((tick+1)*len(group)); next += batchEvents {
			settled <- next
		}
	}
	close(settled)
	check(<-done)
	took, cpu = time.Since(begin), cpuTime()-before
	check(s.close())
	return cpu, slowest, events, took
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// damageGroups returns the events of the damage test.
func damageGroups() (events [][]byte) {
	for n := range damageEvents {
		events = append(events, fmt.Appendf(bytes.Clone(event), `,"n":%05d}`, n))
	}
	return events
}

// write is the process that writes them.
func write(name, dir string) {
	for _, c := range candidates {
		if c.name == name {
			s, err := c.open(dir)
			check(err)
			for n, group := range slices.Collect(slices.Chunk(damageGroups(), 20)) {
				check(s.append(uint64(n*20+1), group))
			}
			check(s.close())
		}
	}
}

// damage writes events, changes the largest file, and counts what comes back.
func damage(c candidate, change func([]byte) []byte) (verdict string) {
	dir, err := os.MkdirTemp("", "spool")
	check(err)
	defer os.RemoveAll(dir)
	// Another process writes, as it does in life: not all of these stores can be
	// opened twice in one.
	self, err := os.Executable()
	check(err)
	write := exec.Command(self, "write", c.name, dir)
	write.Stderr = os.Stderr
	check(write.Run())
	written := damageGroups()
	var path string
	var size int64
	filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if info, err := d.Info(); err == nil && !d.IsDir() && info.Size() > size {
			path, size = p, info.Size()
		}
		return nil
	})
	content, err := os.ReadFile(path)
	check(err)
	if end := bytes.LastIndex(content, written[len(written)-1]); end > 0 && len(content)-end > 4096 {
		content = content[:end+len(event)+10] // what is allocated and not used yet
	}
	check(os.WriteFile(path, change(content), 0o600))
	defer func() {
		if p := recover(); p != nil {
			verdict = "a panic"
		}
	}()
	s, err := c.open(dir)
	if err != nil {
		return "all: it does not open"
	}
	defer s.close()
	whole, changed := 0, 0
	err = s.readAll(func(e []byte) {
		if n := whole + changed; n < len(written) && slices.ContainsFunc(written, func(w []byte) bool { return bytes.Equal(w, e) }) {
			whole++
		} else {
			changed++
		}
	})
	verdict = fmt.Sprintf("%d of %d events", damageEvents-whole, damageEvents)
	if changed > 0 {
		verdict += fmt.Sprintf("; %d come back changed", changed)
	}
	if err != nil {
		verdict += ", with an error"
	}
	return verdict
}

// linesOf counts the lines of a module's packages and of what they need besides
// the standard library.
func linesOf(pkg string) (lines int) {
	out, err := exec.Command("go", "list", "-deps", "-f", `{{if not .Standard}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{end}}`, pkg).Output()
	check(err)
	for _, path := range strings.Fields(string(out)) {
		content, err := os.ReadFile(path)
		check(err)
		lines += bytes.Count(content, []byte("\n"))
	}
	return lines
}
