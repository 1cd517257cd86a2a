package plan

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Kind is a kind of difference between an event and the plan.
type Kind string

// The kinds of differences.
const (
	UnknownEvent    Kind = "unknown event"    // the plan does not have the event
	DeprecatedEvent Kind = "deprecated event" // the plan says that it is not to be tracked any more
	UnknownProperty Kind = "unknown property" // the plan's event does not have the property
	MissingProperty Kind = "missing property" // a required property is not there
	WrongType       Kind = "wrong type"       // a property has another type
)

// Difference is one difference between an event and the plan.
type Difference struct {
	Kind     Kind
	Property string   // "" of an event
	Got      string   // the type that a property has
	Want     []string // the types that the plan has; of an unknown event, a name of the plan that is like it
}

// Error is what [Plan.Check] returns for an event that is not as the plan says.
type Error struct {
	Event       string
	Differences []Difference
}

// Error says all differences in words.
func (e *Error) Error() string {
	parts := make([]string, len(e.Differences))
	for i, d := range e.Differences {
		parts[i] = d.words()
	}
	return fmt.Sprintf("plan: the event %s is not as the tracking plan says: %s", e.Event, strings.Join(parts, "; "))
}

func (d Difference) words() string {
	switch d.Kind {
	case UnknownEvent:
		if len(d.Want) > 0 {
			return "the plan has no such event; it has " + d.Want[0]
		}
		return "the plan has no such event"
	case DeprecatedEvent:
		return "the event is deprecated"
	case UnknownProperty:
		return fmt.Sprintf("the property %s (%s) is not in the plan", d.Property, d.Got)
	case MissingProperty:
		return fmt.Sprintf("the property %s is missing", d.Property)
	default:
		return fmt.Sprintf("the property %s is of the type %s, in the plan %s", d.Property, d.Got, strings.Join(d.Want, " or "))
	}
}

// Check returns an *[Error] if the plan does not have the event, or not as it is: with
// another property, without a required one, with a property of another type. It looks at
// Properties and Attrs, and neither changes nor keeps them. A nil Plan has no opinion.
//
// An int is good for a float: zerolog writes the float 2 as 2.
func (p *Plan) Check(event causality.Event) error {
	if p == nil {
		return nil
	}
	want, ok := p.Events[event.EventType]
	if !ok {
		d := Difference{Kind: UnknownEvent}
		if near := Nearest(event.EventType, names(p.Events)); near != "" {
			d.Want = []string{near}
		}
		return &Error{Event: event.EventType, Differences: []Difference{d}}
	}
	var found []Difference
	if want.Deprecated {
		found = append(found, Difference{Kind: DeprecatedEvent})
	}
	got := types(event)
	for _, name := range names(got) {
		p, ok := want.Properties[name]
		switch typ := got[name]; {
		case !ok && !want.Open:
			found = append(found, Difference{Kind: UnknownProperty, Property: name, Got: typ})
		case ok && len(p.Types) > 0 && !slices.Contains(p.Types, typ) && !(typ == "int" && slices.Contains(p.Types, "float")):
			found = append(found, Difference{Kind: WrongType, Property: name, Got: typ, Want: p.Types})
		}
	}
	for _, name := range want.Required {
		if _, ok := got[name]; !ok {
			found = append(found, Difference{Kind: MissingProperty, Property: name})
		}
	}
	if len(found) == 0 {
		return nil
	}
	return &Error{Event: event.EventType, Differences: found}
}

// types are the types of an event's properties, by the names under which they arrive.
func types(event causality.Event) map[string]string {
	found := map[string]string{}
	for _, key := range names(event.Properties) {
		addType(found, "", slog.Any(key, event.Properties[key]))
	}
	for _, a := range event.Attrs {
		addType(found, "", a)
	}
	return found
}

func addType(found map[string]string, prefix string, a slog.Attr) {
	v := value.Resolve(a.Value)
	name := prefix + strings.ToValidUTF8(strings.ReplaceAll(a.Key, ".", "_"), "\uFFFD")
	typ := "string"
	switch v.Kind() {
	case slog.KindGroup:
		if a.Key != "" {
			name += "_"
		}
		for _, member := range v.Group() {
			addType(found, name, member)
		}
		return
	case slog.KindInt64:
		typ = "int"
	case slog.KindUint64:
		if v.Uint64() <= 1<<63-1 {
			typ = "int"
		}
	case slog.KindFloat64:
		if f := v.Float64(); f-f == 0 { // not NaN, nor infinite
			typ = "float"
		}
	case slog.KindDuration:
		typ = "float"
	case slog.KindBool:
		typ = "bool"
	case slog.KindAny:
		if v.Any() == nil {
			return // left out
		}
	}
	found[name] = typ
}

// Nearest returns the one of names that is one edit from name: a letter more, less or
// other, or two that have changed places. Of short names and of those that differ in a
// digit it returns none. If there is none, it returns "".
func Nearest(name string, names []string) string {
	for _, other := range names {
		if OneEdit(name, other) {
			return other
		}
	}
	return ""
}

// OneEdit reports whether two names are one edit apart; see [Nearest].
func OneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	const short = 6
	if a == b || len(a) < short || len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	if len(a) < len(b) {
		return a[i:] == b[i+1:] && !digit(b[i])
	}
	if a[i+1:] == b[i+1:] {
		return !digit(a[i]) && !digit(b[i])
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:] && !digit(a[i]) && !digit(b[i])
}
