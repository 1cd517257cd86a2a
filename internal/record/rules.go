package record

import "slices"

const (
	// EventKey is the first event key, and always the key of the group form.
	EventKey = "event"
	// OTelKey is the event key of OpenTelemetry: a line that has it is an event for
	// OpenTelemetry's log bridges, too.
	OTelKey = "otel.event.name"
	// TypeKey is the member of the group form that holds the event type.
	TypeKey = "event_type"
	// idKey is the member of the group form that holds the event's id, if it is
	// given.
	idKey = "event_id"
)

// Rules are an adapter's options. They do not change once they are made.
type Rules struct {
	// keys are the event keys of the plain form. Of several on a line the first
	// in this order counts.
	keys []string
	// groupRank is the place of the group form in that order.
	groupRank int
	// lengths and initials have a bit for the length and the first byte of each key
	// that can make an event: cheap to compare by.
	lengths, initials uint64
}

// DefaultKeys are the event keys unless an option changes them.
func DefaultKeys() []string { return []string{EventKey, OTelKey} }

// NewRules returns rules with the given event keys. Without any, the group form
// alone makes an event. A key that is empty is none.
func NewRules(keys []string) *Rules {
	r := new(Rules)
	for _, key := range [...]string{EventKey, TypeKey, idKey} {
		r.note(key)
	}
	for _, key := range keys {
		if key != "" && !slices.Contains(r.keys, key) {
			r.keys = append(r.keys, key)
			r.note(key)
		}
	}
	r.groupRank = slices.Index(r.keys, EventKey) // -1, before all others, where it is none
	return r
}

// Keys are the keys under which a line can say that it is an event.
func (r *Rules) Keys() []string {
	if slices.Contains(r.keys, EventKey) {
		return r.keys
	}
	return append([]string{EventKey}, r.keys...)
}

// note lets matters know a key, which is not empty.
func (r *Rules) note(key string) {
	r.lengths |= 1 << (len(key) & 63)
	r.initials |= 1 << (key[0] & 63)
}

// matters reports whether a key may be one that is noted, which few others may.
func (r *Rules) matters(key string) bool {
	return r.lengths&(1<<(len(key)&63)) != 0 && key != "" && r.initials&(1<<(key[0]&63)) != 0
}

// MayBeEvent reports whether an attribute with this key can make its record an
// event: the quick look at lines that carry none. The empty key may be a group
// whose members count as the record's own.
func (r *Rules) MayBeEvent(scope *Scope, key string) bool {
	if !r.matters(key) {
		return key == ""
	}
	return key == EventKey || slices.Contains(r.keys, key) || key == TypeKey && scope.eventGroup() != nil
}
