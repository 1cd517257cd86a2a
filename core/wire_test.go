package causality_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// event is one in the form of a request's body.
type event struct {
	ID, Key, AppID, DeviceID, CorrelationID, Name string
	TimestampMs                                   int64
	Strings                                       map[string]string
	Ints                                          map[string]int64
	Floats                                        map[string]float64
	Bools                                         map[string]bool
}

func (e event) n() int { return int(e.Ints["n"]) }

// is returns a test for events with one of the numbers.
func is(numbers ...int) func(event) bool {
	return func(e event) bool {
		for _, n := range numbers {
			if e.n() == n {
				return true
			}
		}
		return false
	}
}

func anyEvent(event) bool { return true }

// wire is the event on a line of a body, with what the client may send of the
// gateway's EventEnvelope.
type wire struct {
	ID             string `json:"id"`
	IdempotencyKey string `json:"idempotency_key"`
	AppID          string `json:"app_id"`
	DeviceID       string `json:"device_id"`
	TimestampMs    int64  `json:"timestamp_ms"`
	CorrelationID  string `json:"correlation_id"`
	DeviceContext  *struct {
		OSVersion  string `json:"os_version"`
		AppVersion string `json:"app_version"`
		SDKVersion string `json:"sdk_version"`
	} `json:"device_context"`
	CustomEvent *struct {
		EventName    string             `json:"event_name"`
		StringParams map[string]string  `json:"string_params"`
		IntParams    map[string]int64   `json:"int_params"`
		FloatParams  map[string]float64 `json:"float_params"`
		BoolParams   map[string]bool    `json:"bool_params"`
	} `json:"custom_event"`
}

// decode reads a body as strictly as the gateway: valid UTF-8 and JSON, no field
// that it does not know, no key twice in any object, one event a line. Lines
// that it has read before, as in a repeat, are in known.
func decode(body []byte, known map[string]event) ([]event, error) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return nil, errors.New("no JSON in UTF-8")
	}
	lines := strings.Split(string(body), "\n")
	if len(lines) < 3 || lines[0] != `{"events":[` || lines[len(lines)-1] != "]}" {
		return nil, errors.New("not one event a line")
	}
	var events []event
	for i, line := range lines[1 : len(lines)-1] {
		line, isSeparated := strings.CutSuffix(line, ",")
		if isSeparated != (i < len(lines)-3) {
			return nil, fmt.Errorf("line %d is not one event", i+2)
		}
		e, ok := known[line]
		if !ok {
			var err error
			if e, err = decodeLine(line); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+2, err)
			}
			known[line] = e
		}
		events = append(events, e)
	}
	return events, nil
}

func decodeLine(line string) (event, error) {
	if err := uniqueKeys(json.NewDecoder(strings.NewReader(line))); err != nil {
		return event{}, err
	}
	var e wire
	strict := json.NewDecoder(strings.NewReader(line))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&e); err != nil {
		return event{}, err
	}
	c := e.CustomEvent
	if e.ID == "" || e.IdempotencyKey == "" || e.AppID == "" || e.DeviceID == "" || e.TimestampMs <= 0 || c == nil || c.EventName == "" || e.DeviceContext == nil {
		return event{}, errors.New("it lacks what the gateway requires")
	}
	return event{
		ID: e.ID, Key: e.IdempotencyKey, AppID: e.AppID, DeviceID: e.DeviceID, CorrelationID: e.CorrelationID,
		Name: c.EventName, TimestampMs: e.TimestampMs,
		Strings: c.StringParams, Ints: c.IntParams, Floats: c.FloatParams, Bools: c.BoolParams,
	}, nil
}

// uniqueKeys reads one JSON value and fails if an object in it has a key twice.
func uniqueKeys(dec *json.Decoder) error {
	token, err := dec.Token()
	if err != nil {
		return err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	keys := map[string]bool{}
	for dec.More() {
		if delim == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			if keys[key.(string)] {
				return fmt.Errorf("duplicate key %q", key)
			}
			keys[key.(string)] = true
		}
		if err := uniqueKeys(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}
