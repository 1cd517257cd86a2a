//go:build go1.25

package adaptertest_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// ways are the ways in which a function that the client calls may log an event.
// Each logs one for every call.
var ways = []struct {
	name string
	make func(client *causality.Client) (log func(value any))
}{
	{"slog", func(client *causality.Client) func(any) {
		l := slogTee(client)
		return func(v any) { l.Info("m", "event", "inner", "v", v) }
	}},
	{"zap", func(client *causality.Client) func(any) {
		l := zapTee(client)
		return func(v any) { l.Info("m", zap.String("event", "inner"), zap.Any("v", v)) }
	}},
	{"zerolog hook", func(client *causality.Client) func(any) {
		l := zerologHook(client)
		return func(any) { l.Info().Str("event", "inner").Msg("m") }
	}},
	{"zerolog writer", func(client *causality.Client) func(any) {
		l := zerologWriter(client)
		return func(any) { l.Info().Str("event", "inner").Msg("m") }
	}},
	{"Track", func(client *causality.Client) func(any) {
		return func(v any) {
			client.Track(causality.Event{EventType: "inner", Properties: props{"v": v}})
		}
	}},
	{"the three loggers in turn", func(client *causality.Client) func(any) {
		s, z, h := slogTee(client), zapTee(client), zerologHook(client)
		var n atomic.Int64
		return func(v any) {
			switch n.Add(1) % 3 {
			case 0:
				s.Info("m", "event", "inner", "v", v)
			case 1:
				z.Info("m", zap.String("event", "inner"), zap.Any("v", v))
			default:
				h.Info().Str("event", "inner").Msg("m")
			}
		}
	}},
}

// looper is called by the client where a test says, and logs an event then.
type looper struct {
	log  func(value any)
	busy atomic.Int64 // how often it has been called
}

func (l *looper) call() {
	if l.busy.Add(1) > 1000 {
		panic("called for ever") // before the stack overflows, which nothing recovers
	}
	l.log(nil)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A function that the client calls may log an event, and would be called for that
// one again. It is dropped and counted; the event that it was called for arrives.
func TestAFunctionThatTheClientCallsMayLogAnEvent(t *testing.T) {
	for _, hook := range []struct {
		name string
		// set gives the client the function.
		set func(l *looper, cfg *causality.Config)
	}{
		{"BeforeTrack", func(l *looper, cfg *causality.Config) {
			cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
				l.call()
				return e, true
			}
		}},
		{"ReplaceAttr", func(l *looper, cfg *causality.Config) {
			cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
				l.call()
				return a
			}
		}},
		{"Identity", func(l *looper, cfg *causality.Config) {
			cfg.Identity = func(context.Context) causality.Identity {
				l.call()
				return causality.Identity{}
			}
		}},
		{"Transport", func(l *looper, cfg *causality.Config) {
			next := cfg.Transport
			cfg.Transport = roundTripper(func(req *http.Request) (*http.Response, error) {
				l.call()
				return next.RoundTrip(req)
			})
		}},
	} {
		for _, way := range ways {
			t.Run(hook.name+", through "+way.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					l := new(looper)
					client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) { hook.set(l, cfg) }))
					l.log = way.make(client)
					client.TrackContext(background, causality.Event{EventType: "outer", Properties: props{"n": 1}})
					outcome(t, client, rec, l)
				})
			})
		}
	}
}

// outcome waits for what becomes of one outer event.
func outcome(t *testing.T, client *causality.Client, rec *causalitytest.Recorder, l *looper) {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(24 * time.Hour) // for whatever grows
	got := withoutVolatile(rec.Take())
	adaptertest.WantEvents(t, got, one("outer", props{"n": int64(1)})...)
	called, s := l.busy.Load(), client.Stats()
	if called == 0 || called > 3 {
		t.Errorf("the function was called %d times", called)
	}
	if s.Tracked != 1+called || s.Dropped.Filtered != called {
		t.Errorf("of 1 event and %d in the function: %+v", called, s)
	}
}

// A client whose every event is rejected calls OnError for each.
func TestOnErrorMayLogAnEventThatIsRejected(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(looper)
				client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) {
					cfg.OnError = func(error) { l.call() }
				}))
				l.log = way.make(client)
				rec.Always(causalitytest.Status(http.StatusUnauthorized))
				client.Track(causality.Event{EventType: "outer", Properties: props{"n": 1}})
				if err := client.Flush(); err == nil {
					t.Fatal("Flush: no error")
				}
				synctest.Wait()
				rec.Always(causalitytest.Accept())
				outcome(t, client, rec, l)
			})
		})
	}
}

// The client's Logger may log events of its own for each line.
func TestALoggerMayLogAnEvent(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := new(looper)
				client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) {
					cfg.Logger = slog.New(handler(func(string) { l.call() }))
				}))
				l.log = way.make(client)
				client.Track(causality.Event{}) // Invalid, which the client says
				synctest.Wait()
				time.Sleep(24 * time.Hour)
				if err := client.Flush(); err != nil {
					t.Fatal(err)
				}
				adaptertest.WantEvents(t, withoutVolatile(rec.Take()))
				// One line is about the invalid event, and one about that of the Logger.
				if called, s := l.busy.Load(), client.Stats(); called != 2 || s.Tracked != 1+called || s.Dropped.Filtered != called {
					t.Errorf("the Logger was called %d times: %+v", called, s)
				}
			})
		})
	}
}

// Values whose methods log an event that carries the value itself.
type (
	loggingStringer struct{ l *looper }
	loggingError    struct{ l *looper }
	loggingText     struct{ l *looper }
	loggingJSON     struct{ l *looper }
)

func (v loggingStringer) String() string { v.l.log(v); v.l.busy.Add(1); return "value" }
func (v loggingError) Error() string     { v.l.log(v); v.l.busy.Add(1); return "value" }
func (v loggingText) MarshalText() ([]byte, error) {
	v.l.log(v)
	v.l.busy.Add(1)
	return []byte("value"), nil
}
func (v loggingJSON) MarshalJSON() ([]byte, error) {
	v.l.log(v)
	v.l.busy.Add(1)
	return []byte(`"value"`), nil
}

type loggingValuer struct{ l *looper }

func (v loggingValuer) LogValue() slog.Value {
	v.l.log(v)
	v.l.busy.Add(1)
	return slog.StringValue("value")
}

// A value may log itself while it is read. That ends, and the event that was being read arrives. The lines are not written, because
// the handlers that write them read the value as well.
func TestAValueMayLogItself(t *testing.T) {
	for name, make := range map[string]func(l *looper) any{
		"a LogValuer":      func(l *looper) any { return loggingValuer{l} },
		"a Stringer":       func(l *looper) any { return loggingStringer{l} },
		"an error":         func(l *looper) any { return loggingError{l} },
		"a TextMarshaler":  func(l *looper) any { return loggingText{l} },
		"a JSON marshaler": func(l *looper) any { return loggingJSON{l} },
	} {
		for _, key := range []string{"v", "user_id", "event", ""} {
			t.Run(name+" under "+key, func(t *testing.T) {
				l := new(looper)
				v := make(l)
				client, rec := adaptertest.NewClient(t)
				s, z := slogOnly(client), zapOnly(client)
				turn := 0
				l.log = func(v any) {
					switch turn++; turn % 3 {
					case 0:
						s.Info("m", "event", "inner", key, v)
					case 1:
						z.Info("m", zap.String("event", "inner"), zap.Any(key, v))
					default:
						s.With(key, v).Info("m", "event", "inner")
						z.With(zap.Any(key, v)).Info("m", zap.String("event", "inner"))
					}
					if turn > 1000 {
						panic("called for ever")
					}
				}
				s.Info("m", "event", "outer", "n", 1, key, v)
				z.Info("m", zap.String("event", "outer"), zap.Int("n", 1), zap.Any(key, v))
				client.Track(causality.Event{EventType: "outer", Attrs: []slog.Attr{slog.Int("n", 1), slog.Any(key, v)}})
				got := adaptertest.Stored(t, client, rec)
				if len(got) != 3 {
					t.Fatalf("%d events arrived, want the 3 outer ones: %+v", len(got), got)
				}
				if s := client.Stats(); s.Dropped.Filtered == 0 || s.Dropped.Filtered > 300 || s.Dropped.Total() != s.Dropped.Filtered {
					t.Errorf("the inner events: %+v", s.Dropped)
				}
			})
		}
	}
}

// As TestAValueMayLogItself, for what zap alone calls.
func TestAMarshalerMayLogItself(t *testing.T) {
	client, rec := adaptertest.NewClient(t)
	l := zapOnly(client)
	calls := 0
	var self zapcore.ObjectMarshalerFunc
	self = func(enc zapcore.ObjectEncoder) error {
		if calls++; calls > 1000 {
			return errors.New("called for ever")
		}
		enc.AddString("before", "b")
		l.Info("m", zap.String("event", "inner"), zap.Object("v", self), zap.Inline(self), zap.Objects("list", []zapcore.ObjectMarshalerFunc{self}))
		l.With(zap.Object("v", self)).Info("m", zap.String("event", "inner"))
		enc.AddInt("after", 1)
		return nil
	}
	l.Info("m", zap.String("event", "outer"), zap.Object("v", self))
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), one("outer", props{"v_before": "b", "v_after": int64(1)})...)
	if calls > 100 {
		t.Errorf("the marshaler was called %d times", calls)
	}
}

// What is logged for the user's function on another goroutine is not known to be
// its, and passes the same hooks.
func TestAnotherGoroutineIsNotTheHooks(t *testing.T) {
	seen := make(chan string, 10)
	var client *causality.Client
	client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			seen <- e.EventType
			if e.EventType == "outer" {
				done := make(chan struct{})
				go func() { client.Track(causality.Event{EventType: "inner"}); close(done) }()
				<-done
			}
			return e, true
		}
	}))
	client.Track(causality.Event{EventType: "outer"})
	adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec), causality.Event{EventType: "inner"}, causality.Event{EventType: "outer"})
	if len(seen) != 2 {
		t.Errorf("BeforeTrack saw %d events, want both", len(seen))
	}
}
