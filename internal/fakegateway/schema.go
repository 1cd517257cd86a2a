package fakegateway

import "github.com/SebastienMelki/causality/sdk/go/internal/catalogue"

// request is the body of POST /v1/events/batch, and envelope one event of it. A
// field that they do not have refuses the whole body.
var (
	request  = index(catalogue.Request)
	envelope = request.byName["events"].message
)

// message is a message of the catalogue with its fields by both of their names.
type message struct {
	byName   map[string]*field
	required *field // of a payload; the envelope has two, which validate knows
}

type field struct {
	*catalogue.Field
	message  *message // of a catalogue.MessageKind
	position int      // in the message
}

func index(m *catalogue.Message) *message {
	indexed := &message{byName: make(map[string]*field, 2*len(m.Fields))}
	for i := range m.Fields {
		f := &field{Field: &m.Fields[i], position: i}
		if f.Message != nil {
			f.message = index(f.Message)
		}
		if f.Required {
			indexed.required = f
		}
		indexed.byName[f.Name], indexed.byName[f.JSONName] = f, f
	}
	return indexed
}
