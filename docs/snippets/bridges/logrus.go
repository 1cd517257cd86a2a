package bridges

import (
	"context"
	"log/slog"

	"github.com/sirupsen/logrus"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// snippet: logrus
// eventHook passes what logrus logs to a handler of log/slog.
type eventHook struct{ handler slog.Handler }

func (h eventHook) Levels() []logrus.Level { return logrus.AllLevels }

func (h eventHook) Fire(e *logrus.Entry) error {
	ctx := e.Context // nil without WithContext
	if ctx == nil {
		ctx = context.Background()
	}
	level := slog.Level(4 * (int(logrus.InfoLevel) - int(e.Level)))
	if !h.handler.Enabled(ctx, level) {
		return nil
	}
	record := slog.NewRecord(e.Time, level, e.Message, 0)
	for key, value := range e.Data {
		record.AddAttrs(slog.Any(key, value))
	}
	return h.handler.Handle(ctx, record)
}

// end snippet

func logrusWithEvents(client *causality.Client, logger *logrus.Logger) {
	// snippet: logrus-hook
	logger.AddHook(eventHook{slogcausality.NewHandler(client)})
	// end snippet
}
