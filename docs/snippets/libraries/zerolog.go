package libraries

import (
	"time"

	"github.com/rs/zerolog"
)

func zerologDone(logger *zerolog.Logger, id string, took time.Duration) {
	// snippet: zerolog
	logger.Info().Dict("event", zerolog.Dict().
		Str("event_type", "job_done").
		Str("job_id", id).
		Dur("took", took)).Msg("job done")
	// end snippet
}
