package bridges

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/sirupsen/logrus"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/log/logtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

// zapTo is a zap logger that writes JSON there.
func zapTo(w io.Writer) *zap.Logger {
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(w), zap.InfoLevel))
}

// Each bridge logs the line where it did before, and sends its event once, with the
// identity of the context where there is one on the way.
func TestEveryBridgeSendsAnEventOnceAndLogsItsLine(t *testing.T) {
	logSlog := func(ctx context.Context, logger *slog.Logger) {
		logger.InfoContext(ctx, "order placed", "event", "purchase_complete", "order_id", "o-42", "total_cents", 1999)
	}
	logLogr := func(logger logr.Logger) {
		logger.Info("order placed", "event", "purchase_complete", "order_id", "o-42", "total_cents", 1999, "user_id", "u-1")
	}
	for name, log := range map[string]func(ctx context.Context, client *causality.Client, out io.Writer){
		"logr over slog": func(_ context.Context, client *causality.Client, out io.Writer) {
			logLogr(logrOverSlog(client, slog.NewJSONHandler(out, nil)))
		},
		"logr over zap": func(_ context.Context, client *causality.Client, out io.Writer) {
			logLogr(logrOverZap(client, zapTo(out)))
		},
		"slog over zap": func(ctx context.Context, client *causality.Client, out io.Writer) {
			logSlog(ctx, slogOverZap(client, zapTo(out)))
		},
		"slog over slog-zap": func(ctx context.Context, client *causality.Client, out io.Writer) {
			logSlog(ctx, slogOverSlogZap(client, zapTo(out)))
		},
		"logrus": func(ctx context.Context, client *causality.Client, out io.Writer) {
			logger := logrus.New()
			logger.SetOutput(out)
			logrusWithEvents(client, logger)
			logger.SetLevel(logrus.DebugLevel)
			logger.WithField("event", "too_low").Debug("a line below the level of events")
			logger.WithContext(ctx).WithFields(logrus.Fields{"event": "purchase_complete", "order_id": "o-42", "total_cents": 1999}).Info("order placed")
		},
		"slog beside OpenTelemetry": func(ctx context.Context, client *causality.Client, out io.Writer) {
			provider := logtest.NewRecorder()
			logSlog(ctx, slogBesideOpenTelemetry(client, provider))
			writeRecords(out, provider)
		},
		"zap beside OpenTelemetry": func(ctx context.Context, client *causality.Client, out io.Writer) {
			provider := logtest.NewRecorder()
			zapBesideOpenTelemetry(client, provider, zapcore.NewNopCore()).Info("order placed", zapcausality.Context(ctx),
				zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"), zap.Int("total_cents", 1999))
			writeRecords(out, provider)
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, recorder := causalitytest.New(t)
			ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-1"})
			var out bytes.Buffer
			log(ctx, client, &out)
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
			events := recorder.Events()
			if len(events) != 1 {
				t.Fatalf("%d events arrived", len(events))
			}
			e := events[0]
			if e.EventType != "purchase_complete" || e.UserID != "u-1" || e.Properties["order_id"] != "o-42" || e.Properties["total_cents"] != int64(1999) || len(e.Properties) != 2 {
				t.Errorf("arrived as %+v", e)
			}
			if !strings.Contains(out.String(), "order placed") {
				t.Errorf("the line is not in the log: %q", out.String())
			}
		})
	}
}

func writeRecords(out io.Writer, recorder *logtest.Recorder) {
	for _, records := range recorder.Result() {
		for _, r := range records {
			_, _ = io.WriteString(out, r.Body.AsString())
		}
	}
}

var _ log.LoggerProvider = (*logtest.Recorder)(nil)
