package causality

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Format is the JSON form in which events are sent.
type Format int

const (
	// FormatEnvelope is the gateway's EventEnvelope, the form that it takes.
	FormatEnvelope Format = iota
	// FormatFlat is the flat form of the platform's plan, for a gateway that
	// takes that one:
	//
	//	{"app_id":…,"event_type":…,"idempotency_key":…,"timestamp_ms":…,"device_id":…,
	//	 "user_id":…,"session_id":…,"correlation_id":…,"properties":{…,"_server":{…}}}
	//
	// Empty fields are left out. Properties keep their keys and their nesting,
	// sorted by key: groups, maps and structs are objects, lists are arrays, all
	// integers are numbers, a duration is milliseconds, a time an RFC 3339
	// string in UTC, and NaN, the infinities and numbers beyond 64 bits are
	// strings. Within a list stands what encoding/json makes of it, sorted
	// likewise. There is no id, so that an event sent again under a new key
	// cannot be told from another one.
	FormatFlat
)

func (f Format) String() string {
	switch f {
	case FormatEnvelope:
		return "envelope"
	case FormatFlat:
		return "flat"
	}
	return "Format(" + strconv.Itoa(int(f)) + ")"
}

// flatServer is the property that holds the server context.
const flatServer = "_server"

// encodeFlat leaves the event in e.buf in its flat form. Unlike the envelope it
// is built as a tree, because equal keys may stand anywhere in it and the keys
// are to be sorted: it costs what encoding/json costs.
func (e *encoder) encodeFlat(env *envelope, ev *Event) error {
	flat := *ev
	flat.EventType = cleanEventType(ev.EventType)
	flat.IdempotencyKey = uuid.New().String()
	flat.Properties = make(map[string]any, len(ev.Properties)+len(ev.Attrs)+1)
	for _, a := range env.attrs {
		e.flatten(flat.Properties, a, 0)
	}
	for _, key := range slices.Sorted(maps.Keys(ev.Properties)) {
		e.flatten(flat.Properties, slog.Any(key, ev.Properties[key]), 0)
	}
	for _, a := range ev.Attrs {
		e.flatten(flat.Properties, a, 0)
	}
	if e.tooLarge {
		return errTooLarge
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
		e.renamed, e.renamedKey = 1, flatServer
	}
	flat.Properties[flatServer] = env.context

	text := bytes.NewBuffer(e.buf[:0])
	enc := json.NewEncoder(text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(flat); err != nil {
		return err
	}
	e.buf = bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	if len(e.buf) > maxEventBytes {
		return errTooLarge
	}
	return nil
}

// flatten puts one property, or the members of a group or object, into dst.
func (e *encoder) flatten(dst map[string]any, a slog.Attr, depth int) {
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
func (e *encoder) flatSize(key string, v slog.Value) {
	e.flatBytes += len(key)
	switch v.Kind() {
	case slog.KindString:
		e.flatBytes += len(v.String())
	case slog.KindAny:
		if text, ok := v.Any().(value.JSON); ok {
			e.flatBytes += len(text)
		}
	}
	e.tooLarge = e.tooLarge || e.flatBytes > maxEventBytes
}

// flatValue is what encoding/json is given for a plain value.
func flatValue(v slog.Value) any {
	switch v.Kind() {
	case slog.KindFloat64:
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return strconv.FormatFloat(f, 'g', -1, 64)
		}
	case slog.KindDuration:
		return float64(v.Duration()) / float64(time.Millisecond)
	case slog.KindTime:
		return v.Time().UTC().Format(time.RFC3339Nano)
	case slog.KindAny:
		if text, ok := v.Any().(value.JSON); ok {
			return flatJSON(string(text))
		}
	}
	return v.Any()
}

// flatJSON is what encoding/json is given for a list. It is built anew, because
// a json.RawMessage of the user's may be in it as it was written: with bytes that
// are not UTF-8, half a surrogate pair, a key that stands twice, or a number that
// is beyond a float64, any of which refuses the whole request.
func flatJSON(text string) any {
	v, ok := parseJSON(text)
	if !ok {
		return text // deeper than encoding/json reads
	}
	return flatNumbers(v)
}

// flatNumbers replaces the numbers in v by what they are elsewhere.
func flatNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return value.Number(string(v)).Any()
	case []any:
		for i := range v {
			v[i] = flatNumbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = flatNumbers(v[key])
		}
	}
	return v
}
