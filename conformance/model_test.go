package conformance

import (
	"math"
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
	otherEventKey = "track" // of loggers with the option WithEventKeys
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

// reading is what arrives of a list of attributes.
type reading struct {
	isEvent   bool
	eventType string
	rank      int  // of its key among the event keys
	said      node // the attribute that says so
	isGroup   bool // the form that lists its properties
	open      int  // how many groups are open, if it is the last of them; else 0
	members   []node
	memberIDs causality.Identity

	ids  causality.Identity
	rest []node
}

// event returns the event that a record is, if it is one.
func (r *record) event() (e tracked, ok bool) {
	type level struct {
		groups []string
		nodes  []node
	}
	var (
		levels []level
		groups []string
		winner reading
		ids    causality.Identity
	)
	read := func(nodes []node) {
		found := r.read(groups, nodes)
		winner = found.settle(winner)
		ids = found.ids.Or(ids)
		levels = append(levels, level{slices.Clone(groups), found.rest})
	}
	for _, b := range r.bound {
		if b.group != "" {
			groups = append(groups, b.group)
		} else {
			read(b.nodes)
		}
	}
	read(r.nodes)
	if !winner.isEvent {
		return e, false
	}
	e.eventType = winner.eventType
	e.ids = winner.memberIDs.Or(ids).Or(r.context)
	if winner.isGroup {
		e.add("", winner.members...)
		return e, true
	}
	for _, level := range levels {
		if len(level.groups) < winner.open {
			continue
		}
		prefix := ""
		for _, group := range level.groups[winner.open:] {
			if prefix == "" {
				e.note(group)
			}
			prefix += validKey(group) + "_"
		}
		e.add(prefix, level.nodes...)
	}
	return e, true
}

// read finds the event among attributes and lifts the identity out. Of several the
// first key in the order of the option counts, and of one key the last.
func (r *record) read(groups []string, nodes []node) (found reading) {
	groupRank := -1
	if r.eventKey == eventKey {
		groupRank = 0
	}
	inEvent := len(groups) > 0 && groups[len(groups)-1] == eventKey
	for _, n := range inlined(nodes) {
		isText := !n.isGroup && n.isText
		switch {
		case inEvent && n.key == typeKey && isText:
			found.take(reading{eventType: n.want.leaf.text, rank: groupRank, said: n, open: len(groups)})
		case n.key == r.eventKey && isText:
			found.take(reading{eventType: n.want.leaf.text, said: n})
		case n.key == eventKey && found.readGroup(n, groupRank):
		case lift(&found.ids, n):
		default:
			found.rest = append(found.rest, n)
		}
	}
	return found
}

// take makes e the event that r says, unless one of a key that comes first is
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

// settle is the event of r, or the one that is bound around it.
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

// readGroup takes n as an event that lists its properties, if it is one.
func (r *reading) readGroup(n node, rank int) bool {
	if n.want.isObject {
		n = n.want.asNode(n.key)
	}
	form, isEvent := reading{isGroup: true, rank: rank, said: n}, false
	for _, m := range inlined(n.nodes) {
		switch {
		case m.key == typeKey && !m.isGroup && m.isText:
			isEvent, form.eventType = true, m.want.leaf.text
		case lift(&form.memberIDs, m):
		default:
			form.members = append(form.members, m)
		}
	}
	if isEvent {
		r.take(form)
	}
	return isEvent
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

// lift moves an identity attribute into id. A whole number is taken as its digits; an
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
	case aFloat:
		if l.f != math.Trunc(l.f) || math.Abs(l.f) >= 1e21 {
			return false
		}
		*field = strconv.FormatFloat(l.f+0, 'f', -1, 64) // + 0: there is no -0
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
	name := prefix + validKey(key)
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

// validKey is a key as it arrives: UTF-8, and without the dots that an alert
// rule would split it at.
func validKey(key string) string {
	runes := []rune(key)
	for i, r := range runes {
		if r == '.' {
			runes[i] = '_'
		}
	}
	return string(runes)
}
