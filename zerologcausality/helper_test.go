package zerologcausality_test

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// props is short for the properties of an event.
type props = map[string]any

var (
	newClient  = adaptertest.NewClient
	stored     = adaptertest.Stored
	wantEvents = adaptertest.WantEvents
)

// noRoom makes a client whose queue is smaller than any event.
func noRoom(cfg *causality.Config) {
	cfg.MaxQueueBytes, cfg.Attrs, cfg.Logger = 1024, []slog.Attr{slog.String("large", strings.Repeat("x", 1024))}, silent
}

var silent = slog.New(slog.DiscardHandler)

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
