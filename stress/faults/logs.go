package faults

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Line is one log line of the client's.
type Line struct {
	At      time.Duration // since the start
	Level   slog.Level
	Message string
	Attrs   map[string]string
}

// Count is how many occurrences the line is about.
func (l Line) Count() int {
	n, _ := strconv.Atoi(l.Attrs["count"])
	return n
}

// String shows the line as a text handler would.
func (l Line) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %v %s", l.At.Round(time.Millisecond), l.Level, l.Message)
	for _, key := range slices.Sorted(maps.Keys(l.Attrs)) {
		fmt.Fprintf(&b, " %s=%q", key, l.Attrs[key])
	}
	return b.String()
}

// Logs is a slog.Handler that keeps the client's lines.
type Logs struct {
	start time.Time
	mu    sync.Mutex
	lines []Line
}

// NewLogs starts with no line.
func NewLogs() *Logs { return &Logs{start: time.Now()} }

func (*Logs) Enabled(context.Context, slog.Level) bool { return true }

func (l *Logs) Handle(_ context.Context, r slog.Record) error {
	line := Line{At: time.Since(l.start), Level: r.Level, Message: r.Message, Attrs: make(map[string]string)}
	r.Attrs(func(a slog.Attr) bool {
		line.Attrs[a.Key] = a.Value.String()
		return true
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *Logs) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l *Logs) WithGroup(string) slog.Handler      { return l }

// Lines returns what was logged so far.
func (l *Logs) Lines() []Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.lines)
}
