package libraries

import (
	"time"

	"go.uber.org/zap"
)

func zapDone(logger *zap.Logger, id string, took time.Duration) {
	// snippet: zap
	logger.Info("job done", zap.Dict("event",
		zap.String("event_type", "job_done"),
		zap.String("job_id", id),
		zap.Duration("took", took)))
	// end snippet
}
