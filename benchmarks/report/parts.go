package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// logCall is a log call that is an event: what its logger, adapter and client take
// of it is said by the profile of BenchmarkAdapter.
type logCall struct {
	logger  string
	call    string  // the function that logs
	adapter string  // and the one in it that the logger calls
	aim     float64 // how many times the bare line the call may take
}

var logCalls = []logCall{
	{"slog", "benchmarks/internal/purchase.Slog", "slogcausality.(*Handler).Handle", slogAim},
	{"zap", "benchmarks/internal/purchase.Zap", "zapcausality.(*core).Write", zapAim},
	{"zerolog", "benchmarks/internal/purchase.Zerolog", "zerologcausality.(*hook).Run", zerologAim},
}

// part is what some functions of the module take, less what others in them do.
type part struct {
	name     string
	of, less []string
}

// parts of a call, from the outside to the inside.
func (c *logCall) parts() []part {
	const (
		record, track       = "internal/record.(*Record).Track", "core.(*Client).Track"
		encode, attr, queue = "core.(*encoder).encode", "core.(*encoder).attr", "core.(*batcher).add"
		key, id             = "core.newKey", "core.newID"
	)
	return []part{
		{"the logger", []string{c.call}, []string{c.adapter}},
		{"the adapter, which reads the line", []string{c.adapter}, []string{record}},
		{"whose event it is", []string{record}, []string{track}},
		{"the properties", []string{attr}, nil},
		{"two ids", []string{key, id}, nil},
		{"the rest of the event", []string{encode}, []string{attr, key, id}},
		{"the queue", []string{queue}, nil},
		{"the rest of Track", []string{track}, []string{encode, queue}},
	}
}

// profileLogCalls measures what each part of a log call takes, and what is left for
// all but the logger where the aim is reached.
func (m *measurement) profileLogCalls(dir string) error {
	file := filepath.Join(dir, "log")
	names := []string{}
	values := map[string]string{}
	add := func(name, logger string, ns float64) {
		if values[name] == "" {
			names = append(names, name)
		}
		values[name] += fmt.Sprintf("\t%.0f %s-ns", ns, logger)
	}
	for _, c := range logCalls {
		out, err := exec.Command(m.benchmarks, "-test.run=^$", "-test.bench=^BenchmarkAdapter$/^"+c.logger+"$", "-test.benchtime=3s", "-test.cpuprofile="+file).CombinedOutput()
		if err != nil {
			return fmt.Errorf("the benchmarks: %w: %s", err, out)
		}
		times, err := parse(out)
		if err != nil {
			return err
		}
		bare, _ := times.median("Adapter/"+c.logger+"/lib=bare", "ns/op")
		whole, _ := times.median("Adapter/"+c.logger+"/lib=causality", "ns/op")
		// All but the baseline goes through loop.
		shares, err := cumulative("-nodecount=2000", "-nodefraction=0", `-focus=benchmarks\.loop$`, m.benchmarks, file)
		if err != nil {
			return err
		}
		ns := func(functions []string) (sum float64) {
			for _, f := range functions {
				sum += whole * shares[f] / shares[c.call]
			}
			return sum
		}
		var ours float64
		for i, p := range c.parts() {
			t := ns(p.of) - ns(p.less)
			add(p.name, c.logger, t)
			if i > 0 {
				ours += t
			}
		}
		add("all but the logger", c.logger, ours)
		add("what the aim leaves for that", c.logger, c.aim*bare-(whole-ours))
	}
	for _, name := range names {
		fmt.Fprintf(&m.text, "BenchmarkParts/lib=%s \t1%s\n", strings.ReplaceAll(name, " ", "_"), values[name])
	}
	return nil
}

// cumulative is the share of each function, with those that it calls, by its name
// within the module.
func cumulative(args ...string) (map[string]float64, error) {
	rows, err := top(append([]string{"-cum"}, args...)...)
	shares := map[string]float64{}
	for _, row := range rows {
		if share, err := strconv.ParseFloat(strings.TrimSuffix(row[4], "%"), 64); err == nil {
			shares[strings.TrimPrefix(row[5], "github.com/SebastienMelki/causality/sdk/go/")] = share
		}
	}
	return shares, err
}
