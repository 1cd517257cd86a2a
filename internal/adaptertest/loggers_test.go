package adaptertest_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// props is short for the properties of an event.
type props = map[string]any

func slogTee(client *causality.Client, opts ...slogcausality.Option) *slog.Logger {
	return slog.New(slogcausality.Tee(slog.NewJSONHandler(io.Discard, nil), client, opts...))
}

func zapTee(client *causality.Client, opts ...zapcausality.Option) *zap.Logger {
	console := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
	return zap.New(console, zapcausality.Tee(client, opts...))
}

func zerologHook(client *causality.Client, opts ...zerologcausality.Option) zerolog.Logger {
	return zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client, opts...))
}

func zerologWriter(client *causality.Client, opts ...zerologcausality.Option) zerolog.Logger {
	return zerolog.New(zerolog.MultiLevelWriter(io.Discard, zerologcausality.NewWriter(client, opts...)))
}

// slogOnly and zapOnly write no lines.
func slogOnly(client *causality.Client) *slog.Logger {
	return slog.New(slogcausality.NewHandler(client))
}

func zapOnly(client *causality.Client) *zap.Logger { return zap.New(zapcausality.NewCore(client)) }

// calls is the same log calls in the words of each logger. A nil one is skipped.
type calls struct {
	slog    func(l *slog.Logger)
	zap     func(l *zap.Logger)
	zerolog func(l zerolog.Logger)
}

// withEach runs test with each logger that the calls are for. log makes them
// through a logger that tracks with client.
func (c calls) withEach(t *testing.T, test func(t *testing.T, log func(client *causality.Client))) {
	t.Helper()
	if c.slog != nil {
		t.Run("slog", func(t *testing.T) {
			test(t, func(client *causality.Client) { c.slog(slogTee(client)) })
		})
	}
	if c.zap != nil {
		t.Run("zap", func(t *testing.T) {
			test(t, func(client *causality.Client) { c.zap(zapTee(client)) })
		})
	}
	if c.zerolog != nil {
		t.Run("zerolog hook", func(t *testing.T) {
			test(t, func(client *causality.Client) { c.zerolog(zerologHook(client)) })
		})
		t.Run("zerolog writer", func(t *testing.T) {
			test(t, func(client *causality.Client) { c.zerolog(zerologWriter(client)) })
		})
	}
}

// want makes the calls with each logger and compares the events that arrive.
func (c calls) want(t *testing.T, want []causality.Event, opts ...causalitytest.Option) {
	t.Helper()
	c.withEach(t, func(t *testing.T, log func(client *causality.Client)) {
		client, rec := adaptertest.NewClient(t, opts...)
		log(client)
		adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), want...)
	})
}

// one is the one event that most calls make.
func one(eventType string, properties props) []causality.Event {
	return []causality.Event{{EventType: eventType, Properties: properties}}
}

func config(change func(*causality.Config)) causalitytest.Option {
	return causalitytest.WithConfig(change)
}

var background = context.Background()
