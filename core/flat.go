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
	// string in UTC, and NaN and the infinities are strings. There is no id, so
	// that an event sent again under a new key cannot be told from another one.
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
	a = e.plain(a)
	if a.Value.Kind() != slog.KindGroup {
		if v := flatValue(a.Value); v != nil {
			dst[a.Key] = v
			e.flatSize(a)
		}
		return
	}
	if depth >= value.MaxDepth {
		dst[a.Key] = tooDeep
		return
	}
	members := dst
	if a.Key != "" {
		// The same group twice is one group; a scalar of its name goes.
		var ok bool
		if members, ok = dst[a.Key].(map[string]any); !ok {
			members = make(map[string]any, len(a.Value.Group()))
		}
		e.groups = append(e.groups, a.Key)
	}
	for _, member := range a.Value.Group() {
		e.flatten(members, member, depth+1)
	}
	if a.Key != "" {
		e.groups = e.groups[:len(e.groups)-1]
		if len(members) > 0 {
			dst[a.Key] = members
		}
	}
}

// flatSize notices an event that is too large before it is encoded.
func (e *encoder) flatSize(a slog.Attr) {
	e.flatBytes += len(a.Key)
	if a.Value.Kind() == slog.KindString {
		e.flatBytes += len(a.Value.String())
	}
	e.tooLarge = e.flatBytes > maxEventBytes
}

// flatValue is what encoding/json is given for a plain value; nil is left out.
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
			return json.RawMessage(text)
		}
	}
	return v.Any()
}
