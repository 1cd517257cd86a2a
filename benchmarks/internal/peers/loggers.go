package peers

import (
	"context"
	"io"
	"log/slog"

	adapter "github.com/axiomhq/axiom-go/adapters/slog"
	axiomzap "github.com/axiomhq/axiom-go/adapters/zap"
	axiomzerolog "github.com/axiomhq/axiom-go/adapters/zerolog"
	"github.com/getsentry/sentry-go"
	sentryslog "github.com/getsentry/sentry-go/slog"
	sentryzerolog "github.com/getsentry/sentry-go/zerolog"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/bridges/otelzap"
	"go.uber.org/zap/zapcore"

	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// Adapter attaches a library to a logger of type L.
type Adapter[L any] struct {
	Name string
	// New returns what the logger is made of, alone, and how to close it.
	New func(url string) (attached L, close func(), err error)
}

// SlogHandlers are the libraries' handlers.
var SlogHandlers = []Adapter[slog.Handler]{
	{"causality", func(url string) (slog.Handler, func(), error) {
		client, err := Causality(url)
		if err != nil {
			return nil, nil, err
		}
		return slogcausality.NewHandler(client), func() { _ = client.Close() }, nil
	}},
	{"otel", func(url string) (slog.Handler, func(), error) {
		provider, err := otelProvider(url)
		if err != nil {
			return nil, nil, err
		}
		return otelslog.NewHandler("checkout", otelslog.WithLoggerProvider(provider)), shutdown(provider), nil
	}},
	{"axiom", func(url string) (slog.Handler, func(), error) {
		client, err := axiomClient(url)
		if err != nil {
			return nil, nil, err
		}
		h, err := adapter.New(adapter.SetClient(client), adapter.SetDataset(axiomDataset))
		if err != nil {
			return nil, nil, err
		}
		return h, h.Close, nil
	}},
	{"sentry", func(url string) (slog.Handler, func(), error) {
		client, err := sentryClient(url)
		if err != nil {
			return nil, nil, err
		}
		ctx := sentry.SetHubOnContext(context.Background(), sentry.NewHub(client, sentry.NewScope()))
		return sentryslog.Option{}.NewSentryHandler(ctx), func() { client.Flush(closeTimeout); client.Close() }, nil
	}},
}

// ZapCores are the libraries' cores.
var ZapCores = []Adapter[zapcore.Core]{
	{"causality", func(url string) (zapcore.Core, func(), error) {
		client, err := Causality(url)
		if err != nil {
			return nil, nil, err
		}
		return zapcausality.NewCore(client), func() { _ = client.Close() }, nil
	}},
	{"otel", func(url string) (zapcore.Core, func(), error) {
		provider, err := otelProvider(url)
		if err != nil {
			return nil, nil, err
		}
		return otelzap.NewCore("checkout", otelzap.WithLoggerProvider(provider)), shutdown(provider), nil
	}},
	{"axiom", func(url string) (zapcore.Core, func(), error) {
		client, err := axiomClient(url)
		if err != nil {
			return nil, nil, err
		}
		core, err := axiomzap.New(axiomzap.SetClient(client), axiomzap.SetDataset(axiomDataset))
		if err != nil {
			return nil, nil, err
		}
		// It sends nothing before it is synced, and keeps all until then.
		synced := &syncing{Core: core}
		return synced, func() { _ = core.Sync() }, nil
	}},
}

// syncing syncs after as many entries as axiom's other adapters send at once.
type syncing struct {
	zapcore.Core
	entries int
}

func (s *syncing) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(entry, s)
}

func (s *syncing) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if s.entries++; s.entries%10_000 == 0 {
		_ = s.Sync()
	}
	return s.Core.Write(entry, fields)
}

// ZerologWriters are the libraries' writers. Causality's is a hook, which a
// logger gets beside its own writer.
var ZerologWriters = []Adapter[func(io.Writer) zerolog.Logger]{
	{"causality", func(url string) (func(io.Writer) zerolog.Logger, func(), error) {
		client, err := Causality(url)
		if err != nil {
			return nil, nil, err
		}
		hook := zerologcausality.NewHook(client)
		return func(w io.Writer) zerolog.Logger { return base(w).Hook(hook) }, func() { _ = client.Close() }, nil
	}},
	{"axiom", func(url string) (func(io.Writer) zerolog.Logger, func(), error) {
		client, err := axiomClient(url)
		if err != nil {
			return nil, nil, err
		}
		w, err := axiomzerolog.New(axiomzerolog.SetClient(client), axiomzerolog.SetDataset(axiomDataset))
		if err != nil {
			return nil, nil, err
		}
		return beside(w), w.Close, nil
	}},
	{"sentry", func(url string) (func(io.Writer) zerolog.Logger, func(), error) {
		client, err := sentryClient(url)
		if err != nil {
			return nil, nil, err
		}
		w, err := sentryzerolog.NewWithHub(sentry.NewHub(client, sentry.NewScope()), sentryzerolog.Options{Levels: []zerolog.Level{zerolog.InfoLevel}})
		if err != nil {
			return nil, nil, err
		}
		return beside(w), func() { client.Flush(closeTimeout); client.Close() }, nil
	}},
}

func base(w io.Writer) zerolog.Logger { return zerolog.New(w).With().Timestamp().Logger() }

// Zerolog returns a logger that writes to w alone.
func Zerolog(w io.Writer) zerolog.Logger { return base(w) }

func beside(library io.Writer) func(io.Writer) zerolog.Logger {
	return func(w io.Writer) zerolog.Logger { return base(zerolog.MultiLevelWriter(w, library)) }
}
