// Package catalogue is what the gateway's request may hold: every message and
// field of its protobuf contract, and among them the payloads of the platform's
// catalogue. The tables are generated from localgateway/proto/causality.proto.
//
// They are constant data that the linker lays out: a program that imports them
// runs nothing at init.
package catalogue

import "strings"

//go:generate go -C ../../localgateway generate ./proto

// A Message is one kind of JSON object. Its fields are in the gateway's order.
type Message struct {
	Name   string
	Fields []Field
}

// A Field is a member of a Message.
type Field struct {
	Name, JSONName string // gateway: either names the field, but not both at once
	Number         int    // in protobuf's binary form
	Kind           Kind   // of its value, or of each element
	Form           Form
	Required       bool // gateway: a string that is empty refuses the whole request
	Payload        bool // of EventEnvelope, which has one payload
	Message        *Message
	Enum           *Enum
}

// An Enum is the names of a protobuf enum in the order of their numbers, which
// count from 0. All begin with Prefix.
type Enum struct {
	Prefix string
	Names  []string
}

// Kind is the type of a field's value.
type Kind uint8

// Those that the gateway's messages use.
const (
	StringKind Kind = iota
	BoolKind
	Int32Kind
	Int64Kind
	FloatKind // 32 bits
	DoubleKind
	EnumKind
	MessageKind
)

// String returns the name that protobuf has for the kind.
func (k Kind) String() string {
	return [...]string{"string", "bool", "int32", "int64", "float", "double", "enum", "message"}[k]
}

// Form is how many values a field has.
type Form uint8

// A Map's keys are strings.
const (
	Single Form = iota
	List
	Map
)

// StoredAs returns the columns event_category and event_type under which the
// warehouse keeps a payload of EventEnvelope, by its name and number. The type of a
// custom_event is "": it is the event's own name.
//
// gateway: user_login is published as user.login and swipe_gesture as
// interaction.swipe; commerce and system keep the whole name.
func StoredAs(payload string, number int) (category, eventType string) {
	switch number / 100 {
	case 1:
		return "user", strings.TrimPrefix(payload, "user_")
	case 2:
		return "screen", strings.TrimPrefix(payload, "screen_")
	case 3:
		return "interaction", strings.TrimSuffix(strings.TrimSuffix(payload, "_gesture"), "_event")
	case 4:
		return "commerce", payload
	case 5:
		return "system", payload
	default:
		return "custom", ""
	}
}
