// Package bridges has the snippets of docs/bridges.md.
package bridges

import (
	"log/slog"

	"github.com/go-logr/logr"
	"github.com/go-logr/zapr"
	slogzap "github.com/samber/slog-zap/v2"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/contrib/bridges/otelzap"
	"go.opentelemetry.io/otel/log"
	"go.uber.org/zap"
	"go.uber.org/zap/exp/zapslog"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

func logrOverSlog(client *causality.Client, handler slog.Handler) logr.Logger {
	// snippet: logr
	logger := logr.FromSlogHandler(slogcausality.Tee(handler, client))
	// end snippet
	return logger
}

func logrOverZap(client *causality.Client, zapLogger *zap.Logger) logr.Logger {
	// snippet: zapr
	logger := zapr.NewLogger(zapLogger.WithOptions(zapcausality.Tee(client)))
	// end snippet
	return logger
}

func slogOverZap(client *causality.Client, zapLogger *zap.Logger) *slog.Logger {
	// snippet: zapslog
	logger := slog.New(slogcausality.Tee(zapslog.NewHandler(zapLogger.Core()), client))
	// end snippet
	return logger
}

func slogOverSlogZap(client *causality.Client, zapLogger *zap.Logger) *slog.Logger {
	// snippet: slog-zap
	logger := slog.New(slogcausality.Tee(slogzap.Option{Logger: zapLogger}.NewZapHandler(), client))
	// end snippet
	return logger
}

func slogBesideOpenTelemetry(client *causality.Client, provider log.LoggerProvider) *slog.Logger {
	// snippet: otelslog
	handler := otelslog.NewHandler("shop", otelslog.WithLoggerProvider(provider))
	logger := slog.New(slogcausality.Tee(handler, client))
	// end snippet
	return logger
}

func zapBesideOpenTelemetry(client *causality.Client, provider log.LoggerProvider, console zapcore.Core) *zap.Logger {
	// snippet: otelzap
	core := zapcore.NewTee(console, otelzap.NewCore("shop", otelzap.WithLoggerProvider(provider)))
	logger := zap.New(core, zapcausality.Tee(client))
	// end snippet
	return logger
}
