package fakegateway

import "github.com/SebastienMelki/causality/sdk/go/internal/catalogue"

// The fields that the gateway itself looks at.
var (
	idField        = envelope.byName["id"]
	appIDField     = envelope.byName["app_id"]
	deviceIDField  = envelope.byName["device_id"]
	timestampField = envelope.byName["timestamp_ms"]
	keyField       = envelope.byName["idempotency_key"]
	customField    = envelope.byName["custom_event"]
	nameField      = customField.message.byName["event_name"]
)

// gateway: more events than this refuse the whole body.
const maxEvents = 1000

// event is what the gateway itself needs to know of an event. Its slices share
// memory with the body.
type event struct {
	raw         []byte
	id          []byte
	appID       []byte
	deviceID    []byte
	key         []byte
	timestampMs int64
	payload     *field // nil if there is none
	name        []byte // of a custom_event
	named       bool   // the payload's required field is not empty
	size        int    // in the binary form that goes on to NATS
}

// eventType is the name of a custom event, else that of the payload's kind.
func (e *event) eventType() string {
	switch e.payload {
	case nil:
		return ""
	case customField:
		return string(e.name)
	}
	return e.payload.Name
}

// A decoder reads a request by the schema, as protojson does: the first
// mistake ends it. It descends only where the schema does, so how deep the
// input is nested cannot hurt it.
type decoder struct {
	scanner
	events []event
	event  *event              // the one being read
	keys   map[string]struct{} // of the map being read
}

// decodeBatch returns the events of a body, or the gateway's parse error.
func decodeBatch(body []byte) ([]event, error) {
	d := decoder{scanner: scanner{in: body}}
	t, err := d.next()
	if err != nil {
		return nil, err
	}
	if _, err := d.object(request, t, nil); err != nil {
		return nil, err
	}
	if t, err = d.next(); err != nil {
		return nil, err
	}
	if t.kind != endToken {
		return nil, d.unexpected(t)
	}
	return d.events, nil
}

// decodeValues returns the values of an accepted event by their snake_case
// names: string, int64, float64, bool, map[string]any and []any.
func decodeValues(raw []byte) map[string]any {
	d := decoder{scanner: scanner{in: raw}}
	values := make(map[string]any)
	t, err := d.next()
	if err == nil {
		_, err = d.object(envelope, t, values)
	}
	if err != nil {
		panic("causalitytest: an accepted event cannot be read: " + err.Error())
	}
	return values
}

// object reads an object whose first token was read. The values go into into
// unless that is nil. It returns the object's size in protobuf's binary form.
func (d *decoder) object(m *message, t token, into map[string]any) (size int, err error) {
	if t.kind != objectOpen {
		return 0, d.unexpected(t)
	}
	if m == envelope {
		d.events = append(d.events, event{})
		d.event = &d.events[len(d.events)-1]
	}
	var seen uint64
	for {
		name, err := d.next()
		if err != nil {
			return 0, err
		}
		if name.kind == objectClose {
			if m == envelope {
				d.event.raw, d.event.size = d.in[t.pos:d.pos:d.pos], size
			}
			return size, nil
		}
		f := m.byName[string(name.text)]
		if f == nil {
			return 0, d.errorAt(name.pos, "unknown field %s", name.raw)
		}
		if seen&(1<<f.position) != 0 {
			return 0, d.errorAt(name.pos, "duplicate field %s", name.raw)
		}
		seen |= 1 << f.position

		first, err := d.next()
		if err == nil && first.kind == nullToken {
			continue // gateway: null is the same as absent
		}
		if f.Payload {
			if d.event.payload != nil {
				return 0, d.errorAt(name.pos, "error parsing %s, oneof causality.v1.EventEnvelope.payload is already set", name.raw)
			}
			d.event.payload = f
		}
		if err != nil {
			return 0, err
		}
		var v any
		var n int
		switch f.Form {
		case catalogue.List:
			v, n, err = d.list(f, first, into != nil)
		case catalogue.Map:
			v, n, err = d.dict(f, first, into != nil)
		default:
			v, n, err = d.value(f, first, into != nil, false)
		}
		if err != nil {
			return 0, err
		}
		if into != nil {
			into[f.Name] = v
		}
		size += n
	}
}

func (d *decoder) list(f *field, t token, keep bool) (value any, size int, err error) {
	if t.kind != arrayOpen {
		return nil, 0, d.unexpected(t)
	}
	values := []any{}
	for {
		t, err := d.next()
		if err != nil {
			return nil, 0, err
		}
		if t.kind == arrayClose {
			return values, size, nil
		}
		v, n, err := d.value(f, t, keep, true)
		if err != nil {
			return nil, 0, err
		}
		if keep {
			values = append(values, v)
		}
		size += n
	}
}

func (d *decoder) dict(f *field, t token, keep bool) (value any, size int, err error) {
	if t.kind != objectOpen {
		return nil, 0, d.unexpected(t)
	}
	if d.keys == nil {
		d.keys = make(map[string]struct{})
	}
	clear(d.keys)
	var values map[string]any
	if keep {
		values = make(map[string]any)
	}
	for {
		key, err := d.next()
		if err != nil {
			return nil, 0, err
		}
		if key.kind == objectClose {
			return values, size, nil
		}
		// gateway: keys are compared unescaped.
		if _, ok := d.keys[string(key.text)]; ok {
			return nil, 0, d.errorAt(key.pos, "duplicate map key %s", key.raw)
		}
		d.keys[string(key.text)] = struct{}{}
		t, err := d.next()
		if err != nil {
			return nil, 0, err
		}
		s, ok := readScalar(f.Kind, f.Enum, t)
		if !ok {
			return nil, 0, d.errorAt(t.pos, "invalid value for %v field value: %s", f.Kind, t.raw)
		}
		if keep {
			values[string(key.text)] = s.value(f)
		}
		entry := 1 + sizeOfText(len(key.text)) + s.size(f, true)
		size += tagSize(f) + sizeOfText(entry)
	}
}

// value reads one value, or one element of a list. An explicit one has a size
// even if it is zero.
func (d *decoder) value(f *field, t token, keep, explicit bool) (value any, size int, err error) {
	if f.Kind == catalogue.MessageKind {
		var values map[string]any
		if keep {
			values = make(map[string]any)
		}
		n, err := d.object(f.message, t, values)
		return values, tagSize(f) + sizeOfText(n), err
	}
	s, ok := readScalar(f.Kind, f.Enum, t)
	if !ok {
		return nil, 0, d.errorAt(t.pos, "invalid value for %v field %s: %s", f.Kind, f.JSONName, t.raw)
	}
	d.note(f, s)
	if keep {
		value = s.value(f)
	}
	return value, s.size(f, explicit), nil
}

// note keeps what the gateway itself looks at.
func (d *decoder) note(f *field, s scalar) {
	switch f {
	case idField:
		d.event.id = s.text
	case appIDField:
		d.event.appID = s.text
	case deviceIDField:
		d.event.deviceID = s.text
	case keyField:
		d.event.key = s.text
	case timestampField:
		d.event.timestampMs = s.int
	default:
		if f.Required {
			d.event.named = len(s.text) > 0
		}
		if f == nameField {
			d.event.name = s.text
		}
	}
}
