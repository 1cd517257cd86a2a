package record

import (
	"encoding/json"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"strconv"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// form is how an attribute says that its record is an event.
type form uint8

const (
	none      form = iota
	plainForm      // "event": the type
	groupForm      // "event": {"event_type": the type, …}
	openForm       // the same, where the group is one that the logger has open
)

type event struct {
	form      form
	eventType string
	id        string // of the group form and the open one
	// rank is the place of its key among the event keys: the lowest wins.
	rank int
	// key and value are the attribute that says so.
	key   string
	value slog.Value
	// members and identity are those of the group form.
	members  []slog.Attr
	identity causality.Identity
	// group is that of the open form.
	group *Scope
}

// found is what a list of attributes contains: an event, an identity, and the
// rest, which are properties. Of several, the last wins.
type found struct {
	event    event
	identity causality.Identity
	attrs    []slog.Attr
	members  []slog.Attr // memory of event.members
	group    *Scope      // the group "event", if the attributes are its members
	id       string      // that of the open form
	// binds says that the attributes are bound to a logger, for later.
	binds bool
}

func (f *found) reset() {
	clear(f.attrs)
	clear(f.members)
	f.attrs, f.members = f.attrs[:0], f.members[:0]
	// One by one: together they would be built on the stack first.
	f.event = event{}
	f.identity = causality.Identity{}
	f.group = nil
	f.id = ""
}

// add takes an attribute by its parts, because these stay in registers.
func (f *found) add(rules *Rules, key string, v slog.Value) {
	if key == "" && !f.isInner(v) {
		// Here and not again among its members: a LogValuer may give itself as
		// one of them, for ever.
		v = follow(v)
	}
	f.addFollowed(rules, key, v)
}

func (f *found) addFollowed(rules *Rules, key string, v slog.Value) {
	if rules.isPlain(key) {
		f.attrs = AppendAttr(f.attrs, key, v)
		return
	}
	if isInline(key, v) {
		for _, member := range v.Group() {
			f.addFollowed(rules, member.Key, member.Value)
		}
		return
	}
	if rules.Matters(key) {
		isEvent := false
		if v, isEvent = f.addEvent(rules, key, v); isEvent {
			return
		}
	}
	v, isIdentity := f.liftIdentity(&f.identity, key, v)
	if isIdentity {
		return
	}
	f.attrs = AppendAttr(f.attrs, key, v)
}

// isInner reports whether a function of the user's that the client is calling has
// logged a value whose methods may be that function: these are not called, because no
// event comes of the record. What it binds to a logger may become one later.
func (f *found) isInner(v slog.Value) bool {
	kind := v.Kind()
	return (kind == slog.KindAny || kind == slog.KindLogValuer) && !f.binds && usercode.Running()
}

// AppendAttr appends an attribute by its parts. As a whole it would be built on the
// stack and copied from there, which takes several times as long.
func AppendAttr(attrs []slog.Attr, key string, v slog.Value) []slog.Attr {
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
	given = v
	defer func() {
		if recover() != nil || given.Kind() == slog.KindLogValuer {
			given = v
		}
	}()
	usercode.Try(func() {
		for range value.MaxDepth {
			if given = given.LogValuer().LogValue(); given.Kind() != slog.KindLogValuer {
				return
			}
		}
	})
	return given
}

// addEvent takes an attribute as the record's event, if it is one. If not, it
// returns what it has read of the value, so that a method of the user's is not
// asked twice.
func (f *found) addEvent(rules *Rules, key string, v slog.Value) (read slog.Value, ok bool) {
	rank := slices.Index(rules.keys, key)
	if f.group != nil && key == idKey {
		if text, read, isText := f.textOf(v); isText {
			f.id = text
			return read, true
		}
	}
	isMember := f.group != nil && key == TypeKey
	if rank < 0 && key != EventKey && !isMember {
		return v, false
	}
	text, v, isText := f.textOf(v)
	switch {
	case isText && isMember:
		if e := f.take(rules.groupRank, key, v); e != nil {
			e.form, e.eventType, e.group = openForm, text, f.group
		}
		return v, true
	case isText && rank >= 0:
		if e := f.take(rank, key, v); e != nil {
			e.form, e.eventType = plainForm, text
		}
		return v, true
	case key != EventKey || v.Kind() != slog.KindGroup:
		return v, false
	}
	var e event
	start := len(f.members)
	f.addMembers(&e, v.Group())
	if e.form == none {
		f.members = f.members[:start]
		return v, false
	}
	if kept := f.take(rules.groupRank, key, v); kept != nil {
		kept.form, kept.eventType, kept.id, kept.identity, kept.members = e.form, e.eventType, e.id, e.identity, f.members[start:]
	}
	return v, true
}

// take returns the event to be filled in with one that has this key and value, or nil
// where there is one whose key comes first. Of two with different keys the other is
// an ordinary attribute.
func (f *found) take(rank int, key string, v slog.Value) *event {
	if f.event.form != none {
		if rank > f.event.rank {
			f.attrs = AppendAttr(f.attrs, key, v)
			return nil
		}
		if rank < f.event.rank {
			f.attrs = AppendAttr(f.attrs, f.event.key, f.event.value)
		}
		f.event = event{}
	}
	f.event.rank, f.event.key, f.event.value = rank, key, v
	return &f.event
}

// settle returns the event of what is found, or the one that is bound around it.
func (f *found) settle(bound *event) *event {
	switch {
	case f.event.form == none:
		return bound
	case bound.form == none || f.event.rank == bound.rank:
		return &f.event
	case f.event.rank < bound.rank:
		f.attrs = AppendAttr(f.attrs, bound.key, bound.value)
		return &f.event
	default:
		f.attrs = AppendAttr(f.attrs, f.event.key, f.event.value)
		return bound
	}
}

func (f *found) addMembers(e *event, members []slog.Attr) {
	for i := range members {
		key, v := members[i].Key, members[i].Value
		if isInline(key, v) {
			f.addMembers(e, v.Group())
			continue
		}
		if key == TypeKey {
			text, read, ok := f.textOf(v)
			if ok {
				e.form, e.eventType = groupForm, text
				continue
			}
			v = read
		}
		if key == idKey {
			text, read, ok := f.textOf(v)
			if ok {
				e.id = text
				continue
			}
			v = read
		}
		v, isIdentity := f.liftIdentity(&e.identity, key, v)
		if isIdentity {
			continue
		}
		f.members = AppendAttr(f.members, key, v)
	}
}

// textOf returns the text of a value that is one, and what it has read of the
// value. An object is read as a group.
func (f *found) textOf(v slog.Value) (text string, read slog.Value, ok bool) {
	if v.Kind() == slog.KindString {
		return v.String(), v, true
	}
	if f.isInner(v) {
		return "", v, v.Kind() == slog.KindAny && value.IsText(v.Any())
	}
	v = follow(v)
	if v.Kind() == slog.KindAny {
		isText := value.IsText(v.Any())
		if v = value.Resolve(v); !isText || value.IsFailure(v) {
			return "", v, false
		}
	}
	if v.Kind() != slog.KindString {
		return "", v, false
	}
	return v.String(), v, true
}

// liftIdentity moves the value of an identity attribute into id and reports whether
// it did. A whole number is taken as its digits; what has no plain text stays a
// property.
// An empty string and nil say nothing. It returns the value, reduced if it has read
// it: a method of the user's must not be asked twice.
func (f *found) liftIdentity(id *causality.Identity, key string, v slog.Value) (read slog.Value, ok bool) {
	var field *string
	switch key {
	case userKey:
		field = &id.UserID
	case sessionKey:
		field = &id.SessionID
	case deviceKey:
		field = &id.DeviceID
	case correlationKey:
		field = &id.CorrelationID
	default:
		return v, false
	}
	if v.Kind() == slog.KindString {
		if text := v.String(); text != "" {
			*field = text
		}
		return v, true
	}
	if f.isInner(v) {
		return v, false
	}
	v = follow(v)
	read = value.Resolve(v)
	plain := read
	if v.Kind() == slog.KindAny {
		if n, ok := numberOf(v.Any()); ok {
			plain = value.Number(n)
		}
	}
	text := ""
	switch plain.Kind() {
	case slog.KindString:
		text = plain.String()
	case slog.KindInt64:
		text = strconv.FormatInt(plain.Int64(), 10)
	case slog.KindUint64:
		text = strconv.FormatUint(plain.Uint64(), 10)
	case slog.KindFloat64:
		// An integer that has been through JSON, as the claims of a token have.
		n := plain.Float64()
		if n != math.Trunc(n) || math.Abs(n) >= 1e21 {
			return read, false
		}
		text = strconv.FormatFloat(n+0, 'f', -1, 64) // + 0: there is no -0
	case slog.KindAny:
		if plain.Any() != nil {
			return read, false // an array
		}
	default:
		return read, false
	}
	if text != "" {
		*field = text
	}
	return read, true
}

var numberType = reflect.TypeFor[json.Number]()

// numberOf returns the text of a json.Number, or of one that v points to.
func numberOf(v any) (text string, ok bool) {
	n := reflect.ValueOf(v)
	for range value.MaxDepth { // a pointer may point to itself
		if n.Kind() != reflect.Pointer && n.Kind() != reflect.Interface {
			break
		}
		n = n.Elem()
	}
	if !n.IsValid() || n.Type() != numberType {
		return "", false
	}
	return n.String(), true
}
