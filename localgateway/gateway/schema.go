package gateway

import (
	"fmt"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/proto"
)

// schema is the compiled causality.proto with its validator. It is read-only
// and shared by all gateways of the process.
type schema struct {
	batchRequest, batchReply   protoreflect.MessageDescriptor
	result                     protoreflect.MessageDescriptor
	ingestRequest, ingestReply protoreflect.MessageDescriptor
	validationError, violation protoreflect.MessageDescriptor
	serverError, envelope      protoreflect.MessageDescriptor

	field     envelopeFields
	payload   protoreflect.OneofDescriptor
	kinds     map[protoreflect.FieldNumber]kind
	eventName protoreflect.FieldDescriptor // of custom_event

	validator protovalidate.Validator
}

// envelopeFields are the fields of EventEnvelope that the gateway itself reads
// or fills in.
type envelopeFields struct {
	id, appID, timestamp, key protoreflect.FieldDescriptor
}

// kind is where a payload is published: events.<app>.<category>.<name>.
type kind struct{ category, name string }

// loadSchema compiles once: it takes tens of milliseconds, the validator most of them.
var loadSchema = sync.OnceValues(compileSchema)

func compileSchema() (*schema, error) {
	file, err := proto.Compile()
	if err != nil {
		return nil, err
	}
	message := file.Messages().ByName
	s := &schema{
		batchRequest:    message("IngestEventBatchRequest"),
		batchReply:      message("IngestEventBatchResponse"),
		result:          message("EventResult"),
		ingestRequest:   message("IngestEventRequest"),
		ingestReply:     message("IngestEventResponse"),
		validationError: message("ValidationError"),
		violation:       message("FieldViolation"),
		serverError:     message("Error"),
		envelope:        message("EventEnvelope"),
		eventName:       message("CustomEvent").Fields().ByName("event_name"),
	}
	fields := s.envelope.Fields()
	s.field = envelopeFields{
		id:        fields.ByName("id"),
		appID:     fields.ByName("app_id"),
		timestamp: fields.ByName("timestamp_ms"),
		key:       fields.ByName("idempotency_key"),
	}
	s.payload = s.envelope.Oneofs().ByName("payload")
	s.kinds = make(map[protoreflect.FieldNumber]kind)
	for i := range s.payload.Fields().Len() {
		fd := s.payload.Fields().Get(i)
		category, name := catalogue.StoredAs(string(fd.Name()), int(fd.Number()))
		s.kinds[fd.Number()] = kind{category, name}
	}
	s.validator, err = protovalidate.New(
		protovalidate.WithMessageDescriptors(s.batchRequest, s.ingestRequest),
		protovalidate.WithDisableLazy(),
	)
	if err != nil {
		return nil, fmt.Errorf("build the validator: %w", err)
	}
	return s, nil
}

// onlyRequest keeps the rules of a request's own fields, such as how many events
// it may have, and leaves out those of the events.
var onlyRequest = protovalidate.FilterFunc(func(m protoreflect.Message, _ protoreflect.Descriptor) bool {
	return m.Descriptor().Name() != "EventEnvelope"
})

// PayloadOf is the payload that the warehouse keeps under a category and a type:
// user_login for user and login. It is empty for a custom event, whose type is
// its own name.
func PayloadOf(category, eventType string) string {
	sch, err := loadSchema()
	if err != nil {
		return ""
	}
	for number, k := range sch.kinds {
		if k == (kind{category, eventType}) {
			return string(sch.payload.Fields().ByNumber(number).Name())
		}
	}
	return ""
}

// PayloadField is the name of an envelope's payload field, of which name is
// either spelling that JSON may use. It is empty if name is no payload.
func PayloadField(name string) string {
	sch, err := loadSchema()
	if err != nil {
		return ""
	}
	fields := sch.payload.Fields()
	for _, fd := range []protoreflect.FieldDescriptor{fields.ByName(protoreflect.Name(name)), fields.ByJSONName(name)} {
		if fd != nil {
			return string(fd.Name())
		}
	}
	return ""
}

// kindOfEvent is the kind of one event: a custom event's name is its own.
func (s *schema) kindOfEvent(event protoreflect.Message, payload protoreflect.FieldDescriptor) kind {
	k := s.kinds[payload.Number()]
	if k.name == "" {
		k.name = event.Get(payload).Message().Get(s.eventName).String()
	}
	return k
}
