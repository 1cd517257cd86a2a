package causality_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
)

// logbook is a slog.Handler that keeps the lines.
type logbook struct {
	mu    sync.Mutex
	lines []logLine
}

type logLine struct {
	at      time.Time
	level   slog.Level
	message string
	attrs   map[string]string
	isOwn   bool // marked as the client's own
}

func (l *logbook) Enabled(context.Context, slog.Level) bool { return true }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *logbook) WithGroup(string) slog.Handler            { return l }
func (l *logbook) Handle(ctx context.Context, r slog.Record) error {
	line := logLine{at: time.Now(), level: r.Level, message: r.Message, attrs: map[string]string{}, isOwn: diagnostic.Is(ctx)}
	r.Attrs(func(a slog.Attr) bool {
		line.attrs[a.Key] = a.Value.String()
		return true
	})
	l.mu.Lock()
	l.lines = append(l.lines, line)
	l.mu.Unlock()
	return nil
}

// about returns the lines with these words in them.
func (l *logbook) about(words string) []logLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(l.lines), func(line logLine) bool { return !strings.Contains(line.message, words) })
}

func loggingTo(l slog.Handler) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.Logger = slog.New(l) }
}

func onError(f func(error)) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.OnError = f }
}
