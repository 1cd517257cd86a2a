package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// differInValues compares what a test sees of an event, the Recorder's decoding,
// with what the gateway stored of it.
func differInValues(stored *gateway.Stored, event causality.Event) string {
	raw, err := stored.JSON()
	if err != nil {
		return err.Error()
	}
	var envelope map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&envelope); err != nil {
		return err.Error()
	}
	want := map[string]any{}
	for _, name := range []string{"app_id", "device_id", "correlation_id", "timestamp_ms"} {
		if v, ok := envelope[name]; ok {
			want[name] = v
		}
	}
	got := map[string]any{
		"app_id": event.AppID, "device_id": event.DeviceID, "correlation_id": event.CorrelationID,
		"timestamp_ms": event.TimestampMs, "user_id": event.UserID,
	}
	bits := 32 // of floats: those of the catalogue are coordinates
	payload, ok := envelope[event.EventType].(map[string]any)
	if custom, isCustom := envelope["custom_event"].(map[string]any); isCustom {
		want["event_type"], got["event_type"] = stored.Type, event.EventType
		got["session_id"] = event.SessionID
		bits = 64
		// Lifted are strings alone; whatever else goes by these names stays.
		if params, isMap := custom["string_params"].(map[string]any); isMap {
			for _, name := range []string{"user_id", "session_id"} {
				if text, isText := params[name]; isText {
					want[name] = text
					delete(params, name)
				}
			}
		}
		payload, ok = mergeParams(custom), true
	} else if id, isText := payload["user_id"]; isText {
		want["user_id"] = id
		delete(payload, "user_id")
	}
	if !ok {
		return fmt.Sprintf("the gateway stored %s, the Recorder decoded the type %q", raw, event.EventType)
	}
	want["properties"] = payload
	if len(event.Properties) > 0 {
		got["properties"] = event.Properties
	} else {
		got["properties"] = map[string]any{}
	}
	if !sameValue(want, got, bits) {
		return fmt.Sprintf("the gateway stored %s, the Recorder decoded %v", raw, event)
	}
	return ""
}

// mergeParams makes one map of a custom event's four. A key in several of them
// is given to the last in their order, as the Recorder documents.
func mergeParams(custom map[string]any) map[string]any {
	merged := make(map[string]any)
	for _, name := range []string{"string_params", "int_params", "float_params", "bool_params"} {
		params, _ := custom[name].(map[string]any)
		for key, value := range params {
			if !strings.HasPrefix(key, "_server_") {
				merged[key] = value
			}
		}
	}
	return merged
}

// sameValue compares protojson's form of a value with the Recorder's.
func sameValue(want, got any, bits int) bool {
	switch got := got.(type) {
	case map[string]any:
		want, ok := want.(map[string]any)
		if !ok {
			return false
		}
		for name := range want {
			if _, ok := got[name]; !ok {
				return false
			}
		}
		for name, value := range got {
			stored, ok := want[name]
			// protojson leaves zero values out.
			if !ok && !isZero(value, bits) || ok && !sameValue(stored, value, bits) {
				return false
			}
		}
		return true
	case []any:
		want, ok := want.([]any)
		if !ok || len(want) != len(got) {
			return false
		}
		for i := range got {
			if !sameValue(want[i], got[i], bits) {
				return false
			}
		}
		return true
	case int64:
		return fmt.Sprint(want) == strconv.FormatInt(got, 10)
	case float64:
		stored, err := strconv.ParseFloat(fmt.Sprint(want), 64)
		return err == nil && (stored == got || math.IsNaN(stored) && math.IsNaN(got) ||
			bits == 32 && float32(stored) == float32(got))
	}
	return want == got
}

func isZero(v any, bits int) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	case string:
		return v == "" || strings.HasSuffix(v, "_UNSPECIFIED")
	case int64:
		return v == 0
	case float64:
		return v == 0 || bits == 32 && float32(v) == 0
	}
	return v == false
}
