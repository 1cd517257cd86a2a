package envelope

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// flatServer is the property that holds the server context.
const flatServer = "_server"

// encodeFlat leaves the event in e.buf in its flat form. Unlike the envelope it
// is built as a tree, because equal keys may be anywhere in it and the keys
// are to be sorted, which costs several times as much.
func (e *Encoder) encodeFlat(env *Envelope, ev *Event) error {
	flat := *ev
	flat.EventType = CleanType(ev.EventType)
	flat.IdempotencyKey = uuid.New().String()
	flat.Properties = make(map[string]any, len(ev.Properties)+len(ev.Attrs)+1)
	for _, a := range env.attrs {
		e.flatten(flat.Properties, a, 0)
	}
	for _, key := range slices.Sorted(maps.Keys(ev.Properties)) {
		e.flatten(flat.Properties, slog.Attr{Key: key, Value: value.Any(ev.Properties[key])}, 0)
	}
	for _, a := range ev.Attrs {
		e.flatten(flat.Properties, a, 0)
	}
	if e.tooLarge {
		return ErrTooLarge
	}
	if taken, ok := flat.Properties[flatServer]; ok {
		name := flatServer
		for n := 2; ; n++ {
			name = flatServer + "_" + strconv.Itoa(n)
			if _, ok := flat.Properties[name]; !ok {
				break
			}
		}
		flat.Properties[name] = taken
		e.Renamed, e.RenamedKey = 1, flatServer
	}
	flat.Properties[flatServer] = env.context

	b := append(e.buf[:0], '{')
	if flat.ID != "" {
		b = append(value.AppendString(append(b, `"id":`...), flat.ID), ',')
	}
	b = value.AppendString(append(b, `"app_id":`...), flat.AppID)
	b = value.AppendString(append(b, `,"event_type":`...), flat.EventType)
	b = value.AppendString(append(b, `,"idempotency_key":`...), flat.IdempotencyKey)
	b = strconv.AppendInt(append(b, `,"timestamp_ms":`...), flat.TimestampMs, 10)
	for _, member := range [...][2]string{
		{`,"device_id":`, flat.DeviceID}, {`,"user_id":`, flat.UserID},
		{`,"session_id":`, flat.SessionID}, {`,"correlation_id":`, flat.CorrelationID},
	} {
		if member[1] != "" {
			b = value.AppendString(append(b, member[0]...), member[1])
		}
	}
	e.buf = append(appendFlat(append(b, `,"properties":`...), flat.Properties), '}')
	if len(e.buf) > MaxBytes {
		return ErrTooLarge
	}
	return nil
}

// flatten puts one property, or the members of a group or object, into dst.
func (e *Encoder) flatten(dst map[string]any, a slog.Attr, depth int) {
	if e.tooLarge {
		return
	}
	e.walk()
	a.Key, a.Value = e.plain(a.Key, a.Value)
	key := a.Key
	if !utf8.ValidString(key) {
		// gateway: keys are compared as they are decoded, so that two which are
		// equal once they are UTF-8 would refuse the whole request.
		key = string([]rune(key))
	}
	if a.Value.Kind() == slog.KindGroup && depth >= value.MaxDepth {
		a.Value = slog.StringValue(tooDeep)
	}
	if a.Value.Kind() != slog.KindGroup {
		if a.Value.Equal(slog.Value{}) {
			return // nil is left out
		}
		if e.flatSize(key, a.Value); !e.tooLarge {
			dst[key] = flatValue(a.Value)
		}
		return
	}
	members := dst
	if key != "" {
		// The same group twice is one group; a scalar of its name goes.
		var ok bool
		if members, ok = dst[key].(map[string]any); !ok {
			members = make(map[string]any, len(a.Value.Group()))
		}
		e.groups = append(e.groups, a.Key)
	}
	for _, member := range a.Value.Group() {
		e.flatten(members, member, depth+1)
	}
	if key != "" {
		e.groups = e.groups[:len(e.groups)-1]
		if len(members) > 0 {
			dst[key] = members
		}
	}
}

// flatSize notices an event that is too large before it is encoded.
func (e *Encoder) flatSize(key string, v slog.Value) {
	e.flatBytes += len(key)
	switch v.Kind() {
	case slog.KindString:
		e.flatBytes += len(v.String())
	case slog.KindAny:
		switch v := v.Any().(type) {
		case value.JSON:
			e.flatBytes += len(v)
		case value.TooLarge:
			e.tooLarge = true
		}
	}
	e.tooLarge = e.tooLarge || e.flatBytes > MaxBytes
}

// flatValue is a plain value in the tree: a slog.Value, or what a list holds.
func flatValue(v slog.Value) any {
	if text, ok := v.Any().(value.JSON); ok {
		return flatJSON(string(text))
	}
	return v
}

// appendFlat appends what is in the tree as JSON, sorted by key.
func appendFlat(b []byte, v any) []byte {
	switch v := v.(type) {
	case map[string]any:
		b = append(b, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendFlat(append(value.AppendString(b, key), ':'), v[key])
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendFlat(b, v[i])
		}
		return append(b, ']')
	case slog.Value:
		return value.AppendJSON(b, v)
	case Server:
		b = value.AppendString(append(b, `{"hostname":`...), v.Hostname)
		b = value.AppendString(append(b, `,"go_version":`...), v.GoVersion)
		b = value.AppendString(append(b, `,"sdk_version":`...), v.SDKVersion)
		return append(b, '}')
	default:
		return value.AppendJSON(b, value.Any(v))
	}
}

// flatJSON is a list in the tree. It is built anew, because
// a json.RawMessage of the user's may be in it as it was written: with bytes that
// are not UTF-8, half a surrogate pair, a key that occurs twice, or a number that
// is beyond a float64, any of which refuses the whole request.
func flatJSON(text string) any {
	v, ok := parseJSON(text)
	if !ok || !flatNumbers(&v, 0) {
		return text // deeper than may be read
	}
	return v
}

// maxFlatDepth is how deep a list may nest. encoding/json reads 10 000 levels, of the
// whole request.
const maxFlatDepth = 1000

// flatNumbers replaces the numbers in v by what they are elsewhere. It returns false
// where v nests too deep.
func flatNumbers(v *any, depth int) bool {
	switch held := (*v).(type) {
	case json.Number:
		*v = value.Number(string(held)).Any()
	case []any:
		for i := range held {
			if !flatNumbers(&held[i], depth+1) {
				return false
			}
		}
	case map[string]any:
		for key, member := range held {
			if !flatNumbers(&member, depth+1) {
				return false
			}
			held[key] = member
		}
	}
	return depth <= maxFlatDepth
}
