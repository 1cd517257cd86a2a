package gateway

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Column is a column of the warehouse; Type is its type in SQL.
type Column struct{ Name, Type string }

// Columns are the warehouse's columns.
//
// gateway: there is no idempotency key and no receive time.
var Columns = []Column{
	{"id", "text"}, {"app_id", "text"}, {"device_id", "text"},
	{"timestamp_ms", "integer"}, {"correlation_id", "text"},
	{"event_category", "text"}, {"event_type", "text"},

	{"platform", "text"}, {"os_version", "text"}, {"app_version", "text"},
	{"build_number", "text"}, {"device_model", "text"}, {"manufacturer", "text"},
	{"screen_width", "integer"}, {"screen_height", "integer"},
	{"locale", "text"}, {"timezone", "text"}, {"network_type", "text"}, {"carrier", "text"},
	{"is_jailbroken", "boolean"}, {"is_emulator", "boolean"}, {"sdk_version", "text"},

	{"payload_json", "text"},
	{"year", "integer"}, {"month", "integer"}, {"day", "integer"}, {"hour", "integer"},
}

// RowOf returns an event as the warehouse keeps it: a string, int64 or bool for
// each of Columns.
func RowOf(wire []byte) ([]any, error) {
	sch, err := loadSchema()
	if err != nil {
		return nil, err
	}
	event := dynamicpb.NewMessage(sch.envelope)
	if err := proto.Unmarshal(wire, event); err != nil {
		return nil, fmt.Errorf("gateway: read an event: %w", err)
	}
	var where kind
	body := "{}"
	if payload := event.WhichOneof(sch.payload); payload != nil {
		where = sch.kindOfEvent(event, payload)
		body = payloadJSON(event.Get(payload).Message())
	}
	ms := event.Get(sch.field.timestamp).Int()
	at := time.UnixMilli(ms).UTC()
	contextField := sch.envelope.Fields().ByName("device_context")
	device := event.Get(contextField).Message()

	row := make([]any, len(Columns))
	for i, column := range Columns {
		name := protoreflect.Name(column.Name)
		switch column.Name {
		case "event_category":
			row[i] = where.category
		case "event_type":
			row[i] = where.name
		case "payload_json":
			row[i] = body
		case "year":
			row[i] = int64(at.Year())
		case "month":
			row[i] = int64(at.Month())
		case "day":
			row[i] = int64(at.Day())
		case "hour":
			row[i] = int64(at.Hour())
		default:
			if fd := sch.envelope.Fields().ByName(name); fd != nil {
				row[i] = cell(fd, event.Get(fd))
			} else {
				fd := contextField.Message().Fields().ByName(name)
				row[i] = cell(fd, device.Get(fd))
			}
		}
	}
	return row, nil
}

// cell is a field as a column's value; an enum is its name, none is "".
func cell(fd protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch fd.Kind() {
	case protoreflect.EnumKind:
		value := fd.Enum().Values().ByNumber(v.Enum())
		switch {
		case v.Enum() == 0:
			return ""
		case value == nil:
			return fmt.Sprint(v.Enum())
		}
		return string(value.Name())
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return v.Int()
	case protoreflect.BoolKind:
		return v.Bool()
	default:
		return v.String()
	}
}

// payloadJSON writes a payload as the warehouse keeps it.
//
// gateway: it is the JSON of Go's encoding/json: names of the .proto file, zero
// values left out, integers as numbers. A float that is not finite cannot be
// written there, and all that is left of the payload is {}.
func payloadJSON(payload protoreflect.Message) string {
	b, ok := appendMessage(nil, payload)
	if !ok {
		return "{}"
	}
	return string(b)
}

func appendMessage(b []byte, m protoreflect.Message) ([]byte, bool) {
	b = append(b, '{')
	start, ok := len(b), true
	fields := m.Descriptor().Fields()
	for i := 0; i < fields.Len() && ok; i++ {
		fd := fields.Get(i)
		if !m.Has(fd) {
			continue
		}
		if len(b) > start {
			b = append(b, ',')
		}
		b = append(appendText(b, string(fd.Name())), ':')
		b, ok = appendField(b, fd, m.Get(fd))
	}
	return append(b, '}'), ok
}

func appendField(b []byte, fd protoreflect.FieldDescriptor, v protoreflect.Value) (_ []byte, ok bool) {
	switch {
	case fd.IsMap():
		return appendMap(b, fd.MapValue(), v.Map())
	case fd.IsList():
		b = append(b, '[')
		for i := range v.List().Len() {
			if i > 0 {
				b = append(b, ',')
			}
			if b, ok = appendValue(b, fd, v.List().Get(i)); !ok {
				return b, false
			}
		}
		return append(b, ']'), true
	}
	return appendValue(b, fd, v)
}

func appendMap(b []byte, fd protoreflect.FieldDescriptor, m protoreflect.Map) ([]byte, bool) {
	values := make(map[string]json.RawMessage, m.Len())
	ok := true
	m.Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
		values[key.String()], ok = appendValue(nil, fd, v)
		return ok
	})
	if !ok {
		return b, false
	}
	text, err := json.Marshal(values) // sorts the keys
	return append(b, text...), err == nil
}

func appendValue(b []byte, fd protoreflect.FieldDescriptor, v protoreflect.Value) ([]byte, bool) {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return appendMessage(b, v.Message())
	case protoreflect.StringKind:
		return appendText(b, v.String()), true
	case protoreflect.EnumKind:
		return fmt.Append(b, int32(v.Enum())), true
	case protoreflect.FloatKind, protoreflect.DoubleKind:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return b, false
		}
		var text []byte
		if fd.Kind() == protoreflect.FloatKind {
			text, _ = json.Marshal(float32(v.Float()))
		} else {
			text, _ = json.Marshal(v.Float())
		}
		return append(b, text...), true
	default: // integers and booleans
		return fmt.Append(b, v.Interface()), true
	}
}

func appendText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a string can always be written
	return append(b, text...)
}
