package conformance

import (
	"slices"
	"strconv"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// The documented rules a second time, written to be read and not to be fast:
// from what was logged straight to what must be stored. This file is the rule of
// the adapters, which says what of a log line is the event; arrival_test.go is
// the client's, which says what arrives of an event.

const (
	eventKey      = "event"
	otherEventKey = "track" // of loggers with the option WithEventKey
	typeKey       = "event_type"
)

var identityKeys = []string{"user_id", "session_id", "device_id", "correlation_id"}

// record is one log call with everything that is bound to its logger.
type record struct {
	eventKey string
	bound    []binding // the outermost first
	nodes    []node
	context  causality.Identity
}

// binding opens a group, or adds attributes.
type binding struct {
	group string
	nodes []node // if there is no group
}

// tracked is an event as it was given to the client.
type tracked struct {
	appID     string
	eventType string
	at        int64
	ids       causality.Identity
	props     []property
	objects   map[string]bool // the attributes that are objects
	prefix    int             // bytes of the longest name of an object, which may be empty
}

// property is a value under its final name. One that isDeep nests deeper than
// is promised: it arrives as text under a name that begins with key.
type property struct {
	key    string
	leaf   leaf
	isDeep bool
}

// reading is what a list of attributes comes to.
type reading struct {
	isEvent   bool
	eventType string
	isGroup   bool // the form that lists its properties
	members   []node
	memberIDs causality.Identity

	ids  causality.Identity
	rest []node
}

// event returns the event that a record is, if it is one.
func (r *record) event() (e tracked, ok bool) {
	own := r.read(r.nodes)
	winner, ids := own, own.ids
	for _, b := range slices.Backward(r.bound) {
		if b.group != "" {
			continue
		}
		bound := r.read(b.nodes)
		ids = ids.Or(bound.ids)
		if !winner.isEvent {
			winner = bound
		}
	}
	if !winner.isEvent {
		return e, false
	}
	e.eventType = winner.eventType
	e.ids = winner.memberIDs.Or(ids).Or(r.context)
	if winner.isGroup {
		e.add("", winner.members...)
		return e, true
	}
	prefix := ""
	for _, b := range r.bound {
		if b.group != "" {
			if prefix == "" {
				e.note(b.group)
			}
			prefix += mendedKey(b.group) + "_"
		} else {
			e.add(prefix, r.read(b.nodes).rest...)
		}
	}
	e.add(prefix, own.rest...)
	return e, true
}

// read finds the event among attributes, the last one if there are several, and
// lifts the identity out.
func (r *record) read(nodes []node) (found reading) {
	for _, n := range inlined(nodes) {
		switch {
		case n.key == r.eventKey && !n.isGroup && n.isText:
			found.isEvent, found.eventType = true, n.want.leaf.text
			found.isGroup, found.members, found.memberIDs = false, nil, causality.Identity{}
		case n.key == eventKey && found.readGroup(n):
		case lift(&found.ids, n):
		default:
			found.rest = append(found.rest, n)
		}
	}
	return found
}

// readGroup takes n as an event that lists its properties, if it is one.
func (r *reading) readGroup(n node) bool {
	if n.want.isObject {
		n = n.want.asNode(n.key)
	}
	form := reading{ids: r.ids, rest: r.rest}
	for _, m := range inlined(n.nodes) {
		switch {
		case m.key == typeKey && !m.isGroup && m.isText:
			form.isEvent, form.isGroup, form.eventType = true, true, m.want.leaf.text
		case lift(&form.memberIDs, m):
		default:
			form.members = append(form.members, m)
		}
	}
	if form.isEvent {
		*r = form
	}
	return form.isEvent
}

// inlined replaces groups without a name by their members.
func inlined(nodes []node) (all []node) {
	for _, n := range nodes {
		if n.isGroup && n.key == "" {
			all = append(all, inlined(n.nodes)...)
		} else {
			all = append(all, n)
		}
	}
	return all
}

// lift moves an identity attribute into id. A number is taken as its digits; an
// empty string and nil say nothing; anything else stays a property.
func lift(id *causality.Identity, n node) bool {
	field := map[string]*string{
		"user_id": &id.UserID, "session_id": &id.SessionID, "device_id": &id.DeviceID, "correlation_id": &id.CorrelationID,
	}[n.key]
	if field == nil || n.isGroup || n.want.isObject {
		return false
	}
	if n.want.leaf == nil {
		return true
	}
	switch l := n.want.leaf; l.kind {
	case aString, aNumeral:
		if l.text != "" {
			*field = l.text
		}
	case anInt:
		*field = strconv.FormatInt(l.n, 10)
	default:
		return false
	}
	return true
}

// add adds attributes as properties, flattened.
func (e *tracked) add(prefix string, nodes ...node) {
	for _, n := range nodes {
		t := n.tree()
		if t.isObject && prefix == "" {
			e.note(n.key)
		}
		e.addTree(prefix, n.key, t)
	}
}

// note notes that the event has an object under this key.
func (e *tracked) note(key string) {
	if e.objects == nil {
		e.objects = make(map[string]bool)
	}
	e.objects[key] = true
}

func (e *tracked) addTree(prefix, key string, t tree) {
	name := prefix + mendedKey(key)
	switch {
	case t.leaf != nil:
		e.props = append(e.props, property{key: name, leaf: *t.leaf})
	case t.isObject && key == deepKey && t.depth() > deepLevel:
		e.props = append(e.props, property{key: name, isDeep: true})
	case t.isObject:
		if key != "" {
			prefix = name + "_"
			e.prefix = max(e.prefix, len(prefix))
		}
		for _, m := range t.members {
			e.addTree(prefix, m.key, m.tree)
		}
	}
}

// mendedKey is a key as it arrives: UTF-8, and without the dots that an alert
// rule would split it at.
func mendedKey(key string) string {
	runes := []rune(key)
	for i, r := range runes {
		if r == '.' {
			runes[i] = '_'
		}
	}
	return string(runes)
}
