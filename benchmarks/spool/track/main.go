// Command track measures what Config.Spool costs: how long Track takes with and
// without it, each alone and while another process writes to the same disk as fast
// as it can, and the processor time of an event end to end. It prints the tables of
// docs/spool.md. What is slowest is a matter of the machine, so the cases take
// turns, and each has several.
//
//	go run ./track -dir /var/tmp
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

const (
	perSecond = 20_000
	fast      = 500_000 // events that are sent as fast as they can be
	noiseFile = 256 << 20
)

func main() {
	dir := flag.String("dir", os.TempDir(), "a directory on the disk that is measured")
	rounds := flag.Int("rounds", 5, "how many turns each case has")
	seconds := flag.Int("seconds", 5, "how long a turn takes")
	flag.Parse()
	switch flag.Arg(0) {
	case "": // the parent of the others
	case "gateway":
		serve()
		return
	case "noise":
		write(flag.Arg(1))
		return
	case "steady":
		check(json.NewEncoder(os.Stdout).Encode(steady(client(flag.Arg(1), flag.Arg(2)), *seconds*perSecond)))
		return
	case "fast":
		check(json.NewEncoder(os.Stdout).Encode(asFastAsItCan(client(flag.Arg(1), flag.Arg(2)))))
		return
	}
	dirName, err := os.MkdirTemp(*dir, "track")
	check(err)
	defer os.RemoveAll(dirName)
	gateway, url := start("gateway")
	defer stop(gateway)

	names := []string{"memory", "the spool", "memory, the disk is busy", "the spool, the disk is busy"}
	results := make([][]result, len(names))
	var quick [2][]result
	for range *rounds {
		for busy := range 2 {
			var noise *exec.Cmd
			if busy == 1 {
				noise, _ = start("noise", filepath.Join(dirName, "noise"))
			}
			for spool := range 2 {
				results[2*busy+spool] = append(results[2*busy+spool], run(*seconds, "steady", url, spoolDir(dirName, spool)))
				if busy == 0 {
					quick[spool] = append(quick[spool], run(*seconds, "fast", url, spoolDir(dirName, spool)))
				}
			}
			if noise != nil {
				stop(noise)
			}
		}
	}

	fmt.Println("| `Track` into | p50 | p99 | p99.9 | slowest | slowest of each turn | processor time an event |")
	fmt.Println("|---|--:|--:|--:|--:|--:|--:|")
	for i, name := range names {
		var slowest []string
		for _, r := range results[i] {
			slowest = append(slowest, brief(r.Max))
		}
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", name, brief(median(results[i], func(r result) time.Duration { return r.P50 })),
			brief(median(results[i], func(r result) time.Duration { return r.P99 })), brief(median(results[i], func(r result) time.Duration { return r.P999 })),
			brief(median(results[i], func(r result) time.Duration { return r.Max })), strings.Join(slowest, " "), brief(median(results[i], result.perEvent)))
	}
	fmt.Println()
	fmt.Println("| as fast as it can | events/s | processor time an event |")
	fmt.Println("|---|--:|--:|")
	for i, name := range names[:2] {
		took := median(quick[i], func(r result) time.Duration { return r.Took })
		fmt.Printf("| %s | %.0f | %s |\n", name, fast/took.Seconds(), brief(median(quick[i], result.perEvent)))
	}
}

// spoolDir is where a case has its spool, or "-".
func spoolDir(dir string, spool int) string {
	if spool == 0 {
		return "-"
	}
	return filepath.Join(dir, "spool")
}

// result is what one turn of a case took.
type result struct {
	P50, P99, P999, Max time.Duration // of Track
	Events              int
	Took, CPU           time.Duration
}

func (r result) perEvent() time.Duration { return r.CPU / time.Duration(r.Events) }

func median(results []result, of func(result) time.Duration) time.Duration {
	var all []time.Duration
	for _, r := range results {
		all = append(all, of(r))
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func brief(d time.Duration) string {
	switch {
	case d >= 100*time.Microsecond:
		return fmt.Sprintf("%.2g ms", d.Seconds()*1e3)
	case d >= time.Microsecond:
		return fmt.Sprintf("%.2f µs", d.Seconds()*1e6)
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}

// run runs a turn in a process of its own.
func run(seconds int, args ...string) (r result) {
	self, err := os.Executable()
	check(err)
	turn := exec.Command(self, append([]string{"-seconds", fmt.Sprint(seconds)}, args...)...)
	turn.Stderr = os.Stderr
	out, err := turn.Output()
	check(err)
	check(json.Unmarshal(out, &r))
	return r
}

// start starts a process that runs until it is stopped, and returns its first line.
func start(args ...string) (*exec.Cmd, string) {
	self, err := os.Executable()
	check(err)
	process := exec.Command(self, args...)
	process.Stderr = os.Stderr
	in, err := process.StdinPipe() // it ends when its parent does
	check(err)
	_ = in
	out, err := process.StdoutPipe()
	check(err)
	check(process.Start())
	line := make([]byte, 100)
	n, err := out.Read(line)
	check(err)
	return process, strings.TrimSpace(string(line[:n]))
}

func stop(process *exec.Cmd) {
	check(process.Process.Kill())
	_ = process.Wait()
}

// endWithParent ends the process when its parent ends.
func endWithParent() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
}

// serve is a gateway that accepts everything.
func serve() {
	endWithParent()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 64<<10)
		lines := 0
		for err := error(nil); err == nil; {
			var n int
			n, err = r.Body.Read(buf)
			lines += bytes.Count(buf[:n], []byte("\n"))
		}
		fmt.Fprintf(w, `{"acceptedCount":%d}`, lines-1)
	}))
	fmt.Println(server.URL)
	select {}
}

// write writes to a file and flushes it to the disk, again and again.
func write(path string) {
	endWithParent()
	f, err := os.Create(path)
	check(err)
	fmt.Println("writing")
	block := bytes.Repeat([]byte("noise"), 1<<20)
	for at := 0; ; at = (at + len(block)) % noiseFile {
		_, err := f.WriteAt(block, int64(at))
		check(err)
		check(f.Sync())
	}
}

func client(url, dir string) *causality.Client {
	cfg := causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: url, AppID: "shop",
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	if dir != "-" {
		cfg.Spool.Dir = dir
	}
	c, err := causality.New(cfg)
	check(err)
	return c
}

func event() causality.Event {
	return causality.Event{EventType: "purchase_complete", UserID: "u-123456", Attrs: []slog.Attr{
		slog.String("order_id", "o-42"), slog.String("product_id", "p-1999"), slog.String("currency", "EUR"),
		slog.String("payment_method", "card"), slog.Int("quantity", 3), slog.Int("total_cents", 1999),
	}}
}

// steady tracks at a rate, and times each call.
func steady(c *causality.Client, events int) (r result) {
	e := event()
	for range 20_000 { // until all memory is there
		c.Track(e)
	}
	check(c.Flush())
	times := make([]time.Duration, 0, events)
	cpu, begin := cpuTime(), time.Now()
	for len(times) < events {
		due := min(events, int(time.Since(begin).Seconds()*perSecond))
		for len(times) < due {
			at := time.Now()
			c.Track(e)
			times = append(times, time.Since(at))
		}
		time.Sleep(time.Millisecond)
	}
	check(c.Flush())
	r = result{Events: events, Took: time.Since(begin), CPU: cpuTime() - cpu}
	finish(c)
	slices.Sort(times)
	r.P50, r.P99, r.P999, r.Max = times[events/2], times[events*99/100], times[events*999/1000], times[events-1]
	return r
}

// asFastAsItCan tracks as fast as events are sent.
func asFastAsItCan(c *causality.Client) (r result) {
	e := event()
	cpu, begin := cpuTime(), time.Now()
	for n := range fast {
		c.Track(e)
		for n%1000 == 0 && c.Stats().QueuedBytes > 8<<20 {
			time.Sleep(100 * time.Microsecond)
		}
	}
	check(c.Flush())
	r = result{Events: fast, Took: time.Since(begin), CPU: cpuTime() - cpu}
	finish(c)
	return r
}

func finish(c *causality.Client) {
	check(c.Close())
	if s := c.Stats(); s.Delivered != s.Tracked {
		check(fmt.Errorf("not all arrived: %+v", s))
	}
}

func cpuTime() time.Duration {
	var usage syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
