package zapcausality

import (
	"context"

	"go.uber.org/zap"
)

type loggerKey struct{}

// With returns a context that carries a logger, for [FromContext]: once for a
// request, in a middleware that comes after those which know the user.
func With(ctx context.Context, logger *zap.Logger) context.Context {
	return context.WithValue(ctx, loggerKey{}, logger)
}

// FromContext returns the logger that ctx carries, or zap.L() where it carries none,
// with ctx bound to it as by [Context]: its events have the identity of ctx, without
// a context on every call.
//
//	logger := zapcausality.FromContext(r.Context())
//	logger.Info("order placed", zap.String("event", "purchase_complete"))
func FromContext(ctx context.Context) *zap.Logger {
	logger, ok := ctx.Value(loggerKey{}).(*zap.Logger)
	if !ok || logger == nil {
		logger = zap.L()
	}
	return logger.With(Context(ctx))
}
