package zerologcausality

import (
	"log/slog"
	"time"

	"github.com/rs/zerolog"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// now is the time that zerolog would put on a line. A line that the user's function
// for it has logged must not ask that function again, and one that panics costs the
// line nothing.
func now(inner bool) time.Time {
	if !inner {
		if at := timestamp(); !at.IsZero() {
			return at
		}
	}
	return time.Now()
}

func timestamp() (at time.Time) {
	defer func() { _ = recover() }()
	usercode.Call(func() { at = zerolog.TimestampFunc() })
	return at
}

// isTime reports whether the value of a member under zerolog.TimestampFieldName
// is the time that zerolog puts on a line: in its format, and now. Anything else
// is the user's.
func (l *line) isTime(v slog.Value) bool {
	if isNow(v, l.now) {
		return true
	}
	t, ok := readTime(v, l.now.Location())
	if !ok {
		return false
	}
	// Compared as they would be written: formats leave out anything from
	// nanoseconds to the year.
	newest, ok := asWritten(l.now)
	if !ok || t.After(newest) {
		return false
	}
	oldest, ok := asWritten(l.now.Add(-within))
	if !ok || t.Before(oldest) {
		return false
	}
	// The line may have been written some time ago. Where it is as new as its
	// format can tell, now is more precise; where the format leaves out the day
	// or the zone, it tells nothing.
	if age := l.now.Sub(t); l.finished && t.Before(newest) && 0 <= age && age < within+time.Second {
		l.at = t
	}
	return true
}

// isNow reports whether v is to the letter what zerolog writes for now, as mostly
// it is: it need not be read then.
func isNow(v slog.Value, now time.Time) bool {
	format := zerolog.TimeFieldFormat
	if v.Kind() != slog.KindString || isUnix(format) {
		return false
	}
	var text [64]byte
	return string(now.AppendFormat(text[:0], format)) == v.String()
}

func isUnix(format string) bool {
	switch format {
	case zerolog.TimeFormatUnix, zerolog.TimeFormatUnixMs, zerolog.TimeFormatUnixMicro, zerolog.TimeFormatUnixNano:
		return true
	}
	return false
}

// readTime reads a time as zerolog.TimeFieldFormat writes it.
func readTime(v slog.Value, local *time.Location) (time.Time, bool) {
	format := zerolog.TimeFieldFormat
	if isUnix(format) {
		if v.Kind() != slog.KindInt64 {
			return time.Time{}, false
		}
		return unixTime(format, v.Int64()), true
	}
	if v.Kind() != slog.KindString {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation(format, v.String(), local)
	return t, err == nil
}

func unixTime(format string, n int64) time.Time {
	switch format {
	case zerolog.TimeFormatUnixMs:
		return time.UnixMilli(n)
	case zerolog.TimeFormatUnixMicro:
		return time.UnixMicro(n)
	case zerolog.TimeFormatUnixNano:
		return time.Unix(0, n)
	default:
		return time.Unix(n, 0)
	}
}

// asWritten returns t as readTime would read it back.
func asWritten(t time.Time) (time.Time, bool) {
	switch format := zerolog.TimeFieldFormat; format {
	case zerolog.TimeFormatUnix:
		return time.Unix(t.Unix(), 0), true
	case zerolog.TimeFormatUnixMs:
		return time.UnixMilli(t.UnixMilli()), true
	case zerolog.TimeFormatUnixMicro:
		return time.UnixMicro(t.UnixMicro()), true
	case zerolog.TimeFormatUnixNano:
		return time.Unix(0, t.UnixNano()), true
	default:
		t, err := time.ParseInLocation(format, t.Format(format), t.Location())
		return t, err == nil
	}
}
