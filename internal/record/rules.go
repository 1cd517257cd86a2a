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
	// lengths has a bit for the length of each key that can make an event.
	lengths uint64
}

// DefaultKeys are the event keys unless an option changes them.
func DefaultKeys() []string { return []string{EventKey, OTelKey} }

// NewRules returns rules with the given event keys. Without any, the group form
// alone makes an event. A key that is empty is none.
func NewRules(keys []string) *Rules {
	r := &Rules{lengths: lengthBit("") | lengthBit(EventKey) | lengthBit(TypeKey) | lengthBit(idKey)}
	for _, key := range keys {
		if key != "" && !slices.Contains(r.keys, key) {
			r.keys = append(r.keys, key)
			r.lengths |= lengthBit(key)
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

// lengthBit is cheap to compare by: most keys have another length than any that
// matters.
func lengthBit(key string) uint64 { return 1 << (len(key) & 63) }

// MayBeEvent reports whether an attribute with this key can make its record an
// event: the quick look at lines that carry none. The empty key may be a group
// whose members count as the record's own.
func (r *Rules) MayBeEvent(scope *Scope, key string) bool {
	if r.lengths&lengthBit(key) == 0 {
		return false
	}
	return key == EventKey || key == "" || slices.Contains(r.keys, key) || key == TypeKey && scope.eventGroup() != nil
}
