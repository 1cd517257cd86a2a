package causality

import (
	"encoding/json"
	"hash/maphash"
	"log/slog"
	"math"
	"strconv"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// encodeTyped leaves ev in e.payload as the payload that the catalogue has for
// it, and places its identity. It returns false, with ev as it was, where there
// is none or the event does not fit: a required field is missing or empty, or a
// value does not convert.
//
// A field takes the property of its name; a message's field is the property
// coordinates_x, and so on, which is what a group flattens to.
func (e *encoder) encodeTyped(env *envelope, ev *Event) bool {
	fields, ok := catalogue[ev.EventType]
	if !ok {
		return false
	}
	b := append(e.payload[:0], '"')
	b = append(b, ev.EventType...)
	b = append(b, '"', ':')
	b, _, ok = e.appendFields(b, "", fields, ev.UserID)
	e.payload = b
	if !ok {
		return false
	}
	for i := range e.props {
		if p := &e.props[i]; p.kind != deadKind && !p.used {
			e.leaveOut(string(e.arena[p.start+1 : p.value-len(`":`)]))
		}
	}
	switch {
	case ev.UserID == "" || fields[0].name == "user_id":
	case env.namesHost && ev.DeviceID == env.deviceID:
		ev.DeviceID = ev.UserID
	default:
		e.leaveOut("user_id")
	}
	switch {
	case ev.SessionID == "" || ev.SessionID == ev.CorrelationID:
	case ev.CorrelationID == "":
		ev.CorrelationID = ev.SessionID
	default:
		e.leaveOut("session_id")
	}
	return true
}

// leaveOut counts a property that the payload has no field for.
func (e *encoder) leaveOut(key string) {
	if e.unfit++; e.unfit == 1 {
		e.unfitKey = key
	}
}

// appendFields appends the fields of a message as an object: those for which
// there is a property under the prefix. userID fills user_id. any tells whether
// there was one, ok whether all fit.
func (e *encoder) appendFields(b []byte, prefix string, fields []field, userID string) (_ []byte, any, ok bool) {
	b = append(b, '{')
	for i := range fields {
		f := &fields[i]
		mark := len(b)
		if any {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, f.name...)
		b = append(b, '"', ':')
		found, ok := false, true
		switch {
		case f.name == "user_id" && userID != "":
			b, found = appendString(b, userID), true
		case f.kind == messageField:
			b, found, ok = e.appendFields(b, prefix+f.name+"_", f.fields, "")
		case f.kind == textMapField:
			b, found = e.appendTextMap(b, prefix+f.name+"_")
		default:
			if p := e.lookup(prefix + f.name); p != nil {
				found = true
				b, ok = appendField(b, f, p.kind, e.arena[p.value:p.end], p.isDuration)
				p.used = true
			}
		}
		if !ok || f.required && !found {
			return b, any, false
		}
		if !found {
			b = b[:mark]
		}
		any = any || found
	}
	return append(b, '}'), any, true
}

// lookup returns the living property of this name, or nil.
func (e *encoder) lookup(name string) *property {
	e.buf = append(append(append(e.buf[:0], '"'), name...), '"', ':')
	i := e.find(maphash.Bytes(hashSeed, e.buf), e.buf)
	e.buf = e.buf[:0]
	if i < 0 {
		return nil
	}
	return &e.props[i]
}

// appendTextMap appends the properties under a prefix as a map of strings.
func (e *encoder) appendTextMap(b []byte, prefix string) (_ []byte, any bool) {
	b = append(b, '{')
	for i := range e.props {
		p := &e.props[i]
		name := e.arena[p.start+1 : p.value]
		if p.kind == deadKind || !strings.HasPrefix(string(name), prefix) {
			continue
		}
		if any {
			b = append(b, ',')
		}
		b = append(append(b, '"'), name[len(prefix):]...)
		b = appendText(b, p.kind, e.arena[p.value:p.end])
		p.used, any = true, true
	}
	return append(b, '}'), any
}

// appendField appends an encoded scalar as the value of a field, or returns
// false where it does not convert without loss. A duration, which is
// milliseconds, may be rounded to whole ones.
func appendField(b []byte, f *field, kind kind, text []byte, isDuration bool) ([]byte, bool) {
	inside := string(text)
	if kind == stringKind {
		inside = inside[1 : len(inside)-1]
	}
	switch f.kind {
	case textField:
		return appendText(b, kind, text), !f.required || inside != ""
	case int32Field, int64Field:
		n, ok := integer(kind, inside, isDuration)
		if f.kind == int32Field && (n < math.MinInt32 || n > math.MaxInt32) {
			return b, false
		}
		return strconv.AppendInt(b, n, 10), ok
	case floatField:
		n, err := strconv.ParseFloat(inside, 64)
		// gateway: coordinates are 32-bit floats; one beyond refuses the whole
		// request.
		if kind == boolKind || err != nil || !(math.Abs(n) <= math.MaxFloat32) {
			return b, false
		}
		return appendFloat(b, n), true
	case boolField:
		if inside != "true" && inside != "false" {
			return b, false
		}
		return append(b, inside...), true
	case enumField:
		name, ok := f.enum.name(kind, inside)
		return append(append(append(b, '"'), name...), '"'), ok
	case textListField, messageListField:
		var list []json.RawMessage
		var listText string
		if kind != stringKind || json.Unmarshal(text, &listText) != nil || json.Unmarshal([]byte(listText), &list) != nil {
			return b, false
		}
		return appendList(b, f, list)
	}
	return b, false
}

// appendText appends an encoded scalar as a string.
func appendText(b []byte, kind kind, text []byte) []byte {
	if kind == stringKind {
		return append(b, text...)
	}
	return append(append(append(b, '"'), text...), '"')
}

// integer reads a whole number.
func integer(kind kind, text string, isDuration bool) (n int64, ok bool) {
	if kind != floatKind {
		n, err := strconv.ParseInt(text, 10, 64)
		return n, err == nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if isDuration {
		f = math.Round(f)
	}
	// The largest float below 2^63; 2^63 itself is beyond int64.
	if err != nil || f != math.Trunc(f) || f < math.MinInt64 || f >= math.MaxInt64 {
		return 0, false
	}
	return int64(f), true
}

// name returns the full name of a value given by its full name, its short one in
// any case ("left"), or its number.
func (e *enum) name(kind kind, text string) (string, bool) {
	switch kind {
	case intKind:
		if n, err := strconv.Atoi(text); err == nil && n >= 0 && n < len(e.names) {
			return e.prefix + e.names[n], true
		}
	case stringKind:
		short := strings.TrimPrefix(text, e.prefix)
		for _, name := range e.names {
			if strings.EqualFold(name, short) {
				return e.prefix + name, true
			}
		}
	}
	return "", false
}

// appendList appends the elements of a repeated field.
func appendList(b []byte, f *field, list []json.RawMessage) ([]byte, bool) {
	b = append(b, '[')
	for i, element := range list {
		if i > 0 {
			b = append(b, ',')
		}
		v := value.OfJSON(element)
		ok := false
		switch {
		case f.kind == textListField && v.Kind() != slog.KindAny && v.Kind() != slog.KindGroup:
			text, kind := appendScalar(nil, v)
			b, ok = appendText(b, kind, text), true
		case f.kind == messageListField && element[0] == '{':
			b, ok = appendMessage(b, f.fields, v.Group())
		}
		if !ok {
			return b, false // gateway: a null in a list refuses the request
		}
	}
	return append(b, ']'), true
}

// appendMessage appends one message of a list. Members that it has no field for
// are left out.
func appendMessage(b []byte, fields []field, members []slog.Attr) ([]byte, bool) {
	b = append(b, '{')
	any := false
	for i := range fields {
		f := &fields[i]
		for j := len(members) - 1; j >= 0; j-- { // the last of equal keys wins
			if members[j].Key != f.name {
				continue
			}
			v := members[j].Value
			if v.Kind() == slog.KindAny && v.Any() == nil {
				break
			}
			if v.Kind() == slog.KindAny || v.Kind() == slog.KindGroup {
				return b, false
			}
			if any {
				b = append(b, ',')
			}
			b = append(append(append(b, '"'), f.name...), '"', ':')
			text, kind := appendScalar(nil, v)
			var ok bool
			if b, ok = appendField(b, f, kind, text, false); !ok {
				return b, false
			}
			any = true
			break
		}
	}
	return append(b, '}'), true
}
