package envelope

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// Decoded is an encoded event read back, whichever form it was encoded in.
type Decoded struct {
	ID, EventType    string
	IsTyped          bool // the payload is one of the catalogue's
	AppID            string
	TimestampMs      int64
	DeviceID, UserID string
	SessionID        string
	CorrelationID    string
	Properties       map[string]json.RawMessage // without what the SDK adds of the server
}

// Decode reads an event as Encode writes it. It is for what is rare, such as the
// words of a rejection.
func Decode(event []byte) (d Decoded, err error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(event, &fields); err != nil {
		return d, err
	}
	read := func(from json.RawMessage, to any) {
		if from != nil && err == nil {
			err = json.Unmarshal(from, to)
		}
	}
	read(fields["id"], &d.ID)
	read(fields["app_id"], &d.AppID)
	read(fields["timestamp_ms"], &d.TimestampMs)
	read(fields["device_id"], &d.DeviceID)
	read(fields["correlation_id"], &d.CorrelationID)
	d.Properties = make(map[string]json.RawMessage)

	switch custom, flat := fields["custom_event"], fields["event_type"]; {
	case custom != nil:
		var payload map[string]json.RawMessage
		read(custom, &payload)
		read(payload["event_name"], &d.EventType)
		for _, name := range [...]string{"string_params", "int_params", "float_params", "bool_params"} {
			read(payload[name], &d.Properties)
		}
		d.UserID, d.SessionID = d.take("user_id"), d.take("session_id")
	case flat != nil:
		read(flat, &d.EventType)
		read(fields["properties"], &d.Properties)
		read(fields["user_id"], &d.UserID)
		read(fields["session_id"], &d.SessionID)
	default:
		for name := range fields {
			if catalogue.PayloadOf(name) != nil {
				d.EventType, d.IsTyped = name, true
				read(fields[name], &d.Properties)
			}
		}
	}
	if err == nil && d.EventType == "" {
		err = fmt.Errorf("no event type in %q", event)
	}
	maps.DeleteFunc(d.Properties, func(key string, _ json.RawMessage) bool {
		return key == "_server" || strings.HasPrefix(key, "_server_")
	})
	return d, err
}

// take removes a property that is a string and returns it.
func (d *Decoded) take(key string) (text string) {
	if json.Unmarshal(d.Properties[key], &text) == nil {
		delete(d.Properties, key)
	}
	return text
}
