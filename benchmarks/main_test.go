package benchmarks

import (
	"fmt"
	"os"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

var (
	arrivals  *sink.Sink // where all libraries send
	temporary string     // a directory until the process ends
)

func TestMain(m *testing.M) {
	sink.ServeIfChild()
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	var stop func()
	if arrivals, stop, err = sink.Start(); err != nil {
		return 0, err
	}
	defer stop()
	if temporary, err = os.MkdirTemp("", "benchmarks"); err != nil {
		return 0, err
	}
	defer os.RemoveAll(temporary)
	return m.Run(), nil
}

// begin forgets what has arrived so far.
func begin(tb testing.TB) {
	tb.Helper()
	if err := arrivals.Reset(0); err != nil {
		tb.Fatal(err)
	}
}

// arrived is how many events have arrived since begin.
func arrived(tb testing.TB) int {
	tb.Helper()
	t, err := arrivals.Tally()
	if err != nil {
		tb.Fatal(err)
	}
	return t.Events
}

// reportLost reports how many of the events have not arrived.
func reportLost(b *testing.B, events int) {
	b.Helper()
	b.ReportMetric(100*float64(events-arrived(b))/float64(events), "lost-%")
}
