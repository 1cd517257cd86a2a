package slogcausality_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestNamesOfProperties(t *testing.T) {
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
		want props
	}{
		{"groups join with _", func(l *slog.Logger) {
			l.Info("m", "event", "x", slog.Group("req", "method", "GET", slog.Group("url", "path", "/")))
		}, props{"req_method": "GET", "req_url_path": "/"}},
		{"maps join with _", func(l *slog.Logger) {
			l.Info("m", "event", "x", "req", map[string]any{"method": "GET", "url": map[string]string{"path": "/"}})
		}, props{"req_method": "GET", "req_url_path": "/"}},
		{"structs join with _", func(l *slog.Logger) {
			l.Info("m", "event", "x", "at", struct{ X, Y int }{1, 2})
		}, props{"at_X": int64(1), "at_Y": int64(2)}},
		{"a dot in a key becomes _", func(l *slog.Logger) { l.Info("m", "event", "x", "http.method", "GET") }, props{"http_method": "GET"}},
		{"a dot in the name of a group becomes _", func(l *slog.Logger) {
			l.WithGroup("a.b").Info("m", "event", "x", slog.Group("c.d", "e.f", 1))
		}, props{"a_b_c_d_e_f": int64(1)}},
		{"of two with the same key the last wins", func(l *slog.Logger) {
			l.Info("m", "event", "x", "k", "first", "k", 2)
		}, props{"k": int64(2)}},
		{"of two that flatten to the same key the last wins", func(l *slog.Logger) {
			l.Info("m", "event", "x", slog.Group("a", "b", 1), "a_b", "2", "a.b", 3.5)
		}, props{"a_b": 3.5}},
		{"the record's wins over a bound one", func(l *slog.Logger) {
			l.With("k", "bound").Info("m", "k", "own", "event", "x")
		}, props{"k": "own"}},
		{"the one bound later wins", func(l *slog.Logger) {
			l.With("k", 1).With("k", 2).Info("m", "event", "x")
		}, props{"k": int64(2)}},
		{"a nil after it does not undo a property", func(l *slog.Logger) {
			l.Info("m", "event", "x", "k", 1, "k", nil)
		}, props{"k": int64(1)}},
		{"a missing value is slog's !BADKEY", func(l *slog.Logger) {
			l.Info("m", append([]any{"event", "x"}, "k")...)
		}, props{"!BADKEY": "k"}},
		{"names of the log line itself are properties like others", func(l *slog.Logger) {
			l.Info("m", "event", "x", "msg", "a", "level", "b", "time", "c")
		}, props{"msg": "a", "level": "b", "time": "c"}},
	} {
		t.Run(tc.name, func(t *testing.T) { wantProps(t, loggedOne(t, tc.log), tc.want) })
	}
}

// What a value is as a property, on the record and bound: the two take different
// ways to the encoder.
func TestValuesOfProperties(t *testing.T) {
	type named int
	for _, tc := range []struct {
		name  string
		value any
		want  any
	}{
		{"a string", "v", "v"},
		{"an int", -1, int64(-1)},
		{"a named int", named(7), int64(7)},
		{"a uint", uint(1), int64(1)},
		{"a uint beyond int64", uint64(math.MaxUint64), "18446744073709551615"},
		{"a float", 1.25, 1.25},
		{"NaN", math.NaN(), "NaN"},
		{"infinity", math.Inf(-1), "-Inf"},
		{"a bool", true, true},
		{"a duration in milliseconds", 1500 * time.Microsecond, 1.5},
		{"a time in UTC", time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), "2026-01-02T02:04:05.000000006Z"},
		{"bytes", []byte{1, 2}, "AQI="},
		{"an error", fmt.Errorf("outer: %w", errors.New("inner")), "outer: inner"},
		{"a Stringer", shown{"v"}, "v"},
		{"a slice", []int{1, 2}, "[1,2]"},
		{"nil", nil, nil},
		{"a nil error of a type", error((*typedError)(nil)), nil},
		{"a LogValuer that panics", valuer(func() slog.Value { panic("boom") }), "!PANIC: boom"},
		{"a channel", make(chan int), "!ERROR: json: unsupported type: chan int"},
	} {
		want := props{"n": int64(1)}
		if tc.want != nil {
			want["k"] = tc.want
		}
		t.Run(tc.name, func(t *testing.T) {
			wantProps(t, loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", "x", "n", 1, "k", tc.value) }), want)
		})
		t.Run(tc.name+", bound", func(t *testing.T) {
			wantProps(t, loggedOne(t, func(l *slog.Logger) { l.With("n", 1, "k", tc.value).Info("m", "event", "x") }), want)
		})
		t.Run(tc.name+", in the group form", func(t *testing.T) {
			wantProps(t, loggedOne(t, func(l *slog.Logger) { l.Info("m", slogcausality.Event("x", slog.Int("n", 1), slog.Any("k", tc.value))) }), want)
		})
	}
}

type typedError struct{ text string }

func (e *typedError) Error() string { return e.text }

func TestReplaceAttrOfTheConfigSeesTheGroups(t *testing.T) {
	client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 2 && groups[0] == "req" && groups[1] == "header" && a.Key == "Cookie" {
				return slog.Attr{}
			}
			return a
		}
	}))
	slog.New(slogcausality.NewHandler(client)).WithGroup("req").
		Info("m", "event", "x", slog.Group("header", "Cookie", "secret", "Accept", "*/*"))
	wantProps(t, stored(t, client, rec)[0], props{"req_header_Accept": "*/*"})
}
