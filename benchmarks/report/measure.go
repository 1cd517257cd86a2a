package main

import (
	"bytes"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/endtoend"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/peers"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

// plan is how much is measured.
type plan struct {
	rounds int
	// benchtime is that of each benchmark, in each round.
	benchtime time.Duration
	events    int // end to end
	seconds   int // at a rate
}

func effort(short bool) plan {
	if short {
		return plan{rounds: 3, benchtime: 20 * time.Millisecond, events: 50_000, seconds: 2}
	}
	return plan{rounds: 6, benchtime: 100 * time.Millisecond, events: 500_000, seconds: 5}
}

// slow is a library that would take longer than all others together, and is given
// fewer events.
const slow, slowBy = "sentry", 5

const (
	rate  = 20_000
	delay = 50 * time.Millisecond
)

// measurement collects lines in the form of go test -bench.
type measurement struct {
	plan
	text bytes.Buffer
	sink *sink.Sink

	benchmarks, endtoend string // programs
}

// measure takes every measure in every round, so that what else the machine does
// meets all of them.
func measure(p plan) ([]byte, error) {
	dir, err := os.MkdirTemp("", "performance")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	m := &measurement{plan: p, benchmarks: filepath.Join(dir, "benchmarks"), endtoend: filepath.Join(dir, "endtoend")}
	for _, build := range [][]string{{"test", "-c", "-o", m.benchmarks, "."}, {"build", "-o", m.endtoend, "./endtoend"}} {
		if out, err := exec.Command("go", build...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go %s: %w: %s", strings.Join(build, " "), err, out)
		}
	}
	var stop func()
	if m.sink, stop, err = sink.Start(); err != nil {
		return nil, err
	}
	defer stop()

	if err := m.setting(); err != nil {
		return nil, err
	}
	for round := range p.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, p.rounds)
		// Those that the aims are about more often: their differences are small.
		for _, pattern := range []string{".", often, often} {
			if err := m.runBenchmarks(pattern); err != nil {
				return nil, err
			}
		}
		if err := m.runEndToEnd(); err != nil {
			return nil, err
		}
	}
	if err := m.runAtRate(); err != nil {
		return nil, err
	}
	if err := m.profile(dir); err != nil {
		return nil, err
	}
	if err := m.profileLogCalls(dir); err != nil {
		return nil, err
	}
	if err := m.runIdle(); err != nil {
		return nil, err
	}
	return m.text.Bytes(), nil
}

// setting says what was measured where and when.
func (m *measurement) setting() error {
	info, err := buildinfo.ReadFile(m.endtoend) // that of a test names no module
	if err != nil {
		return err
	}
	line := func(key, value string) { fmt.Fprintf(&m.text, "%s: %s\n", key, value) }
	line("date", time.Now().UTC().Format(time.DateOnly))
	line("go", info.GoVersion)
	line("goos", runtime.GOOS)
	line("goarch", runtime.GOARCH)
	line("machine", machine())
	line("load", load())
	line("rounds", fmt.Sprint(m.rounds))
	line("benchtime", m.benchtime.String())
	line("events", fmt.Sprint(m.events))
	for _, dep := range info.Deps {
		if slices.Contains(compared, dep.Path) {
			line("library", dep.Path+" "+dep.Version)
		}
	}
	return nil
}

// compared are the modules whose version matters.
var compared = []string{
	"github.com/posthog/posthog-go", "github.com/getsentry/sentry-go", "github.com/getsentry/sentry-go/slog",
	"github.com/getsentry/sentry-go/zerolog", "github.com/axiomhq/axiom-go", "go.opentelemetry.io/otel/sdk/log",
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp", "go.opentelemetry.io/contrib/bridges/otelslog",
	"go.opentelemetry.io/contrib/bridges/otelzap", "go.uber.org/zap", "github.com/rs/zerolog",
}

func machine() string {
	name := "an unknown processor"
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			name = strings.TrimSpace(value)
			break
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%s, %d cores, %s %s", name, runtime.NumCPU(), runtime.GOOS, strings.TrimSpace(string(kernel)))
}

// load is how busy the machine was before: what else it does is in every figure.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

const often = "^Benchmark(Track|Adapter|Line)$"

func (m *measurement) runBenchmarks(pattern string) error {
	out, err := exec.Command(m.benchmarks, "-test.run=^$", "-test.bench="+pattern, "-test.benchtime="+m.benchtime.String(), "-test.timeout=10m").CombinedOutput()
	if err != nil {
		return fmt.Errorf("the benchmarks: %w: %s", err, out)
	}
	for line := range bytes.Lines(out) {
		if bytes.HasPrefix(line, []byte("Benchmark")) && bytes.Contains(line, []byte("\t")) {
			m.text.Write(line)
		}
	}
	return nil
}

// libraries are the names of those that are called without a logger.
func libraries() (names []string) {
	for _, l := range peers.Trackers {
		names = append(names, l.Name)
	}
	return names
}

func (m *measurement) runEndToEnd() error {
	for _, library := range append(libraries(), "loop-50", "loop-200", "loop-1000") {
		events := m.events
		if library == slow {
			events /= slowBy
		}
		r, err := m.run(library, "-events", fmt.Sprint(events))
		if err != nil {
			return err
		}
		m.endToEndLine("EndToEnd", library, r)
		if library != "causality" {
			continue
		}
		// The ceiling at the bytes a request that ours had.
		if r, err = m.run(fmt.Sprintf("loop-%d", r.PerRequest()), "-events", fmt.Sprint(events)); err != nil {
			return err
		}
		m.endToEndLine("EndToEnd", "loop-alike", r)
	}
	return nil
}

func (m *measurement) endToEndLine(benchmark, library string, r endtoend.Result) {
	fmt.Fprintf(&m.text, "Benchmark%s/lib=%s \t%8d\t%10d ns/op\t%10d cpu-ns/event\t%.2f peak-MB\t%.1f B/event\t%d events/request\t%.4g lost-%%\t%d connections\n",
		benchmark, library, r.Events, r.Wall.Nanoseconds()/int64(r.Events), r.PerEvent().Nanoseconds(), float64(r.Peak)/1e6,
		float64(r.Tally.Bytes)/float64(max(r.Tally.Events, 1)), r.PerRequest(), 100*r.Lost(), r.Tally.Connections)
}

// profile says in which functions most of a run goes.
func (m *measurement) profile(dir string) error {
	cpu, mem := filepath.Join(dir, "cpu"), filepath.Join(dir, "mem")
	if _, err := m.run("causality", "-events", fmt.Sprint(2*m.events), "-cpuprofile", cpu); err != nil {
		return err
	}
	// Apart: to follow each allocation takes time.
	if _, err := m.run("causality", "-events", fmt.Sprint(m.events), "-memprofile", mem); err != nil {
		return err
	}
	for _, p := range []struct{ kind, sample, file string }{{"cpu", "cpu", cpu}, {"memory", "alloc_space", mem}} {
		rows, err := top("-nodecount=5", "-sample_index="+p.sample, m.endtoend, p.file)
		if err != nil {
			return err
		}
		for _, row := range rows {
			fmt.Fprintf(&m.text, "profile: %s %s %s\n", p.kind, row[1], row[5])
		}
	}
	return nil
}

// top is the rows that go tool pprof -top writes: flat, flat%, sum%, cum, cum% and
// the function.
func top(args ...string) (rows [][]string, err error) {
	out, err := exec.Command("go", append([]string{"tool", "pprof", "-top"}, args...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool pprof: %w", err)
	}
	_, list, _ := strings.Cut(string(out), "cum%\n")
	for line := range strings.Lines(list) {
		if row := strings.Fields(line); len(row) >= 6 {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// runAtRate has each library meet a steady rate and a gateway that is far away.
func (m *measurement) runAtRate() error {
	for _, library := range libraries() {
		r, err := m.run(library, "-events", fmt.Sprint(rate*m.seconds), "-rate", fmt.Sprint(rate), "-delay", delay.String())
		if err != nil {
			return err
		}
		m.endToEndLine("AtRate", library, r)
	}
	return nil
}

// runIdle lets all of them do nothing at the same time.
func (m *measurement) runIdle() error {
	const times = 3
	list := append(libraries(), "loop-1") // the loop has no goroutine: what the process itself does
	runs, errs := make([]endtoend.Result, times*len(list)), make([]error, times*len(list))
	var group sync.WaitGroup
	for i := range runs {
		group.Go(func() { runs[i], errs[i] = m.run(list[i/times], "-idle", fmt.Sprintf("%ds", 2*m.seconds)) })
	}
	group.Wait()
	for _, r := range runs {
		fmt.Fprintf(&m.text, "BenchmarkIdle/lib=%s \t%8d\t%.2f wake-ups/s\n", r.Library, 1, r.WakeUps)
	}
	return errors.Join(errs...)
}

func (m *measurement) run(library string, args ...string) (r endtoend.Result, err error) {
	cmd := exec.Command(m.endtoend, append([]string{"-library", library, "-sink", m.sink.String()}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w", library, err)
	}
	return r, json.Unmarshal(out, &r)
}
