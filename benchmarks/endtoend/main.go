// Command endtoend sends many events with one library and says what that took of
// this process. It has a process to itself so that memory and processor time are
// the library's.
//
//	go run ./endtoend -library causality -events 500000
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/endtoend"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/peers"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

func main() {
	sink.ServeIfChild()
	library := flag.String("library", "causality", "causality, causality-map, posthog, otel, axiom, sentry, or loop-N for the bare loop in batches of N")
	urls := flag.String("sink", "", "a running sink, as it names itself; default: one of its own")
	events := flag.Int("events", 500_000, "how many events")
	rate := flag.Int("rate", 0, "events a second; default: as fast as the library takes them without a loss")
	delay := flag.Duration("delay", 0, "how long the sink waits before it answers")
	flag.Parse()
	result, err := run(*library, *urls, *events, *rate, *delay)
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(result)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name, urls string, events, rate int, delay time.Duration) (r endtoend.Result, err error) {
	library, ok := peers.Find(peers.Trackers, name)
	if size, isLoop := strings.CutPrefix(name, "loop-"); isLoop {
		n, err := strconv.Atoi(size)
		if err != nil || n < 1 {
			return r, fmt.Errorf("no number of events: %q", size)
		}
		library, ok = peers.Loop(n), true
	}
	if !ok {
		return r, fmt.Errorf("no library %q", name)
	}
	s := sink.At(urls)
	if urls == "" {
		var stop func()
		if s, stop, err = sink.Start(); err != nil {
			return r, err
		}
		defer stop()
	}
	if err := s.Reset(delay); err != nil {
		return r, err
	}
	before, start := usage(), time.Now()
	sender, err := library.New(s.URL)
	if err != nil {
		return r, err
	}
	if rate > 0 {
		sendAtRate(sender, events, rate)
	} else {
		for i := range events {
			sender.Track()
			if i%peers.Burst == peers.Burst-1 {
				sender.Wait()
			}
		}
	}
	sender.Close()
	wall, after := time.Since(start), usage()
	tally, err := s.Tally()
	return endtoend.Result{
		Library: name, Events: events, Tally: tally, Wall: wall,
		CPU:  cpuTime(after) - cpuTime(before),
		Peak: after.Maxrss << 10,
	}, err
}

// sendAtRate sends without ever waiting for room, as requests do that log.
func sendAtRate(sender peers.Sender, events, rate int) {
	start, sent := time.Now(), 0
	for sent < events {
		due := min(events, int(time.Since(start).Seconds()*float64(rate)))
		for ; sent < due; sent++ {
			sender.Track()
		}
		time.Sleep(time.Millisecond)
	}
}

func usage() (u syscall.Rusage) {
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u
}

func cpuTime(u syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
