package causality

import "strconv"

// Format is the JSON form in which events are sent.
type Format int

const (
	// FormatEnvelope is the gateway's EventEnvelope, the form that it takes.
	FormatEnvelope Format = iota
	// FormatFlat is the flat form of the platform's plan, for a gateway that
	// takes that one:
	//
	//	{"app_id":…,"event_type":…,"idempotency_key":…,"timestamp_ms":…,"device_id":…,
	//	 "user_id":…,"session_id":…,"correlation_id":…,"properties":{…,"_server":{…}}}
	//
	// Empty fields are left out. Properties keep their keys and their nesting,
	// sorted by key: groups, maps and structs are objects, lists are arrays, all
	// integers are numbers, a duration is milliseconds, a time an RFC 3339
	// string in UTC, and NaN, the infinities and numbers beyond 64 bits are
	// strings, within a list as well. There is no id unless Event.ID is given, so that
	// an event sent again under a new key looks like another event.
	FormatFlat
)

func (f Format) String() string {
	switch f {
	case FormatEnvelope:
		return "envelope"
	case FormatFlat:
		return "flat"
	}
	return "Format(" + strconv.Itoa(int(f)) + ")"
}
