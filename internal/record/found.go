package record

import (
	"log/slog"
	"reflect"
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
	*f = found{attrs: f.attrs[:0], members: f.members[:0]}
}

func (f *found) add(rules *Rules, a slog.Attr) {
	if a.Key == "" {
		// Here and not again among its members: a LogValuer may give itself as
		// one of them, for ever.
		a.Value = follow(a.Value)
	}
	f.addFollowed(rules, a)
}

func (f *found) addFollowed(rules *Rules, a slog.Attr) {
	if isInline(a) {
		for _, member := range a.Value.Group() {
			f.addFollowed(rules, member)
		}
		return
	}
	if (a.Key == rules.EventKey || a.Key == EventKey) && f.addEvent(rules, &a) {
		return
	}
	if !liftIdentity(&f.identity, &a) {
		f.attrs = append(f.attrs, a)
	}
}

// isInline reports whether a is a group without a name. log/slog: its members
// count as the record's own.
func isInline(a slog.Attr) bool { return a.Key == "" && a.Value.Kind() == slog.KindGroup }

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

// addEvent takes a as the record's event, if it is one. If not, it leaves in a
// what it has read, so that a method of the user's is not asked twice.
func (f *found) addEvent(rules *Rules, a *slog.Attr) bool {
	a.Value = follow(a.Value)
	if text, ok := stringOf(a.Value); ok {
		if a.Key != rules.EventKey {
			return false
		}
		f.event = event{form: plainForm, eventType: text}
		return true
	}
	if a.Key != EventKey {
		return false
	}
	if a.Value.Kind() == slog.KindAny {
		a.Value = value.Resolve(a.Value) // an object is a group
	}
	if a.Value.Kind() != slog.KindGroup {
		return false
	}
	e, start := event{}, len(f.members)
	f.addMembers(&e, a.Value.Group())
	if e.form == none {
		f.members = f.members[:start]
		return false
	}
	e.members = f.members[start:]
	f.event = e
	return true
}

func (f *found) addMembers(e *event, members []slog.Attr) {
	for _, a := range members {
		if isInline(a) {
			f.addMembers(e, a.Value.Group())
			continue
		}
		if a.Key == TypeKey {
			a.Value = follow(a.Value)
			if text, ok := stringOf(a.Value); ok {
				e.form, e.eventType = groupForm, text
				continue
			}
		}
		if !liftIdentity(&e.identity, &a) {
			f.members = append(f.members, a)
		}
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

// liftIdentity moves an identity attribute into id and reports whether it did. A
// number is taken as its digits; what has no plain text stays a property. An
// empty string and nil say nothing.
func liftIdentity(id *causality.Identity, a *slog.Attr) bool {
	var field *string
	switch a.Key {
	case "user_id":
		field = &id.UserID
	case "session_id":
		field = &id.SessionID
	case "device_id":
		field = &id.DeviceID
	case "correlation_id":
		field = &id.CorrelationID
	default:
		return false
	}
	// Reduced once, here: a method of the user's must not be asked twice.
	a.Value = value.Resolve(a.Value)
	text := ""
	switch v := a.Value; v.Kind() {
	case slog.KindString:
		text = v.String()
	case slog.KindInt64:
		text = strconv.FormatInt(v.Int64(), 10)
	case slog.KindUint64:
		text = strconv.FormatUint(v.Uint64(), 10)
	case slog.KindAny:
		if v.Any() != nil {
			return false // an array
		}
	default:
		return false
	}
	if text != "" {
		*field = text
	}
	return true
}
