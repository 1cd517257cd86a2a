package benchmarks

import (
	"fmt"
	"os"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

// arrivals is where all libraries send.
var arrivals *sink.Sink

func TestMain(m *testing.M) {
	sink.ServeIfChild()
	s, stop, err := sink.Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	arrivals = s
	code := m.Run()
	stop()
	os.Exit(code)
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
