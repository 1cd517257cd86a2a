package causality

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// decodedEvent is an encoded event read back, whichever form it was encoded in.
type decodedEvent struct {
	id, eventType    string
	isTyped          bool // the payload is one of the catalogue's
	appID            string
	timestampMs      int64
	deviceID, userID string
	sessionID        string
	correlationID    string
	properties       map[string]json.RawMessage // without what the SDK adds of the server
}

// decodeEvent reads an event as encode writes it. It is for what is rare, such as the
// words of a rejection.
func decodeEvent(event []byte) (d decodedEvent, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(event, &fields); err != nil {
		return d, err
	}
	read := func(from json.RawMessage, to any) {
		if from != nil && err == nil {
			err = json.Unmarshal(from, to)
		}
	}
	read(fields["id"], &d.id)
	read(fields["app_id"], &d.appID)
	read(fields["timestamp_ms"], &d.timestampMs)
	read(fields["device_id"], &d.deviceID)
	read(fields["correlation_id"], &d.correlationID)
	d.properties = make(map[string]json.RawMessage)

	switch custom, flat := fields["custom_event"], fields["event_type"]; {
	case custom != nil:
		var payload map[string]json.RawMessage
		read(custom, &payload)
		read(payload["event_name"], &d.eventType)
		for _, name := range [...]string{"string_params", "int_params", "float_params", "bool_params"} {
			read(payload[name], &d.properties)
		}
		d.userID, d.sessionID = d.take("user_id"), d.take("session_id")
	case flat != nil:
		read(flat, &d.eventType)
		read(fields["properties"], &d.properties)
		read(fields["user_id"], &d.userID)
		read(fields["session_id"], &d.sessionID)
	default:
		for name := range fields {
			if catalogue.PayloadOf(name) != nil {
				d.eventType, d.isTyped = name, true
				read(fields[name], &d.properties)
			}
		}
	}
	if err == nil && d.eventType == "" {
		err = fmt.Errorf("no event type in %q", event)
	}
	maps.DeleteFunc(d.properties, func(key string, _ json.RawMessage) bool {
		return key == "_server" || strings.HasPrefix(key, "_server_")
	})
	return d, err
}

// take removes a property that is a string and returns it.
func (d *decodedEvent) take(key string) (text string) {
	if json.Unmarshal(d.properties[key], &text) == nil {
		delete(d.properties, key)
	}
	return text
}
