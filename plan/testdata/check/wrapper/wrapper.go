package wrapper // want package:"logs"

import (
	"context"
	"log/slog"
)

func Track(ctx context.Context, l *slog.Logger, name string, attrs ...slog.Attr) {
	l.LogAttrs(ctx, slog.LevelInfo, "event", append(attrs, slog.String("event", name))...)
}

func Order(id string) []slog.Attr {
	return []slog.Attr{slog.String("order_id", id), slog.Int("total_cents", 1)}
}
