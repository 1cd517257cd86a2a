// Package track has the helpers of another package.
package track

import (
	"context"
	"log/slog"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
)

type Tracker struct {
	log    *slog.Logger
	prefix string
}

func New(l *slog.Logger) *Tracker {
	return &Tracker{log: l.With("component", "tracker"), prefix: "shop_"}
}

func (t *Tracker) Logger() *slog.Logger { return t.log }

func (t *Tracker) Track(ctx context.Context, name string, attrs ...slog.Attr) {
	attrs = append(attrs, slog.String("event", t.prefix+name))
	t.log.LogAttrs(ctx, slog.LevelInfo, "event", attrs...)
}

func (t *Tracker) Map(name string, props map[string]any) {
	args := []any{"event", name}
	for k, v := range props {
		args = append(args, k, v)
	}
	t.log.Info("m", args...)
}

func (t *Tracker) Args(name string, attrs ...slog.Attr) {
	args := make([]any, 0, len(attrs))
	for _, a := range attrs {
		args = append(args, a)
	}
	t.log.With("event", name).Info("m", args...)
}

func Zap(l *zap.Logger, name string, fields ...zap.Field) {
	l.Info(name, append(fields, zap.String("event", name))...)
}

func Zerolog(l zerolog.Logger, name string) *zerolog.Event { return l.Info().Str("event", name) }

func Common(e *zerolog.Event, plan string) *zerolog.Event { return e.Str("plan", plan).Int("n", 1) }

func Add(e *zerolog.Event) { e.Bool("added", true) }
