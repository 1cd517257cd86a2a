package list

import (
	"context"
	"errors"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// What is checked is there.
func checked(l *slog.Logger, err error, p *int, list []string) error {
	if err != nil {
		l.Info("a", "event", "failed", "err", err) //= failed err=string
	}
	if p == nil {
		return errors.New("x")
	}
	l.Info("a", "event", "checked", "p", p, "list", list) //= checked p=int list?=string
	return nil
}

// A handler of the program's own adds to each record.
type contextHandler struct{ slog.Handler }

func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := ctx.Value(requestKey{}).(string); ok {
		r.AddAttrs(slog.String("request_id", id))
	}
	r.AddAttrs(slog.Int("pid", 1))
	return h.Handler.Handle(ctx, r)
}

func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}

type (
	requestKey struct{}
	loggerKey  struct{}
)

// Loggers travel in contexts.
func withLogger(ctx context.Context, l *slog.Logger) context.Context {
	return context.WithValue(ctx, loggerKey{}, l)
}

func from(ctx context.Context) *slog.Logger {
	if l, ok := ctx.Value(loggerKey{}).(*slog.Logger); ok {
		return l
	}
	return slog.Default()
}

func wrapped(client *causality.Client) {
	l := slog.New(contextHandler{slogcausality.NewHandler(client)}).With("app", "shop")
	l.Info("a", "event", "through_a_handler") //= through_a_handler app=string request_id?=string pid=int
	ctx := withLogger(context.Background(), slog.New(slogcausality.NewHandler(client)).With("in_context", true))
	from(ctx).Info("a", "event", "from_a_context") //= from_a_context in_context=bool //= from_a_context
}

// Functions are values.
func tracker(l *slog.Logger, prefix string) func(name string, args ...any) {
	return func(name string, args ...any) {
		l.Info("a", append([]any{"event", prefix + name}, args...)...)
	}
}

type hooks struct{ track func(name string, n int) }

func functions(l *slog.Logger) {
	track := tracker(l, "shop_")
	track("made", "n", 1) //= shop_made n=int
	h := hooks{track: func(name string, n int) { l.Info("a", "event", name, "n", n) }}
	h.track("of_a_field", 1) //= of_a_field n=int
	each(func(name string) { l.Info("a", "event", name) })
}

func each(f func(name string)) {
	f("called_back") //= called_back
}

// A slice is filled by its indexes.
func filled(l *slog.Logger, name string, attrs ...slog.Attr) {
	args := make([]any, len(attrs))
	for i, a := range attrs {
		args[i] = a
	}
	l.With("event", name).Info("a", args...)
}

// A client is in an interface.
type client interface{ Track(e causality.Event) }

func others(l *slog.Logger, c client) {
	filled(l, "filled", slog.Int("n", 1), slog.Bool("b", true)) //= filled n=int b=bool
	c.Track(causality.Event{EventType: "in_an_interface"})      //= in_an_interface
	for _, e := range []struct {
		name string
		n    int
	}{{"of_a_table", 1}, {"of_the_table", 2}} {
		l.Info("a", "event", e.name, "n", e.n) //= of_a_table n=int //= of_the_table n=int
	}
	generic(l, "generic", 1)   //= generic v=int
	generic(l, "generic", "x") //= generic v=string
}

func generic[T any](l *slog.Logger, name string, v T) { l.Info("a", "event", name, "v", v) }
