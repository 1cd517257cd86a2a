package list

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

type emitter struct{ l *slog.Logger }

func (e *emitter) emit(name string, args ...any) {
	e.l.Info("a", append([]any{"event", name}, args...)...)
}

func callIt(f func(string, ...any), name string) { f(name, "n", 1) }

func applyTo(l *slog.Logger, f func(*slog.Logger, string, ...any)) {
	f(l, "a", "event", "by_an_expression") //= by_an_expression
}

// Methods are values: of the program's types, of loggers and of clients.
func methodValues(l *slog.Logger, c *causality.Client, failed bool) {
	info := l.Info
	info("a", "event", "a_method_value") //= a_method_value
	log := l.Info
	if failed {
		log = l.Error
	}
	log("a", "event", "one_of_two") //= one_of_two
	e := &emitter{l.With("bound", 1)}
	callIt(e.emit, "passed_as_a_value") //= passed_as_a_value bound=int n=int //? passed on as a value
	callIt(l.Info, "no_event")
	applyTo(l, (*slog.Logger).Info)
	for _, f := range []func(string, ...any){e.emit, l.Warn} {
		f("of_a_list_of_functions") //= of_a_list_of_functions bound=int
	}
	table := map[string]func(string, ...any){"a": e.emit}
	table["a"]("of_a_table_of_functions") //= of_a_table_of_functions bound=int
	trackIt(c.Track)
}

func trackIt(track func(causality.Event)) {
	track(causality.Event{EventType: "tracked_by_a_value"}) //= tracked_by_a_value
}

// A function that calls itself tracks what it is given, and no more than once more.
func walk(l *slog.Logger, n int, name string) {
	if n > 0 {
		l.Info("a", "event", name, "n", n)
		walk(l, n-1, name)
	}
}

func grow(l *slog.Logger, n int, name string) {
	if n > 0 {
		l.Info("a", "event", name)
		grow(l, n-1, name+"_more") //? something else on to itself
	}
}

func recursive(l *slog.Logger) {
	walk(l, 3, "walked") //= walked n=int
	grow(l, 3, "grown")  //= grown //= grown_more
}

// A decorator of an interface is what it is, not all that implement the interface.
type analytics interface {
	Report(ctx context.Context, name string)
}

type reporter struct{ l *slog.Logger }

func (r reporter) Report(ctx context.Context, name string) {
	r.l.LogAttrs(ctx, slog.LevelInfo, "a", slogcausality.Event(name))
}

type prefixed struct {
	analytics
	prefix string
}

func (p prefixed) Report(ctx context.Context, name string) { p.analytics.Report(ctx, p.prefix+name) }

func decorated(ctx context.Context, l *slog.Logger) {
	var a analytics = reporter{l}
	a.Report(ctx, "reported")                       //= reported
	prefixed{a, "decorated_"}.Report(ctx, "report") //= decorated_report
}

// Options are functions that are given a pointer.
type options struct {
	name  string
	attrs []slog.Attr
}

type option func(*options)

func named(name string) option { return func(o *options) { o.name = name } }

func attr(a slog.Attr) option { return func(o *options) { o.attrs = append(o.attrs, a) } }

func emit(l *slog.Logger, opts ...option) {
	var o options
	for _, set := range opts {
		set(&o)
	}
	l.LogAttrs(context.Background(), slog.LevelInfo, "a", slogcausality.Event(o.name, o.attrs...))
}

func optional(l *slog.Logger) {
	emit(l, named("by_an_option"), attr(slog.Int("n", 1))) //= by_an_option n?=int
}

// A builder is a pointer whose methods return it.
type builder struct {
	l     *slog.Logger
	name  string
	attrs []slog.Attr
}

func begin(l *slog.Logger, name string) *builder { return &builder{l: l, name: name} }

func (b *builder) Int(key string, n int) *builder {
	b.attrs = append(b.attrs, slog.Int(key, n))
	return b
}

func (b *builder) Str(key, s string) *builder {
	b.attrs = append(b.attrs, slog.String(key, s))
	return b
}

func (b *builder) Send() {
	b.l.LogAttrs(context.Background(), slog.LevelInfo, "a", slogcausality.Event(b.name, b.attrs...)) //= by_a_builder n?=int s?=string
}

func buildIt(l *slog.Logger) { begin(l, "by_a_builder").Int("n", 1).Str("s", "x").Send() }
