package slogcausality_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// What next receives of a Tee is what it would have received without.
func TestTeeKeepsTheHandlerContract(t *testing.T) {
	client, _ := newClient(t)
	for _, tc := range []struct {
		name  string
		next  func(*bytes.Buffer) slog.Handler
		parse func(*testing.T, string) map[string]any
	}{
		{"over a JSON handler", func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) }, parseJSON},
		{"over a text handler", func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) }, parseText},
		{"over a Tee", func(b *bytes.Buffer) slog.Handler {
			return slogcausality.Tee(slog.NewJSONHandler(b, nil), client)
		}, parseJSON},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var buf bytes.Buffer
			slogtest.Run(t,
				func(*testing.T) slog.Handler {
					buf.Reset()
					return slogcausality.Tee(tc.next(&buf), client)
				},
				func(t *testing.T) map[string]any { return tc.parse(t, buf.String()) })
		})
	}
}

// The cases of testing/slogtest, seen as properties: groups flatten.
func TestSlogtestCasesAsProperties(t *testing.T) {
	resolved := valuer(func() slog.Value { return slog.StringValue("replaced") })
	resolvedGroup := valuer(func() slog.Value {
		return slog.GroupValue(slog.Any("a", valuer(func() slog.Value { return slog.StringValue("v1") })), slog.String("b", "v2"))
	})
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
		want props
	}{
		{"attrs", func(l *slog.Logger) { l.Info("m", "k", "v") }, props{"k": "v"}},
		{"an empty attr is ignored", func(l *slog.Logger) { l.Info("m", "a", "b", "", nil, "c", "d") }, props{"a": "b", "c": "d"}},
		{"WithAttrs", func(l *slog.Logger) { l.With("a", "b").Info("m", "k", "v") }, props{"a": "b", "k": "v"}},
		{"groups", func(l *slog.Logger) {
			l.Info("m", "a", "b", slog.Group("G", slog.String("c", "d")), "e", "f")
		}, props{"a": "b", "G_c": "d", "e": "f"}},
		{"an empty group vanishes", func(l *slog.Logger) { l.Info("m", "a", "b", slog.Group("G"), "e", "f") }, props{"a": "b", "e": "f"}},
		{"a group of empty groups vanishes", func(l *slog.Logger) { l.Info("m", "a", "b", slog.Group("G", slog.Group("H"))) }, props{"a": "b"}},
		{"a bound empty group vanishes", func(l *slog.Logger) { l.With(slog.Group("G")).Info("m", "a", "b") }, props{"a": "b"}},
		{"an inline group", func(l *slog.Logger) {
			l.Info("m", "a", "b", slog.Group("", slog.String("c", "d")), "e", "f")
		}, props{"a": "b", "c": "d", "e": "f"}},
		{"an inline group in a group", func(l *slog.Logger) {
			l.Info("m", slog.Group("G", slog.Group("", slog.String("c", "d")), "e", "f"))
		}, props{"G_c": "d", "G_e": "f"}},
		{"WithGroup", func(l *slog.Logger) { l.WithGroup("G").Info("m", "a", "b") }, props{"G_a": "b"}},
		{"multi-With", func(l *slog.Logger) {
			l.With("a", "b").WithGroup("G").With("c", "d").WithGroup("H").Info("m", "e", "f")
		}, props{"a": "b", "G_c": "d", "G_H_e": "f"}},
		{"WithGroup twice without attributes between", func(l *slog.Logger) {
			l.WithGroup("G").WithGroup("H").With("a", "b").With("c", "d").Info("m", "e", "f")
		}, props{"G_H_a": "b", "G_H_c": "d", "G_H_e": "f"}},
		{"an empty group of the record", func(l *slog.Logger) {
			l.With("a", "b").WithGroup("G").With("c", "d").WithGroup("H").Info("m")
		}, props{"a": "b", "G_c": "d"}},
		{"nested empty groups of the record", func(l *slog.Logger) {
			l.With("a", "b").WithGroup("G").With("c", "d").WithGroup("H").WithGroup("I").Info("m")
		}, props{"a": "b", "G_c": "d"}},
		{"nothing but empty groups", func(l *slog.Logger) { l.WithGroup("G").WithGroup("H").Info("m") }, nil},
		{"a LogValuer is resolved", func(l *slog.Logger) { l.Info("m", "k", resolved) }, props{"k": "replaced"}},
		{"a LogValuer in a group is resolved", func(l *slog.Logger) {
			l.Info("m", slog.Group("G", slog.Any("a", resolved), slog.Any("b", resolved)))
		}, props{"G_a": "replaced", "G_b": "replaced"}},
		{"a bound LogValuer is resolved", func(l *slog.Logger) { l.With("k", resolved).Info("m") }, props{"k": "replaced"}},
		{"a bound LogValuer in a group is resolved", func(l *slog.Logger) {
			l.With(slog.Group("G", slog.Any("a", resolved))).Info("m")
		}, props{"G_a": "replaced"}},
		{"a LogValuer that gives a group is that group", func(l *slog.Logger) { l.Info("m", "G", resolvedGroup) }, props{"G_a": "v1", "G_b": "v2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := loggedOne(t, func(l *slog.Logger) { tc.log(slog.New(addEvent{l.Handler()})) })
			wantEvent(t, got, causality.Event{EventType: "x", Properties: tc.want})
		})
	}

	t.Run("a record of zero time is now", func(t *testing.T) {
		before := time.Now().UnixMilli()
		got := eventAt(t, time.Time{})
		if got < before || got > time.Now().UnixMilli() {
			t.Errorf("timestamp %d is not now", got)
		}
	})
	t.Run("a time before 1970 is now, since the gateway takes none", func(t *testing.T) {
		before := time.Now().UnixMilli()
		if got := eventAt(t, time.Unix(-1, 0)); got < before {
			t.Errorf("timestamp %d is not now", got)
		}
	})
	t.Run("the record's time is the event's", func(t *testing.T) {
		at := time.Date(2026, 11, 23, 9, 52, 55, 849_999_999, time.FixedZone("", 3600))
		if got := eventAt(t, at); got != at.UnixMilli() {
			t.Errorf("timestamp %d, want %d", got, at.UnixMilli())
		}
	})
}

// addEvent adds the event attribute to each record, so that the calls above are
// slogtest's own.
type addEvent struct{ slog.Handler }

func (h addEvent) Handle(ctx context.Context, r slog.Record) error {
	r = r.Clone()
	r.AddAttrs(slog.String("event", "x"))
	return h.Handler.Handle(ctx, r)
}

func (h addEvent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return addEvent{h.Handler.WithAttrs(attrs)}
}
func (h addEvent) WithGroup(name string) slog.Handler { return addEvent{h.Handler.WithGroup(name)} }

// eventAt returns the timestamp of an event whose record has the given time.
func eventAt(t *testing.T, at time.Time) int64 {
	t.Helper()
	client, rec := newClient(t)
	r := slog.NewRecord(at, slog.LevelInfo, "m", 0)
	r.AddAttrs(slog.String("event", "x"))
	if err := slogcausality.NewHandler(client).Handle(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	return rec.Requests()[0].Events()[0].TimestampMs
}

func parseJSON(t *testing.T, line string) (m map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(line), &m); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	return m
}

// parseText reads a line of a text handler whose values hold no spaces.
func parseText(t *testing.T, line string) map[string]any {
	t.Helper()
	root := map[string]any{}
	for _, field := range strings.Fields(line) {
		key, text, ok := strings.Cut(field, "=")
		if !ok {
			t.Fatalf("no = in %q of %q", field, line)
		}
		if unquoted, err := strconv.Unquote(text); err == nil {
			text = unquoted
		}
		group, path := root, strings.Split(key, ".")
		for _, name := range path[:len(path)-1] {
			if group[name] == nil {
				group[name] = map[string]any{}
			}
			group = group[name].(map[string]any)
		}
		group[path[len(path)-1]] = text
	}
	return root
}
