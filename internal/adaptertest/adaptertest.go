// Package adaptertest is what the tests of the logger adapters share.
package adaptertest

import (
	"reflect"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// Device is the DeviceID of a client that causalitytest.New returns.
const Device = "test-device"

// NewClient returns a client that sends nothing before it is flushed, so that
// events are stored in the order in which they were logged.
func NewClient(t testing.TB, opts ...causalitytest.Option) (*causality.Client, *causalitytest.Recorder) {
	t.Helper()
	patient := causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.FlushInterval, cfg.BatchSize, cfg.MaxInFlight = time.Hour, 1000, 1
	})
	return causalitytest.New(t, append([]causalitytest.Option{patient, causalitytest.AllowDrops()}, opts...)...)
}

// Stored flushes and returns the events that have arrived since it was last
// called, without their times, some of which are the test's and some are not.
func Stored(t testing.TB, client *causality.Client, rec *causalitytest.Recorder) []causality.Event {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	events := rec.Take()
	for i := range events {
		events[i].TimestampMs = 0
	}
	return events
}

// WantEvents compares events. To have no properties is one thing, however it is
// written.
func WantEvents(t testing.TB, got []causality.Event, want ...causality.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		WantEvent(t, got[i], want[i])
	}
}

// WantEvent is WantEvents for one.
func WantEvent(t testing.TB, got, want causality.Event) {
	t.Helper()
	WantProps(t, got.Properties, want.Properties)
	got.Properties, want.Properties = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("event, beside its properties\n got %+v\nwant %+v", got, want)
	}
}

// WantProps compares properties.
func WantProps(t testing.TB, got, want map[string]any) {
	t.Helper()
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("properties\n got %#v\nwant %#v", got, want)
	}
}
