// Package libraries has the snippets of docs/libraries.md: a library that imports a
// logger and nothing of Causality's.
package libraries

import (
	"context"
	"log/slog"
	"time"
)

// Jobs is what the library offers.
type Jobs struct{ Logger *slog.Logger }

// snippet: slog
func (j *Jobs) done(ctx context.Context, id string, took time.Duration) {
	j.Logger.InfoContext(ctx, "job done", slog.Group("event",
		slog.String("event_type", "job_done"),
		slog.String("job_id", id),
		slog.Duration("took", took)))
}

// end snippet
