package list

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
)

// Lists that loops of each form build.
func built(ctx context.Context, l *slog.Logger, z *zap.Logger, names []string, stop func() bool) {
	var args []any
	for range 3 {
		args = append(args, "n", 1)
	}
	l.Info("a", append([]any{"event", "a_count"}, args...)...) //= a_count n?=int

	fields := []zap.Field{zap.String("event", "until")}
	for {
		fields = append(fields, zap.Int("turn", 1))
		if stop() {
			break
		}
		fields = append(fields, zap.Bool("again", true))
	}
	z.Info("a", fields...) //= until turn=int again?=bool

	var nested []slog.Attr
	for range names {
		for i := range 2 {
			nested = append(nested, slog.Int("i", i))
			l.LogAttrs(ctx, slog.LevelInfo, "a", append(nested, slog.String("event", "within"))...) //= within i=int outer?=bool
		}
		nested = append(nested, slog.Bool("outer", true))
	}
	l.LogAttrs(ctx, slog.LevelInfo, "a", append(nested, slog.String("event", "without"))...) //= without i?=int outer?=bool

	name := "a"
	for i := 0; i < 2; i++ {
		name += "b"
	}
	l.Info("a", "event", name) //= a //? computed
	with := l
	for i := 0; i < 2; i++ {
		with = with.With("turn", i)
		if stop() {
			break
		}
	}
	with.Info("a", "event", "with") //= with turn?=int
}

// Two variables of one type change in one loop.
func swapped(l *slog.Logger, n int) {
	first, second := []any{"event", "swapped"}, []any{"event", "also_swapped"}
	for range n {
		first, second = second, first
		first = append(first, "n", 1)
	}
	l.Info("a", first...) //= swapped n?=int //= also_swapped n=int
}

// What is there on every way is always there, where a loop passes on one of several lists.
func onEveryWay(l *slog.Logger, ok bool) {
	props := map[string]any{"a": 1}
	props["b"] = "x"
	if ok {
		props["c"] = true
	}
	passOn(l, "a_map_on_every_way", props) //= a_map_on_every_way a=int b=string c?=bool
	attrs := []slog.Attr{slog.Int("n", 1)}
	if ok {
		attrs = append(attrs, slog.String("s", "x"))
	} else {
		attrs = append(attrs, slog.Bool("s", ok))
	}
	attrs = append(attrs, slog.Int("m", 1))
	passAttrs(l, "a_list_on_every_way", attrs...) //= a_list_on_every_way n=int m=int s?=string|bool
	var none []slog.Attr
	if ok {
		none = append(none, slog.Int("n", 1))
	}
	passAttrs(l, "one_way_only", none...) //= one_way_only n?=int
}

func passOn(l *slog.Logger, name string, props map[string]any) {
	args := []any{"event", name}
	for k, v := range props {
		args = append(args, slog.Any(k, v))
	}
	l.Info("a", args...)
}

func passAttrs(l *slog.Logger, name string, attrs ...slog.Attr) {
	args := []any{"event", name}
	for _, a := range attrs {
		args = append(args, a)
	}
	l.Info("a", args...)
}
