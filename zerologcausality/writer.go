package zerologcausality

import (
	"context"
	"io"
	"log/slog"
	"sync"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// NewWriter returns a writer that tracks the lines which are events with client,
// which stays the caller's to close. It writes nothing, so it goes next to the
// writer that does, and it goes without [NewHook]: with both, each event is
// tracked twice. With a nil client nothing is tracked.
//
//	logger := zerolog.New(zerolog.MultiLevelWriter(os.Stdout, zerologcausality.NewWriter(client)))
//
// It is for where the hook does not work: it needs nothing of zerolog's but the
// finished line. But a line has no context, so the identity of its event is on
// the line. The time of the event is the line's own, to its precision. A member
// zerolog.MessageFieldName at the end of a line counts as the message.
//
// It implements io.Closer, which zerolog calls at Fatal. Close delivers what is
// tracked, for at most 2 s; it closes neither the writer nor the client. A line
// at PanicLevel is delivered as well, within at most 1 s, at most once in 10 s.
//
// It reads JSON. A line that is not (the build tag binary_log makes lines CBOR, a
// zerolog.ConsoleWriter before it makes them text) is no event, and the first is
// said in the client's log, at level Error.
func NewWriter(client *causality.Client, opts ...Option) zerolog.LevelWriter {
	return &writer{options: newOptions(client, opts)}
}

type writer struct {
	options
	notJSON sync.Once
}

var (
	_ zerolog.LevelWriter = (*writer)(nil)
	_ io.Closer           = (*writer)(nil)
)

// WriteLevel tracks the line if it is an event. It never fails.
func (w *writer) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	if level >= w.level && w.isLine(p) && w.mayBeEvent(p) {
		l := newLine(w.text(p))
		l.hasLevel = level != zerolog.NoLevel
		w.track(l)
	}
	if level == zerolog.PanicLevel {
		record.Panic(w.client)
	}
	return len(p), nil
}

// Write is WriteLevel for a line whose level got lost, on the way through a
// buffer for example: the line itself says it.
func (w *writer) Write(p []byte) (int, error) {
	if w.isLine(p) && w.mayBeEvent(p) {
		l := newLine(w.text(p))
		level := l.level()
		if level >= w.level {
			l.hasLevel = level != zerolog.NoLevel
			w.track(l)
		} else {
			l.release()
		}
	}
	return len(p), nil
}

// Close delivers what is tracked. It returns nil, because with an error
// zerolog.MultiLevelWriter would not close the writers after this one.
func (w *writer) Close() error {
	record.Fatal(w.client, 0)
	return nil
}

func (w *writer) track(l *line) {
	defer l.release()
	l.finished = true
	l.track(context.Background(), &w.options)
}

func (w *writer) isLine(p []byte) bool {
	if len(p) > 0 && p[0] == '{' {
		return true
	}
	w.notJSON.Do(func() {
		why := "is a zerolog.ConsoleWriter before it?"
		if isCBOR(p) {
			why = "it is CBOR; build without the tag binary_log, or call Client.Track"
		}
		diagnostic.Say(w.client, "zerologcausality: NewWriter got a line that is not JSON, and finds no events in such lines: "+why)
	})
	return false
}

// level returns the level that the line begins with, or NoLevel.
func (l *line) level() zerolog.Level {
	defer func() { l.pos = 0 }()
	l.accept('{')
	key, v, ok := l.member(0)
	if !ok || key != zerolog.LevelFieldName || v.Kind() != slog.KindString {
		return zerolog.NoLevel
	}
	level, err := zerolog.ParseLevel(v.String())
	if err != nil || level == zerolog.Disabled {
		return zerolog.NoLevel // a field of the user's
	}
	return level
}
