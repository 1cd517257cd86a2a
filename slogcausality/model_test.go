package slogcausality_test

import (
	"encoding/base64"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// The rules of the adapters a second time, written to be read and not to be
// fast: from a description of log calls straight to the event that must arrive.

// node describes one attribute.
type node struct {
	key     string
	kind    nodeKind
	text    string
	num     int64
	members []node
}

type nodeKind byte

const (
	aString nodeKind = iota
	aNamedString
	aStringer
	anError
	bytesOf
	anInt
	aUint // the number's bits
	aFloat
	aBool
	aDuration
	aTime
	aNil
	aValuerOfString
	aValuerOfError
	aPanickingValuer
	aGroup
	aValuerOfGroup
	aMap
	nodeKinds
)

// attr is the attribute that is logged.
func (n node) attr() slog.Attr {
	lazy := func(v slog.Value) slog.Attr { return slog.Any(n.key, valuer(func() slog.Value { return v })) }
	switch n.kind {
	case aString:
		return slog.String(n.key, n.text)
	case aNamedString:
		return slog.Any(n.key, eventName(n.text))
	case aStringer:
		return slog.Any(n.key, shown{n.text})
	case anError:
		return slog.Any(n.key, errors.New(n.text))
	case bytesOf:
		return slog.Any(n.key, []byte(n.text))
	case anInt:
		return slog.Int64(n.key, n.num)
	case aUint:
		return slog.Uint64(n.key, uint64(n.num))
	case aFloat:
		return slog.Float64(n.key, math.Float64frombits(uint64(n.num)))
	case aBool:
		return slog.Bool(n.key, n.num&1 == 1)
	case aDuration:
		return slog.Duration(n.key, time.Duration(n.num))
	case aTime:
		return slog.Time(n.key, time.Unix(n.num>>24, 0))
	case aValuerOfString:
		return lazy(slog.StringValue(n.text))
	case aValuerOfError:
		return lazy(slog.AnyValue(errors.New(n.text)))
	case aPanickingValuer:
		return slog.Any(n.key, valuer(func() slog.Value { panic("boom") }))
	case aGroup:
		return slog.Attr{Key: n.key, Value: slog.GroupValue(attrsOf(n.members)...)}
	case aValuerOfGroup:
		return lazy(slog.GroupValue(attrsOf(n.members)...))
	case aMap:
		m := map[string]any{}
		for _, member := range n.members {
			m[member.key] = member.attr().Value.Any()
		}
		return slog.Any(n.key, m)
	default:
		return slog.Any(n.key, nil)
	}
}

func attrsOf(nodes []node) []slog.Attr {
	var attrs []slog.Attr
	for _, n := range nodes {
		attrs = append(attrs, n.attr())
	}
	return attrs
}

// isObject reports whether the value has members.
func (n node) isObject() bool { return n.kind == aGroup || n.kind == aValuerOfGroup || n.kind == aMap }

// isType reports whether the value is text, and so may be an event's type.
func (n node) isType() bool {
	switch n.kind {
	case aString, aNamedString, aStringer, anError, aValuerOfString, aValuerOfError:
		return true
	}
	return false
}

// property is what the value is as a property; nil for none.
func (n node) property() any {
	switch n.kind {
	case aString, aNamedString, aStringer, anError, aValuerOfString, aValuerOfError:
		return valid(n.text)
	case aPanickingValuer:
		return "!PANIC: boom"
	case bytesOf:
		return base64.StdEncoding.EncodeToString([]byte(n.text))
	case anInt:
		return n.num
	case aUint:
		if n.num < 0 {
			return strconv.FormatUint(uint64(n.num), 10)
		}
		return n.num
	case aFloat:
		if f := math.Float64frombits(uint64(n.num)); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
		return strconv.FormatFloat(math.Float64frombits(uint64(n.num)), 'g', -1, 64)
	case aBool:
		return n.num&1 == 1
	case aDuration:
		return float64(n.num) / 1e6
	case aTime:
		return time.Unix(n.num>>24, 0).UTC().Format(time.RFC3339Nano)
	default:
		return nil
	}
}

// line describes what is bound to a logger and then logged.
type line struct {
	bound     []binding
	attrs     []node
	eventKeys []string
	// What the context says.
	context causality.Identity
}

type binding struct {
	group string
	attrs []node // if no group
}

// reading is what a list of attributes says.
type reading struct {
	isEvent   bool
	eventType string
	rank      int    // of its key among the event keys
	said      node   // the attribute that says so
	members   []node // of the group form; else nil
	memberIDs causality.Identity
	open      int // how many groups are open, for the group form of the last of them; else 0
	ids       causality.Identity
	rest      []node
}

func (l line) read(groups []string, attrs []node) (r reading) {
	inEvent := len(groups) > 0 && groups[len(groups)-1] == "event"
	for _, n := range inline(attrs, true) {
		plain := slices.Index(l.eventKeys, n.key)
		group := slices.Index(l.eventKeys, "event")
		switch {
		case inEvent && n.key == "event_type" && n.isType():
			r.take(reading{eventType: n.text, rank: group, said: n, open: len(groups)})
			continue
		case plain >= 0 && n.isType():
			r.take(reading{eventType: n.text, rank: plain, said: n})
			continue
		case n.key == "event" && n.isObject():
			form, found := reading{members: []node{}, rank: group, said: n}, false
			for _, member := range inline(n.members, false) {
				if member.key == "event_type" && member.isType() {
					found, form.eventType = true, member.text
				} else if !identify(&form.memberIDs, member) {
					form.members = append(form.members, member)
				}
			}
			if found {
				r.take(form)
				continue
			}
		}
		if !identify(&r.ids, n) {
			r.rest = append(r.rest, n)
		}
	}
	return r
}

// take makes e the event that r says, if none of a key that comes before it is
// there. The one that loses to another key is an attribute like any other.
func (r *reading) take(e reading) {
	e.isEvent, e.ids, e.rest = true, r.ids, r.rest
	switch {
	case r.isEvent && e.rank > r.rank:
		r.rest = append(r.rest, e.said)
		return
	case r.isEvent && e.rank < r.rank:
		e.rest = append(e.rest, r.said)
	}
	*r = e
}

// settle is the event of r, or the one bound around it.
func (r *reading) settle(bound reading) reading {
	switch {
	case !r.isEvent:
		return bound
	case bound.isEvent && r.rank > bound.rank:
		r.rest = append(r.rest, r.said)
		return bound
	case bound.isEvent && r.rank < bound.rank:
		r.rest = append(r.rest, bound.said)
	}
	return *r
}

// inline replaces groups without a name by their members. Only those that a
// LogValuer gives at the top count.
func inline(nodes []node, top bool) (all []node) {
	for _, n := range nodes {
		if n.key == "" && (n.kind == aGroup || top && n.kind == aValuerOfGroup) {
			all = append(all, inline(n.members, false)...)
		} else {
			all = append(all, n)
		}
	}
	return all
}

// identify reports whether n is an identity attribute.
func identify(id *causality.Identity, n node) bool {
	field := map[string]*string{"user_id": &id.UserID, "session_id": &id.SessionID, "device_id": &id.DeviceID, "correlation_id": &id.CorrelationID}[n.key]
	if field == nil || n.isObject() {
		return false
	}
	text := ""
	switch v := n.property().(type) {
	case nil:
	case string:
		if n.kind == aFloat || n.kind == aTime {
			return false
		}
		text = v
	case int64:
		text = strconv.FormatInt(v, 10)
	case float64:
		if n.kind != aFloat || v != math.Trunc(v) || math.Abs(v) >= 1e21 {
			return false
		}
		text = strconv.FormatFloat(v+0, 'f', -1, 64)
	default:
		return false
	}
	if text != "" {
		*field = text
	}
	return true
}

// event is what must arrive, if anything must.
func (l line) event() (e causality.Event, ok bool) {
	type level struct {
		groups []string
		nodes  []node
	}
	var levels []level
	var groups []string
	var winner reading
	var ids causality.Identity
	read := func(attrs []node) {
		r := l.read(groups, attrs)
		winner = r.settle(winner)
		ids = r.ids.Or(ids)
		levels = append(levels, level{slices.Clone(groups), r.rest})
	}
	for _, b := range l.bound {
		if b.group != "" {
			groups = append(groups, b.group)
		} else {
			read(b.attrs)
		}
	}
	read(l.attrs)
	if !winner.isEvent || winner.eventType == "" {
		return e, false
	}
	id := winner.memberIDs.Or(ids).Or(l.context)
	e = causality.Event{
		EventType: winner.eventType, UserID: valid(id.UserID), SessionID: valid(id.SessionID),
		DeviceID: valid(id.DeviceID), CorrelationID: valid(id.CorrelationID),
	}

	var props flat
	if winner.members != nil {
		props.add("", winner.members)
	} else {
		for _, level := range levels {
			if len(level.groups) < winner.open {
				continue
			}
			prefix := ""
			for _, group := range level.groups[winner.open:] {
				prefix += name(group) + "_"
			}
			props.add(prefix, level.nodes)
		}
	}
	e.Properties = props.settle(&e)
	return e, true
}

// flat is properties in the order in which they come.
type flat []prop

type prop struct {
	key   string
	value any
}

func (f *flat) add(prefix string, nodes []node) {
	for _, n := range nodes {
		key := prefix + name(n.key)
		switch {
		case n.isObject() && n.key == "":
			f.add(prefix, n.sorted())
		case n.isObject():
			f.add(key+"_", n.sorted())
		case n.property() != nil:
			*f = slices.DeleteFunc(*f, func(p prop) bool { return p.key == key })
			*f = append(*f, prop{key, n.property()})
		}
	}
}

// sorted is the members in the order in which they are sent.
func (n node) sorted() []node {
	members := slices.Clone(n.members)
	if n.kind == aMap {
		slices.SortFunc(members, func(a, b node) int { return strings.Compare(a.key, b.key) })
	}
	return members
}

// settle gives the properties their final names, as the Recorder reports them.
func (f flat) settle(e *causality.Event) props {
	final := props{}
	for _, p := range f {
		final[p.key] = p.value
	}
	for _, p := range f {
		if p.key == "user_id" && e.UserID != "" || p.key == "session_id" && e.SessionID != "" {
			delete(final, p.key)
			n := 2
			for ; final[p.key+"_"+strconv.Itoa(n)] != nil; n++ {
			}
			final[p.key+"_"+strconv.Itoa(n)] = p.value
		}
	}
	// On the wire these are one with the event's own.
	for key, field := range map[string]*string{"user_id": &e.UserID, "session_id": &e.SessionID} {
		if text, isString := final[key].(string); isString && *field == "" {
			*field = text
			delete(final, key)
		}
	}
	return final
}

func name(key string) string { return strings.ReplaceAll(valid(key), ".", "_") }

// valid puts U+FFFD for each byte that is not UTF-8.
func valid(s string) string { return string([]rune(s)) }
