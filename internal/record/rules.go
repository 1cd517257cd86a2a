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

	userKey        = "user_id"
	sessionKey     = "session_id"
	deviceKey      = "device_id"
	correlationKey = "correlation_id"
)

// Rules are an adapter's options. They do not change once they are made.
type Rules struct {
	// keys are the event keys of the plain form. Of several on a line the first
	// in this order counts.
	keys []string
	// groupRank is the place of the group form in that order.
	groupRank int
	// events has the trace of each key that can make an event, special those of
	// identities as well: cheap to compare by.
	events, special uint64
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
	r.special = r.events | trace(userKey) | trace(sessionKey) | trace(deviceKey) | trace(correlationKey)
	return r
}

// Keys are the keys under which a line can say that it is an event.
func (r *Rules) Keys() []string {
	if slices.Contains(r.keys, EventKey) {
		return r.keys
	}
	return append([]string{EventKey}, r.keys...)
}

// note lets Matters know a key, which is not empty.
func (r *Rules) note(key string) { r.events |= trace(key) }

// Matters reports whether a key may be one that can make an event, which few others
// may: the quick look at lines that carry none. The empty key may be that of a group
// whose members count as the record's own.
func (r *Rules) Matters(key string) bool { return key == "" || r.events&trace(key) != 0 }

// isPlain reports whether a key is for certain that of an ordinary attribute.
func (r *Rules) isPlain(key string) bool { return key != "" && r.special&trace(key) == 0 }

// trace is one of 64 bits for a key that is not empty, by its length and first byte.
func trace(key string) uint64 { return 1 << ((5*uint(len(key)) + uint(key[0])) & 63) }

// MayBeEvent reports whether an attribute whose key Matters can make its record an
// event.
func (r *Rules) MayBeEvent(scope *Scope, key string) bool {
	return key == "" || key == EventKey || slices.Contains(r.keys, key) || key == TypeKey && scope.eventGroup() != nil
}
