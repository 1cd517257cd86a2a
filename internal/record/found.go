package record

import (
	"log/slog"
	"reflect"
	"slices"
	"strconv"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// form is how an attribute says that its record is an event.
type form uint8

const (
	none      form = iota
	plainForm      // "event": the type
	groupForm      // "event": {"event_type": the type, …}
)

type event struct {
	form      form
	eventType string
	// members and identity are those of the group form.
	members  []slog.Attr
	identity causality.Identity
}

// found is what a list of attributes comes to: an event, an identity, and the
// rest, which are properties. Of several, the last wins.
type found struct {
	event    event
	identity causality.Identity
	attrs    []slog.Attr
	members  []slog.Attr // memory of event.members
}

func (f *found) reset() {
	clear(f.attrs)
	clear(f.members)
	f.attrs, f.members = f.attrs[:0], f.members[:0]
	f.event, f.identity = event{}, causality.Identity{}
}

// add takes an attribute by its parts, because these stay in registers.
func (f *found) add(rules *Rules, key string, v slog.Value) {
	if key == "" {
		// Here and not again among its members: a LogValuer may give itself as
		// one of them, for ever.
		v = follow(v)
	}
	f.addFollowed(rules, key, v)
}

func (f *found) addFollowed(rules *Rules, key string, v slog.Value) {
	if isInline(key, v) {
		for _, member := range v.Group() {
			f.addFollowed(rules, member.Key, member.Value)
		}
		return
	}
	if key == rules.EventKey || key == EventKey {
		isEvent := false
		if v, isEvent = f.addEvent(rules, key, v); isEvent {
			return
		}
	}
	v, isIdentity := liftIdentity(&f.identity, key, v)
	if isIdentity {
		return
	}
	f.attrs = appendAttr(f.attrs, key, v)
}

// appendAttr appends an attribute by its parts. As a whole it would be built on the
// stack and copied from there, which takes several times as long.
func appendAttr(attrs []slog.Attr, key string, v slog.Value) []slog.Attr {
	n := len(attrs)
	if n == cap(attrs) {
		attrs = slices.Grow(attrs, 1)
	}
	attrs = attrs[:n+1]
	attrs[n].Key, attrs[n].Value = key, v
	return attrs
}

// isInline reports whether a is a group without a name. log/slog: its members
// count as the record's own.
func isInline(key string, v slog.Value) bool { return key == "" && v.Kind() == slog.KindGroup }

// follow returns what a LogValuer gives, and any other value as it is: reduced to
// text, an error would look like a type. A LogValuer that panics or never ends is
// left to the encoder, which says so in its place.
func follow(v slog.Value) (given slog.Value) {
	if v.Kind() != slog.KindLogValuer {
		return v
	}
	defer func() {
		if recover() != nil {
			given = v
		}
	}()
	given = v
	for range value.MaxDepth {
		if given = given.LogValuer().LogValue(); given.Kind() != slog.KindLogValuer {
			return given
		}
	}
	return v
}

// addEvent takes an attribute as the record's event, if it is one. If not, it
// returns what it has read of the value, so that a method of the user's is not
// asked twice.
func (f *found) addEvent(rules *Rules, key string, v slog.Value) (read slog.Value, ok bool) {
	v = follow(v)
	if text, ok := stringOf(v); ok {
		if key != rules.EventKey {
			return v, false
		}
		f.event = event{form: plainForm, eventType: text}
		return v, true
	}
	if key != EventKey {
		return v, false
	}
	if v.Kind() == slog.KindAny {
		v = value.Resolve(v) // an object is a group
	}
	if v.Kind() != slog.KindGroup {
		return v, false
	}
	e, start := event{}, len(f.members)
	f.addMembers(&e, v.Group())
	if e.form == none {
		f.members = f.members[:start]
		return v, false
	}
	e.members = f.members[start:]
	f.event = e
	return v, true
}

func (f *found) addMembers(e *event, members []slog.Attr) {
	for i := range members {
		key, v := members[i].Key, members[i].Value
		if isInline(key, v) {
			f.addMembers(e, v.Group())
			continue
		}
		if key == TypeKey {
			v = follow(v)
			if text, ok := stringOf(v); ok {
				e.form, e.eventType = groupForm, text
				continue
			}
		}
		v, isIdentity := liftIdentity(&e.identity, key, v)
		if isIdentity {
			continue
		}
		f.members = appendAttr(f.members, key, v)
	}
}

// stringOf returns the text of a string, of a named type too. Something that
// only has a String method is not one.
func stringOf(v slog.Value) (string, bool) {
	switch v.Kind() {
	case slog.KindString:
		return v.String(), true
	case slog.KindAny:
		if _, isArray := v.Any().(value.JSON); isArray {
			return "", false
		}
		if rv := reflect.ValueOf(v.Any()); rv.Kind() == reflect.String {
			return rv.String(), true
		}
	}
	return "", false
}

// liftIdentity moves the value of an identity attribute into id and reports whether
// it did. A number is taken as its digits; what has no plain text stays a property.
// An empty string and nil say nothing. It returns the value, reduced if it has read
// it: a method of the user's must not be asked twice.
func liftIdentity(id *causality.Identity, key string, v slog.Value) (read slog.Value, ok bool) {
	var field *string
	switch key {
	case "user_id":
		field = &id.UserID
	case "session_id":
		field = &id.SessionID
	case "device_id":
		field = &id.DeviceID
	case "correlation_id":
		field = &id.CorrelationID
	default:
		return v, false
	}
	v = value.Resolve(v)
	text := ""
	switch v.Kind() {
	case slog.KindString:
		text = v.String()
	case slog.KindInt64:
		text = strconv.FormatInt(v.Int64(), 10)
	case slog.KindUint64:
		text = strconv.FormatUint(v.Uint64(), 10)
	case slog.KindAny:
		if v.Any() != nil {
			return v, false // an array
		}
	default:
		return v, false
	}
	if text != "" {
		*field = text
	}
	return v, true
}
