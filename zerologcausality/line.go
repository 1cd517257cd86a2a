package zerologcausality

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// line is one log line while it is read, and what is known about the members
// that zerolog itself puts on a line. Those are no properties:
//
//   - the level, which zerolog writes first, unless the line has none;
//   - the time, which is a time in zerolog's own format that is now;
//   - the caller, which is a place in the program;
//   - the message, which zerolog writes last, after all hooks.
//
// A member of the user's that has the same name is a property like any other.
type line struct {
	scanner
	// hasLevel says that the first member may be the level.
	hasLevel bool
	// finished says that the line is complete, up to its closing brace, so that
	// the last member may be the message.
	finished bool
	// message is the line's message. Of a finished line it is found out.
	message string
	// inner says that a function of the user's which the client is calling has
	// logged the line: then none is asked about it.
	inner bool
	// now is when the line is read.
	now time.Time
	// at is the time that a finished line gives; the zero time where it gives
	// none, or none that says more than now.
	at time.Time

	rec record.Record // what track makes of it
}

// within is how long ago zerolog may have written the time of a line: the line may
// be sent late, and to a writer it may come through a buffer.
const within = time.Minute

var lines = sync.Pool{New: func() any { return new(line) }}

// maxPooled is the most members, and bytes of a string, whose memory is kept for
// the next line.
const maxPooled = 16 << 10

// newLine returns a line to be read. It must be released.
func newLine(text string) *line {
	l := lines.Get().(*line)
	l.text = text
	return l
}

// release gives the line back. Nothing that was read of it may be in use, other
// than strings.
func (l *line) release() {
	if max(cap(l.stack), cap(l.attrs), cap(l.scratch), cap(l.open)) > maxPooled {
		return
	}
	clear(l.stack)
	clear(l.attrs)
	l.rec.End()
	l.scanner = scanner{stack: l.stack[:0], attrs: l.attrs[:0], scratch: l.scratch, open: l.open}
	l.hasLevel, l.finished, l.inner, l.message = false, false, false, ""
	l.now, l.at = time.Time{}, time.Time{}
	lines.Put(l)
}

// track tracks the line if it is an event.
func (l *line) track(ctx context.Context, o *options) {
	l.inner = usercode.Running()
	l.now = now(l.inner)
	l.rec.Begin(o.rules, nil)
	if !l.read() {
		// A RawJSON that is not JSON: what comes before it is good.
		diagnostic.PropertyDropped(o.client, 1)
	}
	at := l.now
	if !l.at.IsZero() {
		at = l.at
	}
	l.rec.Track(ctx, o.client, at, l.message)
}

// read adds the members of the line to its record, and reports whether it is JSON
// to its end.
func (l *line) read() bool {
	if !l.accept('{') {
		return false
	}
	// Each member is added when the next begins, because the last of a finished
	// line may be the message or, without the brace that ends the line, half of
	// what a RawJSON has left open.
	var key string
	var v slog.Value
	for n := 0; ; n++ {
		l.commas()
		isClosed := l.finished && l.accept('}')
		if isClosed {
			l.space()
		}
		isEnd := l.atEnd()
		switch {
		case n == 0:
		case isEnd && l.finished && !isClosed:
		case isEnd && isClosed && isMessage(key, v):
			l.message = v.String()
		default:
			l.add(key, v, n == 1)
		}
		if isEnd || isClosed {
			return isEnd && isClosed == l.finished
		}
		var ok bool
		if key, v, ok = l.member(0); !ok {
			return false
		}
	}
}

// add adds a member to the record, if it is the user's.
func (l *line) add(key string, v slog.Value, isFirst bool) {
	switch {
	case isFirst && l.hasLevel && key == zerolog.LevelFieldName:
	case key == zerolog.TimestampFieldName && l.isTime(v):
	case key == zerolog.CallerFieldName && !l.inner && isCaller(v):
	default:
		l.rec.Add(key, v)
	}
}

func isMessage(key string, v slog.Value) bool {
	return key == zerolog.MessageFieldName && v.Kind() == slog.KindString
}
