package value

import (
	"log/slog"
	"math"
	"strconv"
	"time"
)

// AppendJSON appends a plain value as JSON: the one place where a kind gets its
// form. A duration is milliseconds, a time is RFC 3339 in UTC, and a float that is
// not finite is a string.
func AppendJSON(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return AppendString(b, v.String())
	case slog.KindInt64:
		return strconv.AppendInt(b, v.Int64(), 10)
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindFloat64:
		if f := v.Float64(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return AppendFloat(b, f)
		}
		return append(strconv.AppendFloat(append(b, '"'), v.Float64(), 'g', -1, 64), '"')
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindDuration:
		return AppendFloat(b, float64(v.Duration())/float64(time.Millisecond))
	case slog.KindTime:
		return append(v.Time().UTC().AppendFormat(append(b, '"'), time.RFC3339Nano), '"')
	case slog.KindGroup:
		return appendObject(b, v.Group())
	}
	if text, ok := v.Any().(JSON); ok {
		return append(b, text...)
	}
	return append(b, "null"...)
}

// List returns the values of plain attributes as one list.
func List(elements []slog.Attr) slog.Value {
	b := []byte{'['}
	for i := range elements {
		if i > 0 {
			b = append(b, ',')
		}
		if Size(elements[i].Value) > MaxBytes || len(b) > MaxBytes {
			return tooLarge
		}
		b = AppendJSON(b, elements[i].Value)
	}
	return slog.AnyValue(JSON(append(b, ']')))
}

// Object returns plain members as the JSON of one object, to be part of a list.
func Object(members []slog.Attr) slog.Value {
	group := slog.GroupValue(members...)
	if Size(group) > MaxBytes {
		return tooLarge
	}
	return slog.AnyValue(JSON(AppendJSON(nil, group)))
}

// appendObject appends plain members as a JSON object. The members of a group
// without a name are the object's own.
func appendObject(b []byte, members []slog.Attr) []byte {
	return append(appendMembers(append(b, '{'), members, true), '}')
}

func appendMembers(b []byte, members []slog.Attr, first bool) []byte {
	for i := range members {
		key, v := members[i].Key, members[i].Value
		if key == "" && v.Kind() == slog.KindGroup {
			before := len(b)
			b = appendMembers(b, v.Group(), first)
			first = first && len(b) == before
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = AppendJSON(append(AppendString(b, key), ':'), v)
	}
	return b
}

// Any is slog.AnyValue, but for a float32: the float64 that it is there has more
// digits than it was given.
func Any(v any) slog.Value {
	if f, ok := v.(float32); ok {
		return Float32(f)
	}
	return slog.AnyValue(v)
}

// Float32 returns the float64 that is written as f is.
func Float32(f float32) slog.Value {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		wide = float64(f)
	}
	return slog.Float64Value(wide)
}

// TooLarge is the value in place of one that does not fit an event, which is then
// Invalid.
type TooLarge struct{}

// MaxElements is more than the elements of a list, or the members of an object,
// that fit an event: each has at least two bytes.
const MaxElements = MaxBytes / 2

// MaxBytes is more than fits an event. A value is read up to there, so that a
// large one costs no more.
const MaxBytes = 1 << 20

var tooLarge = slog.AnyValue(TooLarge{})

// IsTooLarge reports whether v is TooLarge.
func IsTooLarge(v slog.Value) bool {
	if v.Kind() != slog.KindAny {
		return false
	}
	_, is := v.Any().(TooLarge)
	return is
}

// Size is how many bytes the names and texts in a plain value have, or any number
// beyond MaxBytes. The same text may be in it a thousand times.
func Size(v slog.Value) (n int) {
	switch v.Kind() {
	case slog.KindString:
		return len(v.String())
	case slog.KindGroup:
		for _, a := range v.Group() {
			if n += len(a.Key) + Size(a.Value); n > MaxBytes {
				break
			}
		}
	case slog.KindAny:
		switch v := v.Any().(type) {
		case JSON:
			return len(v)
		case TooLarge:
			return MaxBytes + 1
		}
	}
	return n
}
