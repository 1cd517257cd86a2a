package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// FileName is what the plan's file is called unless an option names another.
const FileName = "tracking-plan.json"

// Plan is the events of a program. It must not be changed while a [Guard] or Check uses
// it; these are safe for concurrent use.
type Plan struct {
	// Personal are the words that mark a property as personal data or as a secret,
	// in place of [DefaultPersonal]. Nil: those.
	Personal []string
	// Events are the events by their names.
	Events map[string]*Event
}

// DefaultPersonal are the words that mark a property as personal data or as a secret:
// a property is one if its name ends in one of them, as customer_email does.
var DefaultPersonal = []string{
	"email", "mail_address", "phone", "phone_number", "mobile_number", "ip", "ip_address", "ip_addr", "remote_addr",
	"ssn", "social_security_number", "passport", "passport_number", "iban", "card_number", "cvv", "cvc",
	"first_name", "last_name", "full_name", "date_of_birth", "birth_date", "birthday", "street", "street_address",
	"password", "passwd", "secret", "token", "api_key", "apikey", "authorization", "cookie", "private_key", "credentials",
}

// Event is an event of the plan. In the file it is a JSON Schema (draft 2020-12) of the
// event's properties, whose annotations people may write and the command keeps.
type Event struct {
	// Description and Owner are written by people.
	Description string
	Owner       string
	// Deprecated says that the event is not to be tracked any more. The command
	// keeps such an event when the code has lost it.
	Deprecated bool
	// Identity are the identity keys (user_id and so on) that its calls give.
	Identity []string
	// Properties are the properties by their names, as they arrive.
	Properties map[string]*Property
	// Required are the properties that each of its calls always gives, sorted.
	Required []string
	// Open says that it may have other properties, which the code does not show.
	Open bool

	extra map[string]json.RawMessage
}

// Property is a property of an event.
type Property struct {
	// Description is written by people.
	Description string
	// Types are some of "string", "int", "float" and "bool", in this order. None
	// means that the code does not show the type.
	Types []string

	extra map[string]json.RawMessage
}

// Load reads the plan in a file.
func Load(file string) (*Plan, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	p, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, file)
	}
	return p, nil
}

// version is that of the file's format.
const version = 1

type planJSON struct {
	Version  int               `json:"version"`
	Personal []string          `json:"personal,omitempty"`
	Events   map[string]*Event `json:"events"`
}

// Parse reads a plan.
func Parse(data []byte) (*Plan, error) {
	var file planJSON
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("plan: it is not a tracking plan: %w", err)
	}
	if file.Version != version {
		return nil, fmt.Errorf("plan: its version is %d, and this package reads version %d", file.Version, version)
	}
	p := &Plan{Personal: file.Personal, Events: file.Events}
	if p.Events == nil {
		p.Events = map[string]*Event{}
	}
	for name, e := range p.Events {
		if e == nil {
			return nil, fmt.Errorf("plan: the event %q is null", name)
		}
		for property, s := range e.Properties {
			if s == nil {
				return nil, fmt.Errorf("plan: the property %q of the event %q is null", property, name)
			}
		}
	}
	return p, nil
}

// Marshal returns the plan as the file has it: events and properties in the order of
// their names, so that a diff shows what has changed.
func (p *Plan) Marshal() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	file := planJSON{Version: version, Personal: p.Personal, Events: p.Events}
	if file.Events == nil {
		file.Events = map[string]*Event{}
	}
	if err := enc.Encode(file); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return b.Bytes(), nil
}

// personal are the words that mark a property as personal.
func (p *Plan) personal() []string {
	if p == nil || p.Personal == nil {
		return DefaultPersonal
	}
	return p.Personal
}

// IsPersonal reports whether the name of a property says that its value is personal data
// or a secret: it ends in one of the plan's words.
func (p *Plan) IsPersonal(name string) bool {
	words := "_" + SnakeCase(name)
	return slices.ContainsFunc(p.personal(), func(word string) bool {
		return word != "" && strings.HasSuffix(words, "_"+word)
	})
}

// SnakeCase returns a name in lower case, with "_" between its words.
func SnakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		isUpper := 'A' <= r && r <= 'Z'
		if isUpper && i > 0 {
			if before := name[i-1]; 'a' <= before && before <= 'z' || '0' <= before && before <= '9' ||
				'A' <= before && before <= 'Z' && i+1 < len(name) && 'a' <= name[i+1] && name[i+1] <= 'z' {
				b.WriteByte('_')
			}
		}
		switch {
		case isUpper:
			r += 'a' - 'A'
		case r == '-' || r == ' ' || r == '.':
			r = '_'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// names are the sorted names of a map.
func names[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
