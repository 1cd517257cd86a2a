package slogcausality_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestTeePassesOn(t *testing.T) {
	t.Run("next writes the line as without the tee, event attribute and all", func(t *testing.T) {
		client, _ := newClient(t)
		var plain, teed bytes.Buffer
		log := func(h slog.Handler) {
			l := slog.New(h).With("a", 1, "user_id", "u-1").WithGroup("g")
			l.Info("order placed", "event", "x", slog.Group("h", "b", 2))
			l.Warn("order placed", slogcausality.Event("x", slog.String("order_id", "o-1")), "c", 3)
			l.Error("no event")
		}
		opts := &slog.HandlerOptions{AddSource: true, ReplaceAttr: withoutTime}
		log(slog.NewJSONHandler(&plain, opts))
		log(slogcausality.Tee(slog.NewJSONHandler(&teed, opts), client))
		if plain.String() != teed.String() {
			t.Errorf("with the tee\n%swithout\n%s", teed.String(), plain.String())
		}
	})
	t.Run("next gets the context of the call", func(t *testing.T) {
		type key struct{}
		client, _ := newClient(t)
		var got any
		next := handlerFunc(func(ctx context.Context, _ slog.Record) error { got = ctx.Value(key{}); return nil })
		slog.New(slogcausality.Tee(next, client)).InfoContext(context.WithValue(t.Context(), key{}, "v"), "m", "event", "x")
		if got != "v" {
			t.Errorf("value of the context = %v", got)
		}
	})
	t.Run("the error of next is returned as it is", func(t *testing.T) {
		client, rec := newClient(t)
		full := errors.New("disk full")
		h := slogcausality.Tee(handlerFunc(func(context.Context, slog.Record) error { return full }), client)
		if err := h.Handle(t.Context(), record(slog.LevelInfo, slog.String("event", "x"))); err != full {
			t.Errorf("Handle returned %v, want next's own error", err)
		}
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x"})
	})
	t.Run("the event is tracked even if next panics", func(t *testing.T) {
		client, rec := newClient(t)
		h := slogcausality.Tee(handlerFunc(func(context.Context, slog.Record) error { panic("next") }), client)
		func() {
			defer func() { _ = recover() }()
			slog.New(h).Info("m", "event", "x")
		}()
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x"})
	})
	t.Run("a handler that adds attributes of its own does not add them to the event", func(t *testing.T) {
		client, rec := newClient(t)
		h := slogcausality.Tee(handlerFunc(func(_ context.Context, r slog.Record) error {
			r.AddAttrs(slog.Int("trace", 1))
			return nil
		}), client)
		slog.New(h).Info("m", "event", "x")
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x"})
	})
}

func TestLevels(t *testing.T) {
	at := func(level slog.Leveler) (*bytes.Buffer, slog.Handler) {
		var buf bytes.Buffer
		return &buf, slog.NewTextHandler(&buf, &slog.HandlerOptions{Level: level, ReplaceAttr: withoutTime})
	}

	t.Run("a logger at Warn still tracks its Info events, and writes only from Warn", func(t *testing.T) {
		client, rec := newClient(t)
		out, next := at(slog.LevelWarn)
		l := slog.New(slogcausality.Tee(next, client)).With("a", 1)
		l.Debug("debug", "event", "debug")
		l.Info("info", "event", "info")
		l.Warn("warn", "event", "warn")
		wantEvents(t, stored(t, client, rec),
			causality.Event{EventType: "info", Properties: props{"a": int64(1)}},
			causality.Event{EventType: "warn", Properties: props{"a": int64(1)}})
		if got, want := out.String(), "level=WARN msg=warn a=1 event=warn\n"; got != want {
			t.Errorf("next wrote %q, want %q", got, want)
		}
	})
	t.Run("a logger at Debug writes what is no event because of its level", func(t *testing.T) {
		client, rec := newClient(t)
		out, next := at(slog.LevelDebug)
		slog.New(slogcausality.Tee(next, client)).Debug("debug", "event", "debug")
		wantEvents(t, stored(t, client, rec))
		if !strings.Contains(out.String(), "msg=debug") {
			t.Errorf("next wrote %q", out.String())
		}
	})
	t.Run("WithLevel sets the lowest level of events", func(t *testing.T) {
		got := logged(t, func(l *slog.Logger) {
			l.Debug("m", "event", "debug")
			l.Info("m", "event", "info")
			l.Warn("m", "event", "warn")
		}, slogcausality.WithLevel(slog.LevelWarn))
		wantEvents(t, got, causality.Event{EventType: "warn"})
	})
	t.Run("WithLevel below Info lets Debug events through", func(t *testing.T) {
		got := logged(t, func(l *slog.Logger) { l.Debug("m", "event", "debug") }, slogcausality.WithLevel(slog.LevelDebug))
		wantEvents(t, got, causality.Event{EventType: "debug"})
	})
	t.Run("a LevelVar may change at run time, also for loggers derived before", func(t *testing.T) {
		var level slog.LevelVar
		got := logged(t, func(l *slog.Logger) {
			derived := l.With("a", 1)
			level.Set(slog.LevelError)
			derived.Info("m", "event", "first")
			level.Set(slog.LevelInfo)
			derived.Info("m", "event", "second")
		}, slogcausality.WithLevel(&level))
		wantEvents(t, got, causality.Event{EventType: "second", Properties: props{"a": int64(1)}})
	})
	t.Run("a nil level is Info, as in slog.HandlerOptions", func(t *testing.T) {
		got := logged(t, func(l *slog.Logger) {
			l.Debug("m", "event", "debug")
			l.Info("m", "event", "info")
		}, slogcausality.WithLevel(nil))
		wantEvents(t, got, causality.Event{EventType: "info"})
	})
	t.Run("a tee is enabled where either of its handlers is", func(t *testing.T) {
		client, _ := newClient(t)
		_, next := at(slog.LevelError)
		h := slogcausality.Tee(next, client, slogcausality.WithLevel(slog.LevelWarn))
		_, verbose := at(slog.LevelDebug)
		v := slogcausality.Tee(verbose, client, slogcausality.WithLevel(slog.LevelWarn))
		for _, tc := range []struct {
			h     slog.Handler
			level slog.Level
			want  bool
		}{{h, slog.LevelInfo, false}, {h, slog.LevelWarn, true}, {h, slog.LevelError, true}, {v, slog.LevelDebug, true}, {v, slog.LevelDebug - 1, false}} {
			if got := tc.h.Enabled(t.Context(), tc.level); got != tc.want {
				t.Errorf("Enabled(%v) = %t", tc.level, got)
			}
		}
	})
	t.Run("next is asked again by Handle, for what only events are enabled for", func(t *testing.T) {
		client, rec := newClient(t)
		out, next := at(slog.LevelError)
		h := slogcausality.Tee(next, client)
		if err := h.Handle(t.Context(), record(slog.LevelInfo, slog.String("event", "x"))); err != nil {
			t.Fatal(err)
		}
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x"})
		if out.Len() != 0 {
			t.Errorf("next wrote %q", out.String())
		}
	})
	t.Run("Handle called directly tracks no event below the level", func(t *testing.T) {
		client, rec := newClient(t)
		out, next := at(slog.LevelDebug)
		if err := slogcausality.Tee(next, client).Handle(t.Context(), record(slog.LevelDebug, slog.String("event", "x"))); err != nil {
			t.Fatal(err)
		}
		wantEvents(t, stored(t, client, rec))
		if out.Len() == 0 {
			t.Error("next wrote nothing")
		}
	})
}

func TestHandleCalledDirectly(t *testing.T) {
	client, rec := newClient(t)
	h := slogcausality.NewHandler(client).WithGroup("g").WithAttrs([]slog.Attr{slog.Int("a", 1)})
	for _, r := range []slog.Record{
		record(slog.LevelInfo, slog.String("event", "x"), slog.Int("b", 2)),
		record(slog.LevelInfo),
		{},
	} {
		if err := h.Handle(t.Context(), r); err != nil {
			t.Errorf("Handle: %v", err)
		}
	}
	wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x", Properties: props{"g_a": int64(1), "g_b": int64(2)}})
}

// slog keeps the first five attributes of a record apart from the others.
func TestRecordsOfAnyLength(t *testing.T) {
	for n := range 12 {
		r := record(slog.LevelInfo)
		want := props{}
		for i := range n {
			key := string(rune('a' + i))
			r.AddAttrs(slog.Int(key, i))
			want[key] = int64(i)
		}
		r.AddAttrs(slog.String("event", "x"))
		client, rec := newClient(t)
		if err := slogcausality.NewHandler(client).Handle(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		wantProps(t, stored(t, client, rec)[0], want)
	}
}

func TestANilHandlerPanicsAtOnce(t *testing.T) {
	client, _ := newClient(t)
	for _, tc := range []struct {
		name, want string
		f          func()
	}{
		{"Tee without a handler", "handler to tee is nil", func() { slogcausality.Tee(nil, client) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			defer func() {
				text, _ := recover().(string)
				if !strings.HasPrefix(text, "slogcausality: ") || !strings.Contains(text, tc.want) {
					t.Errorf("panic %q does not say %q", text, tc.want)
				}
			}()
			tc.f()
		})
	}
}

func record(level slog.Level, attrs ...slog.Attr) slog.Record {
	r := slog.Record{Level: level, Message: "m"}
	r.AddAttrs(attrs...)
	return r
}

func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
