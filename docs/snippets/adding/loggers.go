package adding

// snippet: imports
import (
	"log/slog"
	"net/http"
	"os"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// end snippet

func slogLogger(client *causality.Client) *slog.Logger {
	// snippet: slog
	handler := slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn})
	logger := slog.New(slogcausality.Tee(handler, client)) // its INFO events are still tracked
	slog.SetDefault(logger)                                // for code that logs without a logger of its own
	// end snippet
	return logger
}

func zapLogger(client *causality.Client) (*zap.Logger, error) {
	// snippet: zap
	logger, err := zap.NewProduction(zapcausality.Tee(client)) // the last option, so that nothing samples events
	// end snippet
	return logger, err
}

func zapRequest(logger *zap.Logger) http.HandlerFunc {
	// snippet: zap-context
	return func(w http.ResponseWriter, r *http.Request) {
		logger := logger.With(zapcausality.Context(r.Context())) // once a request; not shown in the line
		logger.Info("order placed", zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"))
	}
	// end snippet
}

func zerologLogger(client *causality.Client) zerolog.Logger {
	// snippet: zerolog
	console := &zerolog.FilteredLevelWriter{ // the console's level; the logger's own comes before every hook
		Writer: zerolog.LevelWriterAdapter{Writer: os.Stdout},
		Level:  zerolog.WarnLevel,
	}
	logger := zerolog.New(console).Level(zerolog.InfoLevel).With().Timestamp().Logger().
		Hook(zerologcausality.NewHook(client))
	// end snippet
	return logger
}

// snippet: zerolog-context
// bindContext goes behind identify and hlog.NewHandler(logger), which puts the request's logger into the context.
func bindContext(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := zerolog.Ctx(r.Context()).With().Ctx(r.Context()).Logger().WithContext(r.Context())
		next.ServeHTTP(w, r.WithContext(ctx)) // handlers log with zerolog.Ctx(r.Context())
	})
}

// end snippet
