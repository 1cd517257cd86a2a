package adaptertest_test

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// handler passes on the message of a record and nothing else, as a bridge from
// log/slog to another logger does.
type handler func(message string)

func (h handler) Enabled(context.Context, slog.Level) bool      { return true }
func (h handler) Handle(_ context.Context, r slog.Record) error { h(r.Message); return nil }
func (h handler) WithAttrs([]slog.Attr) slog.Handler            { return h }
func (h handler) WithGroup(string) slog.Handler                 { return h }

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// The client's own lines never become events: one about a lost event would be
// another, which might be lost as well. Here each logger has an event bound, so
// that every line it writes is one, and none gets the context that marks them.
func TestTheClientsOwnLinesAreNoEvents(t *testing.T) {
	bound := map[string]func(client *causality.Client) (log func(message string)){
		"slog": func(client *causality.Client) func(string) {
			l := slogTee(client).With("event", "x")
			return func(message string) { l.Info(message) }
		},
		"slog with an event on every line": func(client *causality.Client) func(string) {
			l := slogTee(client)
			return func(message string) { l.Info(message, "event", "x") }
		},
		"zap": func(client *causality.Client) func(string) {
			l := zapTee(client).With(zap.String("event", "x"))
			return func(message string) { l.Info(message) }
		},
		"zerolog hook": func(client *causality.Client) func(string) {
			l := zerologHook(client).With().Str("event", "x").Logger()
			return func(message string) { l.Info().Msg(message) }
		},
		"zerolog writer": func(client *causality.Client) func(string) {
			l := zerologWriter(client).With().Str("event", "x").Logger()
			return func(message string) { l.Info().Msg(message) }
		},
	}
	ways := map[string]func(log func(message string)) slog.Handler{
		"a handler that drops the context": func(log func(string)) slog.Handler { return handler(log) },
		"a handler on another goroutine": func(log func(string)) slog.Handler {
			return handler(func(message string) {
				done := make(chan struct{})
				go func() { log(message); close(done) }()
				<-done
			})
		},
		"a text handler": func(log func(string)) slog.Handler {
			return slog.NewTextHandler(writer(func(p []byte) { log(string(bytes.TrimSpace(p))) }), nil)
		},
		"the log package": func(log func(string)) slog.Handler {
			std := newStdLogger(log)
			return handler(func(message string) { std.Print("ERROR ", message, " count=1") })
		},
	}
	for name, newLogger := range bound {
		for way, newHandler := range ways {
			t.Run(name+", through "+way, func(t *testing.T) {
				var to atomic.Value // of func(string): the logger needs the client, and the client the logger
				var lines atomic.Int64
				client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) {
					cfg.Logger = slog.New(newHandler(func(message string) {
						lines.Add(1)
						to.Load().(func(string))(message)
					}))
				}))
				logLine := newLogger(client)
				to.Store(logLine)
				client.Track(causality.Event{}) // Invalid: it has no type
				logLine("one of the service's, causality: not the client's")
				if err := client.Close(); err != nil {
					t.Fatal(err)
				}
				if lines.Load() == 0 {
					t.Error("the client has not said that it dropped an event")
				}
				adaptertest.WantEvents(t, withoutVolatile(rec.Take()), causality.Event{EventType: "x"})
				if got := client.Stats().Tracked; got != 2 {
					t.Errorf("%d events were tracked, want 2: the invalid one and the service's", got)
				}
			})
		}
	}
}

func newStdLogger(line func(string)) *log.Logger {
	return log.New(writer(func(p []byte) { line(string(p)) }), "svc: ", log.LstdFlags)
}

// zap.RedirectStdLog is how the default logger's lines reach zap.
func TestTheClientsOwnLinesThroughRedirectStdLog(t *testing.T) {
	before := log.Writer()
	defer log.SetOutput(before)
	client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) { cfg.Logger = nil }))
	restore := zap.RedirectStdLog(zapTee(client).With(zap.String("event", "x")))
	defer restore()
	client.Track(causality.Event{})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	adaptertest.WantEvents(t, withoutVolatile(rec.Take()))
}

// withoutVolatile clears what differs from run to run.
func withoutVolatile(events []causality.Event) []causality.Event {
	for i := range events {
		e := &events[i]
		e.AppID, e.IdempotencyKey, e.TimestampMs, e.DeviceID = "", "", 0, ""
	}
	return events
}
