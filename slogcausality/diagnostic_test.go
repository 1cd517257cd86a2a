package slogcausality_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// The client reports a lost event through a logger of which every line is an
// event: were its report one too, that might be lost as well, and so on for ever.
func TestTheClientsOwnLinesAreNoEvents(t *testing.T) {
	lose := func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder, out *lines) {
		t.Helper()
		client.Track(causality.Event{}) // Invalid: it has no type
		deadline := time.Now().Add(10 * time.Second)
		written := ""
		for !strings.Contains(written, "invalid event dropped") {
			if time.Now().After(deadline) {
				t.Fatalf("the client has not said that it dropped an event: %q", written)
			}
			time.Sleep(time.Millisecond)
			written += out.take()
		}
		wantEvents(t, stored(t, client, rec))
		if s := client.Stats(); s.Tracked != 1 {
			t.Errorf("%d events were tracked, want the lost one alone", s.Tracked)
		}
	}

	t.Run("where the logger was made for the client", func(t *testing.T) {
		var out lines
		// The logger needs the client and the client the logger.
		var l *slog.Logger
		client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
			cfg.Logger = slog.New(late{&l})
		}))
		l = slog.New(slogcausality.Tee(slog.NewTextHandler(&out, nil), client)).With("event", "x")
		lose(t, client, rec, &out)
	})
	t.Run("where the logger becomes the default before the client is made", func(t *testing.T) {
		logTo(t)
		var out lines
		var l *slog.Logger
		slog.SetDefault(slog.New(late{&l}))
		client, rec := newClient(t, withDefaultLogger)
		l = slog.New(slogcausality.Tee(slog.NewTextHandler(&out, nil), client)).With("event", "x")
		lose(t, client, rec, &out)
	})
	t.Run("where the logger becomes the default after the client is made", func(t *testing.T) {
		logTo(t)
		var out lines
		client, rec := newClient(t, withDefaultLogger)
		slog.SetDefault(slog.New(slogcausality.Tee(slog.NewTextHandler(&out, nil), client)).With("event", "x"))
		lose(t, client, rec, &out)
	})
	t.Run("where the default tees what was the default", func(t *testing.T) {
		out := logTo(t)
		client, rec := newClient(t, withDefaultLogger)
		slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), client)).With("event", "x"))
		lose(t, client, rec, out)
	})
}

// withDefaultLogger gives the client no logger of its own, so slog.Default().
var withDefaultLogger = causalitytest.WithConfig(func(cfg *causality.Config) { cfg.Logger = nil })

// late is a handler whose logger is made later.
type late struct{ logger **slog.Logger }

func (h late) Enabled(ctx context.Context, level slog.Level) bool {
	return (*h.logger).Enabled(ctx, level)
}
func (h late) Handle(ctx context.Context, r slog.Record) error {
	return (*h.logger).Handler().Handle(ctx, r)
}
func (h late) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h late) WithGroup(string) slog.Handler      { return h }
