package slogcausality_test

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// mutable is a value of each kind that its owner can change after it was bound.
type mutable struct {
	m     map[string]any
	p     *struct{ V int }
	b     []byte
	s     []int
	group []slog.Attr
	inner []slog.Attr
	given atomic.Int64
}

func newMutable() *mutable {
	v := &mutable{
		m:     map[string]any{"v": 1},
		p:     &struct{ V int }{1},
		b:     []byte{1},
		s:     []int{1},
		group: []slog.Attr{slog.Int("v", 1)},
		inner: []slog.Attr{slog.Int("v", 1)},
	}
	v.given.Store(1)
	return v
}

func (v *mutable) attrs() []slog.Attr {
	return []slog.Attr{
		slog.Any("map", v.m),
		slog.Any("pointer", v.p),
		slog.Any("bytes", v.b),
		slog.Any("slice", v.s),
		{Key: "group", Value: slog.GroupValue(v.group...)},
		{Key: "", Value: slog.GroupValue(slog.Attr{Key: "inline", Value: slog.GroupValue(v.inner...)})},
		slog.Any("valuer", valuer(func() slog.Value { return slog.Int64Value(v.given.Load()) })),
	}
}

func (v *mutable) change() {
	v.m["v"] = 2
	v.m["new"] = 2
	v.p.V = 2
	v.b[0] = 2
	v.s[0] = 2
	v.group[0] = slog.Int("v", 2)
	v.inner[0] = slog.Int("v", 2)
	v.given.Store(2)
}

var asBound = props{
	"map_v": int64(1), "pointer_V": int64(1), "bytes": "AQ==", "slice": "[1]",
	"group_v": int64(1), "inline_v": int64(1), "valuer": int64(1),
}

// Attributes are bound as they are at that moment. The changes run beside the
// logging, so that the race detector sees a reference which was kept.
func TestWithFreezes(t *testing.T) {
	for _, tc := range []struct {
		name string
		bind func(l *slog.Logger, attrs []slog.Attr) *slog.Logger
		log  func(l *slog.Logger)
	}{
		{
			"the attributes of a logger",
			func(l *slog.Logger, attrs []slog.Attr) *slog.Logger { return slog.New(l.Handler().WithAttrs(attrs)) },
			func(l *slog.Logger) { l.Info("m", "event", "x") },
		},
		{
			"the members of a bound group form",
			func(l *slog.Logger, attrs []slog.Attr) *slog.Logger {
				return l.With(slogcausality.Event("x", attrs...))
			},
			func(l *slog.Logger) { l.Info("m") },
		},
		{
			// What follows the event here makes the memory of its members grow
			// after they were taken.
			"the members of a bound group form which is not the last",
			func(l *slog.Logger, attrs []slog.Attr) *slog.Logger {
				return l.With(slogcausality.Event("x", attrs...), slog.Group("event", slog.Attr{Key: "", Value: slog.GroupValue(newMutable().attrs()...)}))
			},
			func(l *slog.Logger) { l.Info("m") },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			client, rec := newClient(t)
			v := newMutable()
			attrs := v.attrs()
			l := tc.bind(slog.New(slogcausality.NewHandler(client)), attrs)
			var wg sync.WaitGroup
			wg.Add(2)
			go func() {
				defer wg.Done()
				v.change()
				clear(attrs) // the list is the caller's too
			}()
			go func() {
				defer wg.Done()
				tc.log(l)
			}()
			wg.Wait()
			tc.log(l)
			for _, e := range stored(t, client, rec) {
				wantProps(t, e, asBound)
			}
		})
	}

	t.Run("an identity", func(t *testing.T) {
		client, rec := newClient(t)
		user := "first"
		l := slog.New(slogcausality.NewHandler(client)).With("user_id", valuer(func() slog.Value { return slog.StringValue(user) }))
		user = "second"
		l.Info("m", "event", "x")
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "x", UserID: "first"})
	})
	t.Run("an event type", func(t *testing.T) {
		client, rec := newClient(t)
		eventType := "first"
		l := slog.New(slogcausality.NewHandler(client)).With("event", valuer(func() slog.Value { return slog.StringValue(eventType) }))
		eventType = "second"
		l.Info("m")
		wantEvents(t, stored(t, client, rec), causality.Event{EventType: "first"})
	})
	t.Run("a bound LogValuer is asked once, however often is logged", func(t *testing.T) {
		asked := 0
		logged(t, func(l *slog.Logger) {
			l = l.With("k", valuer(func() slog.Value { asked++; return slog.IntValue(1) }))
			for range 3 {
				l.Info("m", "event", "x")
			}
		})
		if asked != 1 {
			t.Errorf("LogValue was called %d times, want 1", asked)
		}
	})
}

// Track takes copies, so a caller may change its values when the call returns.
func TestARecordKeepsNothingOfItsValues(t *testing.T) {
	client, rec := newClient(t)
	v := newMutable()
	l := slog.New(slogcausality.NewHandler(client))
	l.LogAttrs(t.Context(), slog.LevelInfo, "m", append(v.attrs(), slog.String("event", "x"))...)
	v.change()
	wantProps(t, stored(t, client, rec)[0], asBound)
}

func TestDerivedLoggersShareNothing(t *testing.T) {
	t.Run("two derived from one do not see each other's attributes", func(t *testing.T) {
		got := logged(t, func(l *slog.Logger) {
			parent := l.With("p1", 1, "p2", 2, "p3", 3) // three of four places of a grown slice
			a, b := parent.With("a", 1), parent.With("b", 2)
			g, h := parent.WithGroup("g"), parent.WithGroup("h")
			for _, l := range []*slog.Logger{a, b, g.With("c", 3), h.With("d", 4), parent} {
				l.Info("m", "event", "x")
			}
		})
		for i, own := range []props{{"a": int64(1)}, {"b": int64(2)}, {"g_c": int64(3)}, {"h_d": int64(4)}, {}} {
			own["p1"], own["p2"], own["p3"] = int64(1), int64(2), int64(3)
			wantProps(t, got[i], own)
		}
	})
	t.Run("With without attributes is the same handler", func(t *testing.T) {
		client, _ := newClient(t)
		for _, h := range []slog.Handler{slogcausality.NewHandler(client), slogcausality.Tee(discard(), client)} {
			if h.WithAttrs(nil) != h || h.WithGroup("") != h {
				t.Errorf("%T made another handler of nothing", h)
			}
		}
	})
	t.Run("two records of one logger do not see each other's attributes", func(t *testing.T) {
		got := logged(t, func(l *slog.Logger) {
			l = l.With("p", 1)
			l.Info("m", "event", "x", "a", 1, "b", 2)
			l.Info("m", "event", "x", "c", 3)
		})
		wantProps(t, got[0], props{"p": int64(1), "a": int64(1), "b": int64(2)})
		wantProps(t, got[1], props{"p": int64(1), "c": int64(3)})
	})
}

// BeforeTrack may change the event, and so its Attrs: not those of the logger.
func TestBeforeTrackDoesNotReachTheLogger(t *testing.T) {
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger) func()
	}{
		{"through a bound group form", func(l *slog.Logger) func() {
			l = l.With(slogcausality.Event("x", slog.Int("a", 1), slog.Int("b", 2), slog.Int("c", 3)))
			return func() { l.Info("m") }
		}},
		{"through bound attributes", func(l *slog.Logger) func() {
			l = l.With("a", 1, "b", 2, "c", 3)
			return func() { l.Info("m", "event", "x") }
		}},
		{"through a bound plain form", func(l *slog.Logger) func() {
			l = l.With("a", 1, "b", 2, "c", 3, "event", "x")
			return func() { l.Info("m") }
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var n atomic.Int64
			client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
				cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
					i := n.Add(1)
					e.Attrs[0] = slog.Int64("a", e.Attrs[0].Value.Int64()+1)
					e.Attrs = append(e.Attrs, slog.Int64("i", i), slog.Int64("j", i))
					return e, true
				}
			}))
			log := tc.log(slog.New(slogcausality.NewHandler(client)))
			var wg sync.WaitGroup
			for range 8 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					log()
				}()
			}
			wg.Wait()
			for _, e := range stored(t, client, rec) {
				if i := e.Properties["i"]; i != e.Properties["j"] || i == nil {
					t.Errorf("two events are mixed: %v", e.Properties)
				}
				delete(e.Properties, "i")
				delete(e.Properties, "j")
				wantProps(t, e, props{"a": int64(2), "b": int64(2), "c": int64(3)})
			}
		})
	}
}
