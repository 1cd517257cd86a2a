// Command report runs the benchmarks and writes docs/performance.md, its chart and
// the part of README.md that is about speed. Run it in the directory of the module
// on a machine that does nothing else; it takes about twelve minutes.
//
//	go run ./report
//	go run ./report -from ../docs/performance.txt   # writes again what was measured
//
// What it measured goes to docs/performance.txt, for benchstat -col /lib.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const root = ".."

// compared are the modules whose versions the page names.
var compared = []string{
	"github.com/axiomhq/axiom-go", "github.com/getsentry/sentry-go", "github.com/getsentry/sentry-go/slog",
	"github.com/getsentry/sentry-go/zerolog", "github.com/posthog/posthog-go", "github.com/rs/zerolog",
	"go.opentelemetry.io/contrib/bridges/otelslog", "go.opentelemetry.io/contrib/bridges/otelzap",
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp", "go.opentelemetry.io/otel/sdk/log", "go.uber.org/zap",
}

func main() {
	log.SetFlags(0)
	rounds := flag.Int("rounds", 6, "how often each benchmark runs")
	from := flag.String("from", "", "read this file instead of measuring")
	flag.Parse()
	var text []byte
	var err error
	if *from != "" {
		text, err = os.ReadFile(*from)
	} else {
		text, err = measure(*rounds)
	}
	if err != nil {
		log.Fatal(err)
	}
	// First, so that a mistake below costs no measuring.
	write("docs/performance.txt", text)
	files, err := pages(text)
	if err != nil {
		log.Fatal(err)
	}
	for name, content := range files {
		write(name, content)
	}
}

func write(name string, content []byte) {
	if err := os.WriteFile(filepath.Join(root, name), content, 0o644); err != nil {
		log.Fatal(err)
	}
}

// measure runs every benchmark in every round, so that what else the machine does
// meets all of them, and returns what go test printed below a heading of its own.
func measure(rounds int) ([]byte, error) {
	var text bytes.Buffer
	cpu, _ := exec.Command("sh", "-c", `sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1; uname -sr`).Output()
	fmt.Fprintf(&text, "date: %s\ngo: %s\nmachine: %s, %d cores\nrounds: %d\n", time.Now().UTC().Format(time.DateOnly), runtime.Version(),
		strings.ReplaceAll(strings.TrimSpace(string(cpu)), "\n", ", "), runtime.NumCPU(), rounds)
	versions, err := exec.Command("go", append([]string{"list", "-m", "-f", "library: {{.Path}} {{.Version}}"}, compared...)...).Output()
	if err != nil {
		return nil, err
	}
	text.Write(versions)
	for round := range rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, rounds)
		cmd := exec.Command("go", "test", "-run=^$", "-bench=.", "-benchtime=100ms", "-timeout=30m", ".")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("go test: %w: %s", err, out)
		}
		for line := range bytes.Lines(out) {
			if bytes.HasPrefix(line, []byte("Benchmark")) && bytes.Contains(line, []byte("\t")) {
				text.Write(line)
			}
		}
	}
	return text.Bytes(), nil
}
