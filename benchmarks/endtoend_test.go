package benchmarks

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/endtoend"
	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/peers"
)

// The traffic of BenchmarkAtRate.
const (
	eventsPerSecond = 20_000
	roundTrip       = 50 * time.Millisecond
)

// BenchmarkEndToEnd sends many events as fast as each library takes them without
// a loss, in a process of its own, so that memory and processor time are the
// library's. The loop is the ceiling: it appends the same bytes without a check,
// a queue or a lock, and posts them one batch after the other.
func BenchmarkEndToEnd(b *testing.B) {
	events := 500_000
	if testing.Short() {
		events = 2_000
	}
	for _, library := range peers.Trackers {
		var last endtoend.Result
		b.Run("lib="+library.Name, func(b *testing.B) {
			n := events
			if library.Name == "sentry" {
				n /= 5 // or it would take longer than all others together
			}
			last = runEndToEnd(b, library.Name, "-events", fmt.Sprint(n))
		})
		if library.Name == "causality" && last.Events > 0 {
			b.Run("lib=loop-alike", func(b *testing.B) { // of as many bytes a request
				runEndToEnd(b, fmt.Sprintf("loop-%d", last.PerRequest()), "-events", fmt.Sprint(events))
			})
		}
	}
}

// BenchmarkAtRate has each library meet a steady rate and a gateway that is far
// away. Nobody waits for room: what a library cannot take is lost.
func BenchmarkAtRate(b *testing.B) {
	seconds := 4
	if testing.Short() {
		seconds = 1
	}
	for _, library := range peers.Trackers {
		b.Run("lib="+library.Name, func(b *testing.B) {
			runEndToEnd(b, library.Name, "-events", fmt.Sprint(eventsPerSecond*seconds), "-rate", fmt.Sprint(eventsPerSecond), "-delay", roundTrip.String())
		})
	}
}

func runEndToEnd(b *testing.B, library string, args ...string) (r endtoend.Result) {
	b.Helper()
	for range b.N {
		cmd := exec.Command(endToEndProgram(b), append([]string{"-library", library, "-sink", arrivals.String()}, args...)...)
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			b.Fatalf("%s: %v", library, err)
		}
		if err := json.Unmarshal(out, &r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(r.Wall.Nanoseconds())/float64(r.Events), "ns/op")
	b.ReportMetric(float64(r.PerEvent().Nanoseconds()), "cpu-ns/event")
	b.ReportMetric(float64(r.Peak)/1e6, "peak-MB")
	b.ReportMetric(float64(r.Tally.Bytes)/float64(max(r.Tally.Events, 1)), "B/event")
	b.ReportMetric(float64(r.PerRequest()), "events/request")
	b.ReportMetric(float64(r.Tally.Connections), "connections")
	b.ReportMetric(100*r.Lost(), "lost-%")
	return r
}

var programPath string

// endToEndProgram builds the command endtoend once.
func endToEndProgram(b *testing.B) string {
	b.Helper()
	if programPath == "" {
		path := filepath.Join(temporary, "endtoend")
		if out, err := exec.Command("go", "build", "-o", path, "./endtoend").CombinedOutput(); err != nil {
			b.Fatalf("go build: %v: %s", err, out)
		}
		programPath = path
	}
	return programPath
}
