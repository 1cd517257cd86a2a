package zerologcausality_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/log"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

var ada = causality.Identity{UserID: "u-1", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"}

func TestIdentityFromTheContext(t *testing.T) {
	ctx := causality.ContextWithIdentity(context.Background(), ada)
	for _, tc := range []struct {
		name string
		log  logFunc
		opts []zerologcausality.Option
		want causality.Event
	}{
		{
			name: "given to the call",
			log:  func(l zerolog.Logger) { l.Info().Ctx(ctx).Str("event", "e").Send() },
			want: causality.Event{EventType: "e", UserID: "u-1", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"},
		},
		{
			name: "bound to the logger",
			log: func(l zerolog.Logger) {
				l = l.With().Ctx(ctx).Logger()
				l.Info().Str("event", "e").Send()
			},
			want: causality.Event{EventType: "e", UserID: "u-1", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"},
		},
		{
			name: "the call's own before the logger's",
			log: func(l zerolog.Logger) {
				l = l.With().Ctx(ctx).Logger()
				l.Info().Ctx(context.Background()).Str("event", "e").Send()
			},
			want: causality.Event{EventType: "e"},
		},
		{
			name: "what the line says comes before it",
			log:  func(l zerolog.Logger) { l.Info().Ctx(ctx).Str("event", "e").Str("user_id", "u-2").Send() },
			want: causality.Event{EventType: "e", UserID: "u-2", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"},
		},
		{
			name: "the members of an Event come before the line",
			log: func(l zerolog.Logger) {
				l.Info().Ctx(ctx).Str("user_id", "u-2").Str("session_id", "s-2").Object("event", zerologcausality.Event("e", func(e *zerolog.Event) {
					e.Str("user_id", "u-3")
				})).Send()
			},
			want: causality.Event{EventType: "e", UserID: "u-3", SessionID: "s-2", DeviceID: "d-3", CorrelationID: "req-7"},
		},
		{
			name: "log.Ctx finds the logger, whose own context counts",
			log: func(l zerolog.Logger) {
				inRequest := l.With().Ctx(ctx).Logger().WithContext(ctx)
				log.Ctx(inRequest).Info().Str("event", "e").Send()
			},
			want: causality.Event{EventType: "e", UserID: "u-1", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantEvents(t, hooked(t, tc.log, tc.opts...), tc.want)
		})
	}
}

func TestUpdateContextBindsProperties(t *testing.T) {
	withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
		got := logged(func(l zerolog.Logger) {
			l.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Str("a", "1").Str("user_id", "u-1") })
			l.Info().Str("event", "first").Send()
			l.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Str("event", "bound").Str("b", "2") })
			l.Info().Send()
			l.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Reset() })
			l.Info().Send()
		})
		wantEvents(t, got,
			causality.Event{EventType: "first", UserID: "u-1", Properties: props{"a": "1"}},
			causality.Event{EventType: "bound", UserID: "u-1", Properties: props{"a": "1", "b": "2"}},
		)
	})
}

// What zerolog/hlog does to a request: NewHandler puts a logger of its own into
// the request's context, MethodHandler and its kin add fields to that.
func TestRequestLogger(t *testing.T) {
	got := hooked(t, func(l zerolog.Logger) {
		newHandler := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				own := l.With().Logger()
				next.ServeHTTP(w, r.WithContext(own.WithContext(r.Context())))
			})
		}
		methodHandler := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				zerolog.Ctx(r.Context()).UpdateContext(func(c zerolog.Context) zerolog.Context { return c.Str("method", r.Method) })
				next.ServeHTTP(w, r)
			})
		}
		identify := func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(causality.ContextWithIdentity(r.Context(), ada)))
			})
		}
		handler := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			zerolog.Ctx(r.Context()).Info().Ctx(r.Context()).Str("event", "cart_viewed").Str("path", r.URL.Path).Msg("viewed")
		})
		served := newHandler(methodHandler(identify(handler)))
		for _, method := range []string{"GET", "PUT"} {
			served.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, "/cart", nil))
		}
	})
	want := causality.Event{EventType: "cart_viewed", UserID: "u-1", SessionID: "s-9", DeviceID: "d-3", CorrelationID: "req-7"}
	get, put := want, want
	get.Properties, put.Properties = props{"method": "GET", "path": "/cart"}, props{"method": "PUT", "path": "/cart"}
	wantEvents(t, got, get, put)
}

func TestOtherHooks(t *testing.T) {
	add := zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, msg string) { e.Str("trace", "t-"+msg) })
	discard := zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) { e.Discard() })
	event := causality.Event{EventType: "e"}
	traced := causality.Event{EventType: "e", Properties: props{"trace": "t-m"}}
	for _, tc := range []struct {
		name          string
		before, after []zerolog.Hook
		want          []causality.Event
	}{
		{name: "what a hook before ours adds is a property", before: []zerolog.Hook{add}, want: []causality.Event{traced}},
		{name: "what a hook after ours adds is not seen", after: []zerolog.Hook{add}, want: []causality.Event{event}},
		{name: "a line that a hook before ours discards is no event", before: []zerolog.Hook{discard, add}},
		{name: "a line that a hook after ours discards has been tracked", after: []zerolog.Hook{discard}, want: []causality.Event{event}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, rec := newClient(t)
			l := zerolog.New(io.Discard).Hook(tc.before...).Hook(zerologcausality.NewHook(client)).Hook(tc.after...)
			l.Info().Str("event", "e").Msg("m")
			wantEvents(t, stored(t, client, rec), tc.want...)
		})
	}
}

func TestANilEventIsNone(t *testing.T) {
	client, rec := newClient(t)
	zerologcausality.NewHook(client).Run(nil, zerolog.FatalLevel, "m")
	wantEvents(t, stored(t, client, rec))
}

func TestHookLeavesTheLineAsItIs(t *testing.T) {
	client, _ := newClient(t)
	write := func(w io.Writer, hooks ...zerolog.Hook) {
		l := zerolog.New(w).Hook(hooks...)
		l.Info().Str("event", "e").Dict("d", zerolog.Dict().Int("n", 1)).Str("é\n", "\x00").Msg("done")
		l.Info().Object("event", zerologcausality.Event("e", func(e *zerolog.Event) { e.Bool("b", true) })).Send()
	}
	var bare, hooked bytes.Buffer
	write(&bare)
	write(&hooked, zerologcausality.NewHook(client))
	if bare.String() != hooked.String() {
		t.Errorf("with the hook\n%s without\n%s", &hooked, &bare)
	}
	if want := `{"level":"info","event":{"event_type":"e","b":true}}`; !strings.Contains(bare.String(), want) {
		t.Errorf("the group form is written as %s, want %s", &bare, want)
	}
}

func TestLevels(t *testing.T) {
	all := func(l zerolog.Logger) {
		for level := zerolog.TraceLevel; level <= zerolog.NoLevel; level++ {
			if level != zerolog.FatalLevel && level != zerolog.PanicLevel {
				l.WithLevel(level).Str("event", level.String()+"!").Send()
			}
		}
		l.WithLevel(zerolog.Disabled).Str("event", "disabled").Send()
		l.WithLevel(-5).Str("event", "-5").Send()
		l.WithLevel(42).Str("event", "42").Send()
		l.Info().Str("event", "discarded").Discard().Send()
	}
	for _, tc := range []struct {
		name string
		log  logFunc
		opts []zerologcausality.Option
		want string
	}{
		{"by default events begin at info", all, nil, "info! warn! error! ! 42"},
		{"WithLevel raises that", all, []zerologcausality.Option{zerologcausality.WithLevel(zerolog.ErrorLevel)}, "error! ! 42"},
		{"WithLevel lowers it", all, []zerologcausality.Option{zerologcausality.WithLevel(zerolog.TraceLevel)}, "trace! debug! info! warn! error! ! 42"},
		{"a line without a level is an event at any", all, []zerologcausality.Option{zerologcausality.WithLevel(zerolog.PanicLevel)}, "! 42"},
		{"the logger's level comes first", func(l zerolog.Logger) { all(l.Level(zerolog.WarnLevel)) }, nil, "warn! error! ! 42"},
		{"a disabled logger has none", func(l zerolog.Logger) { all(l.Level(zerolog.Disabled)) }, nil, ""},
		{"the logger's sampler comes first", func(l zerolog.Logger) {
			l = l.Sample(&zerolog.BasicSampler{N: 2})
			for i := range 4 {
				l.Info().Str("event", strconv.Itoa(i)).Send()
			}
		}, nil, "0 2"},
		{"Print and a standard library logger write no events", func(l zerolog.Logger) {
			l.Print(`"event":"e"`)
			_, _ = l.Write([]byte(`{"event":"e"}`))
		}, nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				var types []string
				for _, e := range logged(tc.log, tc.opts...) {
					types = append(types, e.EventType)
				}
				if got := strings.Join(types, " "); got != tc.want {
					t.Errorf("got events %q, want %q", got, tc.want)
				}
			})
		})
	}
	t.Run("the global level comes first", func(t *testing.T) {
		zerolog.SetGlobalLevel(zerolog.ErrorLevel)
		defer zerolog.SetGlobalLevel(zerolog.TraceLevel)
		if got := hooked(t, func(l zerolog.Logger) { l.Info().Str("event", "e").Send() }); len(got) != 0 {
			t.Errorf("got %+v", got)
		}
	})
}

// Level and sampler of the console, and not of the logger, leave events alone.
func TestFilteredAndSampledConsole(t *testing.T) {
	client, rec := newClient(t)
	var console bytes.Buffer
	filtered := &zerolog.FilteredLevelWriter{Writer: zerolog.LevelWriterAdapter{Writer: &console}, Level: zerolog.WarnLevel}
	sampled := sampledWriter{filtered, &zerolog.BasicSampler{N: 2}}
	l := zerolog.New(sampled).Hook(zerologcausality.NewHook(client))
	for range 4 {
		l.Info().Str("event", "info").Send()
		l.Warn().Str("event", "warn").Send()
		l.Warn().Msg("no event")
	}
	if got := len(stored(t, client, rec)); got != 8 {
		t.Errorf("%d events, want 8", got)
	}
	if got := strings.Count(console.String(), "\n"); got != 4 {
		t.Errorf("the console has %d lines, want 4:\n%s", got, &console)
	}
}

type sampledWriter struct {
	zerolog.LevelWriter
	sampler zerolog.Sampler
}

func (w sampledWriter) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	if !w.sampler.Sample(level) {
		return len(p), nil
	}
	return w.LevelWriter.WriteLevel(level, p)
}

// The client's own log lines never become events.
func TestDiagnosticsAreNoEvents(t *testing.T) {
	t.Run("with the context that marks them", func(t *testing.T) {
		ctx := diagnostic.NewContext(context.Background())
		wantEvents(t, hooked(t, func(l zerolog.Logger) { l.Error().Ctx(ctx).Str("event", "e").Send() }))
	})
	for name, newLogger := range adapters {
		t.Run("without it, to the "+name, func(t *testing.T) {
			var l zerolog.Logger
			client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
				cfg.Logger = slog.New(handlerFunc(func(r slog.Record) { l.Error().Msg(r.Message) }))
			}))
			l = newLogger(client).With().Str("event", "bound").Logger()
			l.Info().Msg("causality: a line of the user's")
			client.Track(causality.Event{}) // which is invalid, and so it is said
			if err := client.Close(); err != nil {
				t.Fatal(err)
			}
			if got := rec.Events(); len(got) != 1 || client.Stats().Tracked != 2 {
				t.Errorf("got %+v, want the user's alone", got)
			}
		})
	}
}

// handlerFunc is a slog.Handler made of one function that sees no context.
type handlerFunc func(slog.Record)

func (f handlerFunc) Enabled(context.Context, slog.Level) bool      { return true }
func (f handlerFunc) Handle(_ context.Context, r slog.Record) error { f(r); return nil }
func (f handlerFunc) WithAttrs([]slog.Attr) slog.Handler            { return f }
func (f handlerFunc) WithGroup(string) slog.Handler                 { return f }

func TestConcurrentUse(t *testing.T) {
	const goroutines, each = 8, 200
	for name, newLogger := range adapters {
		t.Run(name, func(t *testing.T) {
			client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.MaxInFlight = 4 }))
			l := newLogger(client)
			var wg sync.WaitGroup
			for g := range goroutines {
				own := l.With().Int("g", g).Logger()
				wg.Add(1)
				go func() {
					defer wg.Done()
					for i := range each {
						id := strconv.Itoa(i)
						l.Info().Msg("no event")
						own.Info().Str("event", "e").Str("id", id).Dict("d", zerolog.Dict().Str("id", id)).Send()
					}
				}()
			}
			wg.Wait()
			events := stored(t, client, rec)
			if len(events) != goroutines*each {
				t.Fatalf("%d events, want %d", len(events), goroutines*each)
			}
			for _, e := range events {
				if e.Properties["id"] != e.Properties["d_id"] || len(e.Properties) != 3 {
					t.Fatalf("lines were mixed up: %v", e.Properties)
				}
			}
		})
	}
}
