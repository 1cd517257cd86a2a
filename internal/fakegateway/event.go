package fakegateway

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// An Envelope is a stored event as the gateway received it.
type Envelope struct {
	// ID and IdempotencyKey are the event's own or, where it had none, the ones
	// that the gateway gave it.
	ID             string
	IdempotencyKey string
	// Payload is the payload's name: "custom_event", or one of the catalogue
	// such as "screen_view".
	Payload string
	// EventCategory and EventType are the warehouse's columns: "custom" and the
	// event's own name for a custom_event, "user" and "login" for a user_login.
	EventCategory, EventType string
	// Server is what the SDK adds to a custom_event about where it runs.
	Server causality.ServerContext
	// Raw is the event's JSON, byte for byte.
	Raw json.RawMessage
}

// Stored is an event that the gateway has.
type Stored struct {
	event
	id, key string
	Arrived time.Time
}

// Event returns it as it was tracked, with what the client has filled in.
func (s *Stored) Event() causality.Event { return s.decode(s.key) }

func (s *Stored) envelope() Envelope {
	params, _ := s.payloadValues(decodeValues(s.raw))["string_params"].(map[string]any)
	server := func(name string) string {
		value, _ := params[serverPrefix+name].(string)
		return value
	}
	category, eventType := catalogue.StoredAs(s.payload.Name, s.payload.Number)
	if s.payload == customField {
		eventType = s.eventType()
	}
	return Envelope{
		ID:             s.id,
		IdempotencyKey: s.key,
		Payload:        s.payload.Name,
		EventCategory:  category,
		EventType:      eventType,
		Server: causality.ServerContext{
			Hostname:   server("hostname"),
			GoVersion:  server("go_version"),
			SDKVersion: server("sdk_version"),
		},
		Raw: bytes.Clone(s.raw),
	}
}

const serverPrefix = "_server_"

// decode is the inverse of Client.Track, under the given idempotency key.
func (e *event) decode(key string) causality.Event {
	values := decodeValues(e.raw)
	decoded := causality.Event{
		ID:             string(e.id),
		AppID:          string(e.appID),
		EventType:      e.eventType(),
		IdempotencyKey: key,
		TimestampMs:    e.timestampMs,
		DeviceID:       string(e.deviceID),
	}
	decoded.CorrelationID, _ = values["correlation_id"].(string)
	properties := e.payloadValues(values)
	if e.payload == customField {
		params, _ := properties["string_params"].(map[string]any)
		decoded.UserID = lift(params, "user_id")
		decoded.SessionID = lift(params, "session_id")
		properties = mergeParams(properties)
	} else {
		decoded.UserID = lift(properties, "user_id")
	}
	if len(properties) > 0 {
		decoded.Properties = properties
	}
	return decoded
}

func (e *event) payloadValues(values map[string]any) map[string]any {
	if e.payload == nil {
		return nil
	}
	payload, _ := values[e.payload.Name].(map[string]any)
	return payload
}

// lift takes a string out of values.
func lift(values map[string]any, name string) string {
	value, ok := values[name].(string)
	if ok {
		delete(values, name)
	}
	return value
}

// mergeParams makes one map of the param maps, without the SDK's own entries.
func mergeParams(payload map[string]any) map[string]any {
	merged := make(map[string]any)
	for _, name := range [...]string{"string_params", "int_params", "float_params", "bool_params"} {
		params, _ := payload[name].(map[string]any)
		for key, value := range params {
			if !strings.HasPrefix(key, serverPrefix) {
				merged[key] = value
			}
		}
	}
	return merged
}
