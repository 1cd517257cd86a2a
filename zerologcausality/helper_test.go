package zerologcausality_test

import (
	"bytes"
	"io"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// props is short for the properties of an event.
type props = map[string]any

const testDevice = "test-device" // of causalitytest.New

var silent = slog.New(slog.DiscardHandler)

// newClient returns a client that sends nothing before it is flushed, so that
// events are stored in the order in which they were logged.
func newClient(t testing.TB, opts ...causalitytest.Option) (*causality.Client, *causalitytest.Recorder) {
	t.Helper()
	patient := causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.FlushInterval, cfg.BatchSize, cfg.MaxInFlight = time.Hour, 1000, 1
	})
	return causalitytest.New(t, append([]causalitytest.Option{patient}, opts...)...)
}

// stored flushes and returns the events that have arrived since it was last
// called, without the fields that a test of an adapter cannot foretell: key, app
// and time, and the device where it is the client's own.
func stored(t testing.TB, client *causality.Client, rec *causalitytest.Recorder) []causality.Event {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	events := rec.Take()
	for i := range events {
		e := &events[i]
		e.AppID, e.IdempotencyKey, e.TimestampMs = "", "", 0
		if e.DeviceID == testDevice {
			e.DeviceID = ""
		}
	}
	return events
}

// adapters are the two ways from a logger to its events.
var adapters = map[string]func(client *causality.Client, opts ...zerologcausality.Option) zerolog.Logger{
	"hook": func(client *causality.Client, opts ...zerologcausality.Option) zerolog.Logger {
		return zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client, opts...))
	},
	"writer": func(client *causality.Client, opts ...zerologcausality.Option) zerolog.Logger {
		return zerolog.New(zerolog.MultiLevelWriter(io.Discard, zerologcausality.NewWriter(client, opts...)))
	},
}

// withEach runs a test with the hook and with the writer. logged returns the
// events that come of what log logs.
func withEach(t *testing.T, test func(t *testing.T, logged func(log func(l zerolog.Logger), opts ...zerologcausality.Option) []causality.Event)) {
	t.Helper()
	for name, newLogger := range adapters {
		t.Run(name, func(t *testing.T) {
			test(t, func(log func(l zerolog.Logger), opts ...zerologcausality.Option) []causality.Event {
				t.Helper()
				client, rec := newClient(t)
				log(newLogger(client, opts...))
				return stored(t, client, rec)
			})
		})
	}
}

// hooked returns the events that come of what log logs through a logger with the
// hook.
func hooked(t testing.TB, log func(l zerolog.Logger), opts ...zerologcausality.Option) []causality.Event {
	t.Helper()
	client, rec := newClient(t)
	log(adapters["hook"](client, opts...))
	return stored(t, client, rec)
}

func wantEvents(t testing.TB, got []causality.Event, want ...causality.Event) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if len(got[i].Properties) == 0 {
			got[i].Properties = nil
		}
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("event %d\n got %+v\nwant %+v", i, got[i], want[i])
		}
	}
}

// set changes one of zerolog's globals for the time of a test.
func set[T any](t testing.TB, global *T, v T) {
	t.Helper()
	before := *global
	*global = v
	t.Cleanup(func() { *global = before })
}

// diagnosticsOf returns what client logs while log runs, and closes it.
func diagnosticsOf(t testing.TB, log func(client *causality.Client)) string {
	t.Helper()
	var lines bytes.Buffer
	client, _ := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(&lines, nil))
	}))
	log(client)
	if err := client.Close(); err != nil { // after which it logs nothing
		t.Fatal(err)
	}
	return lines.String()
}
