package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// An event and a property are JSON Schemas in the file. Keywords that are not known
// here are kept as they are: people may say more than the code does.

const draft = "https://json-schema.org/draft/2020-12/schema"

// schemaTypes are the types of JSON Schema for those of properties.
var schemaTypes = map[string]string{"string": "string", "int": "integer", "float": "number", "bool": "boolean"}

// Types are the types that a property can have, in the order in which they are listed.
var Types = []string{"string", "int", "float", "bool"}

// member is a member of an object that is written in order.
type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (e *Event) MarshalJSON() ([]byte, error) {
	members := []member{
		{"$schema", draft},
		{"description", e.Description},
		{"owner", e.Owner},
		{"deprecated", e.Deprecated},
	}
	if len(e.Identity) > 0 {
		members = append(members, member{"identity", e.Identity})
	}
	properties := e.Properties
	if properties == nil {
		properties = map[string]*Property{}
	}
	required := e.Required
	if required == nil {
		required = []string{}
	}
	members = append(members,
		member{"type", "object"},
		member{"properties", properties},
		member{"required", required},
		member{"additionalProperties", e.Open},
	)
	return object(members, e.extra)
}

// MarshalJSON implements json.Marshaler.
func (p *Property) MarshalJSON() ([]byte, error) {
	var members []member
	types := make([]string, len(p.Types))
	for i, t := range p.Types {
		types[i] = schemaTypes[t]
	}
	switch len(types) {
	case 0:
	case 1:
		members = append(members, member{"type", types[0]})
	default:
		members = append(members, member{"type", types})
	}
	if p.Description != "" {
		members = append(members, member{"description", p.Description})
	}
	return object(members, p.extra)
}

// object writes members in their order, then those that people have added.
func object(members []member, extra map[string]json.RawMessage) ([]byte, error) {
	for _, name := range names(extra) {
		members = append(members, member{name, extra[name]})
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range members {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encode(&b, m.name); err != nil {
			return nil, err
		}
		b.WriteByte(':')
		if err := encode(&b, m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func encode(b *bytes.Buffer, v any) error {
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // the line feed
	return nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (e *Event) UnmarshalJSON(data []byte) error {
	var s struct {
		Description string               `json:"description"`
		Owner       string               `json:"owner"`
		Deprecated  bool                 `json:"deprecated"`
		Identity    []string             `json:"identity"`
		Properties  map[string]*Property `json:"properties"`
		Required    []string             `json:"required"`
		Additional  *json.RawMessage     `json:"additionalProperties"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*e = Event{
		Description: s.Description, Owner: s.Owner, Deprecated: s.Deprecated, Identity: s.Identity,
		Properties: s.Properties, Required: s.Required,
		// JSON Schema: without the keyword any others may be there.
		Open: s.Additional == nil || string(*s.Additional) != "false",
	}
	if e.Properties == nil {
		e.Properties = map[string]*Property{}
	}
	slices.Sort(e.Required)
	var err error
	e.extra, err = others(data, "$schema", "description", "owner", "deprecated", "identity", "type", "properties", "required", "additionalProperties")
	return err
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *Property) UnmarshalJSON(data []byte) error {
	var s struct {
		Description string          `json:"description"`
		Type        json.RawMessage `json:"type"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	*p = Property{Description: s.Description}
	if s.Type != nil {
		types := []string{""}
		if err := json.Unmarshal(s.Type, &types[0]); err != nil {
			if err := json.Unmarshal(s.Type, &types); err != nil {
				return fmt.Errorf("a type is neither a string nor a list of them: %s", s.Type)
			}
		}
		for _, t := range Types {
			if slices.Contains(types, schemaTypes[t]) {
				p.Types = append(p.Types, t)
			}
		}
		if len(p.Types) != len(types) {
			return fmt.Errorf("a property has the type %s; it can be of the types string, integer, number and boolean", s.Type)
		}
	}
	var err error
	p.extra, err = others(data, "description", "type")
	return err
}

// others are the members of an object but for those that are known.
func others(data []byte, known ...string) (map[string]json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	for _, name := range known {
		delete(all, name)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}
