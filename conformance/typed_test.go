package conformance

import (
	"encoding/json"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/proto"
)

// The rules of Config.TypedPayloads a second time, from the gateway's messages
// rather than from the SDK's own table of them.

// payloads are the messages that an event can be sent as, custom_event among
// them, and envelope is what holds them.
var payloads, envelopeMessage = func() (map[string]protoreflect.MessageDescriptor, protoreflect.MessageDescriptor) {
	file, err := proto.Compile()
	if err != nil {
		panic(err)
	}
	envelope := file.Messages().ByName("EventEnvelope")
	fields := envelope.Oneofs().ByName("payload").Fields()
	all := make(map[string]protoreflect.MessageDescriptor)
	for i := range fields.Len() {
		all[string(fields.Get(i).Name())] = fields.Get(i).Message()
	}
	return all, envelope
}()

// required returns the fields without which the gateway refuses a payload, as
// the gateway says itself.
func required(kind string) map[string]bool {
	requiredFields.Do(func() {
		for kind := range payloads {
			reply := post(gateway.New(), "application/json", []byte(`{"events":[{"app_id":"a","device_id":"d","timestamp_ms":1,"`+kind+`":{}}]}`))
			names := make(map[string]bool)
			if reply.Code != http.StatusOK {
				for _, m := range violatedField.FindAllStringSubmatch(reply.Body.String(), -1) {
					names[m[1]] = true
				}
			}
			requiredByKind[kind] = names
		}
	})
	return requiredByKind[kind]
}

var (
	requiredFields sync.Once
	requiredByKind = make(map[string]map[string]bool)
	violatedField  = regexp.MustCompile(`"field":\s*"events\.\w+\.(\w+)"`)
)

// payloadReader reads the properties of one event into a payload.
type payloadReader struct {
	props map[string]leaf
	deep  []string // the beginnings of names of what nests too deep
	// objects are the names under which the event itself has an object.
	objects map[string]bool
	used    map[string]bool
	userID  string
	dropped int64 // members of lists
}

// arriveTyped completes a with the payload that the catalogue has for an event.
// It returns false where there is none or the event does not fit.
func (s setup) arriveTyped(a *arrival, e tracked, props map[string]leaf, deep []string) bool {
	message := payloads[e.eventType]
	if message == nil || e.eventType == "custom_event" {
		return false
	}
	r := payloadReader{props: props, deep: deep, objects: e.objects, used: make(map[string]bool), userID: e.ids.UserID}
	fields, ok := r.message("", message)
	if !ok {
		return false
	}
	for name := range required(e.eventType) {
		if text, isText := fields.exact[name].(string); isText && text == "" || fields.exact[name] == nil {
			return false
		}
	}
	a.dropped = r.dropped
	for name := range props {
		if !r.used[name] {
			a.dropped++
		}
	}
	switch {
	case e.ids.UserID == "" || message.Fields().ByName("user_id") != nil:
	case valid(e.ids.UserID) == a.deviceID:
	case s.deviceID == "" && (e.ids.DeviceID == "" || e.ids.DeviceID == hostname):
		a.deviceID = valid(e.ids.UserID)
	default:
		a.dropped++
	}
	switch {
	case e.ids.SessionID == "" || e.ids.SessionID == e.ids.CorrelationID:
	case e.ids.CorrelationID == "":
		a.correlationID = valid(e.ids.SessionID)
	default:
		a.dropped++
	}
	a.payload, a.fields = e.eventType, fields
	return true
}

// message reads the fields of a message from the properties under a prefix.
func (r *payloadReader) message(prefix string, message protoreflect.MessageDescriptor) (o object, ok bool) {
	o = newObject()
	for i := range message.Fields().Len() {
		fd := message.Fields().Get(i)
		name := string(fd.Name())
		l, isThere := r.props[prefix+name]
		switch {
		case name == "user_id" && r.userID != "":
			o.exact[name] = valid(r.userID)
		case isThere && (fd.IsMap() || fd.Kind() == protoreflect.MessageKind && !fd.IsList()):
			return o, false // a plain value where members belong
		case !isThere && r.holdsObject(prefix, name) && (fd.IsList() || !fd.IsMap() && fd.Kind() != protoreflect.MessageKind):
			return o, false // members where a plain value belongs
		case fd.IsMap():
			entries := newObject()
			for key, l := range r.props {
				if rest, isEntry := strings.CutPrefix(key, prefix+name+"_"); isEntry {
					entries.exact[rest] = l.asText()
					r.used[key] = true
				}
			}
			for _, key := range r.deep {
				if rest, isEntry := strings.CutPrefix(key, prefix+name+"_"); isEntry {
					entries.deep = append(entries.deep, rest)
				}
			}
			if len(entries.exact)+len(entries.deep) > 0 {
				o.exact[name] = entries
			}
		case fd.Kind() == protoreflect.MessageKind && !fd.IsList():
			inner, ok := r.message(prefix+name+"_", fd.Message())
			if !ok {
				return o, false
			}
			if len(inner.exact) > 0 {
				o.exact[name] = inner
			}
		case isThere:
			r.used[prefix+name] = true
			if o.exact[name], ok = r.converted(l, fd); !ok {
				return o, false
			}
		}
	}
	return o, true
}

// holdsObject reports whether the event has an object of this name that is not
// empty. Within a message whatever begins with the name is taken for one.
func (r *payloadReader) holdsObject(prefix, name string) bool {
	if prefix == "" && !r.objects[name] {
		return false
	}
	isMember := func(key string) bool { return strings.HasPrefix(key, prefix+name+"_") }
	for key := range r.props {
		if isMember(key) {
			return true
		}
	}
	return slices.ContainsFunc(r.deep, isMember)
}

// converted is a leaf as a field of a payload, if it converts without loss.
func (r *payloadReader) converted(l leaf, fd protoreflect.FieldDescriptor) (v any, ok bool) {
	if fd.IsList() {
		return r.convertedList(l, fd)
	}
	switch fd.Kind() {
	case protoreflect.StringKind:
		return l.asText(), true
	case protoreflect.BoolKind:
		return l.b || l.text == "true", l.kind == aBool || l.isText() && (l.text == "true" || l.text == "false")
	case protoreflect.Int32Kind:
		n, ok := l.asInt()
		return n, ok && n == int64(int32(n))
	case protoreflect.Int64Kind:
		n, ok := l.asInt()
		return n, ok
	case protoreflect.FloatKind:
		f, ok := l.asFloat()
		// Read as it is sent, in decimals.
		narrow, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 64), 32)
		return float32(narrow), ok && math.Abs(f) <= math.MaxFloat32
	case protoreflect.EnumKind:
		return l.asEnum(fd.Enum())
	}
	return nil, false
}

// asText is a leaf as a string.
func (l leaf) asText() any {
	switch v := l.stored().(type) {
	case string, leaf:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	default:
		return numeral(v.(float64))
	}
}

// numeral is a string that reads as this float, however it is written.
type numeral float64

// asInt is a leaf as a whole number; that a duration is one of milliseconds is
// taken for good.
func (l leaf) asInt() (int64, bool) {
	f := l.f
	switch l.kind {
	case anInt:
		return l.n, true
	case aDuration:
		f = math.Round(f)
	case aFloat:
	case aBool:
		return 0, false
	default:
		n, err := strconv.ParseInt(l.text, 10, 64)
		return n, err == nil
	}
	// 2^63 is the first float beyond int64.
	if f != math.Trunc(f) || f < -(1<<63) || f >= 1<<63 {
		return 0, false
	}
	return int64(f), true
}

func (l leaf) asFloat() (float64, bool) {
	switch l.kind {
	case anInt:
		return float64(l.n), true
	case aFloat, aDuration:
		return l.f, true
	case aBool:
		return 0, false
	}
	f, err := strconv.ParseFloat(l.text, 64)
	return f, err == nil
}

// asEnum takes a value's name, its name without the prefix, and its number.
func (l leaf) asEnum(enum protoreflect.EnumDescriptor) (any, bool) {
	prefix := strings.TrimSuffix(string(enum.Values().Get(0).Name()), "UNSPECIFIED")
	for i := range enum.Values().Len() {
		value := enum.Values().Get(i)
		short := strings.TrimPrefix(string(value.Name()), prefix)
		n, isNumber := l.asInt()
		if isNumber && l.kind != aDuration && n == int64(value.Number()) ||
			l.isText() && strings.EqualFold(strings.TrimPrefix(l.text, prefix), short) {
			return string(value.Name()), true
		}
	}
	return nil, false
}

// convertedList reads the JSON text of a list.
func (r *payloadReader) convertedList(l leaf, fd protoreflect.FieldDescriptor) (v any, ok bool) {
	var elements []json.RawMessage
	if !l.isText() || json.Unmarshal([]byte(valid(l.text)), &elements) != nil || elements == nil {
		return nil, false
	}
	list := []any{}
	for _, element := range elements {
		t := readJSON(element)
		switch {
		case fd.Kind() == protoreflect.StringKind && t.leaf != nil && t.leaf.kind != aList:
			list = append(list, t.leaf.asText())
		case fd.Kind() == protoreflect.MessageKind && t.isObject:
			item := payloadReader{props: make(map[string]leaf), used: make(map[string]bool)}
			for _, m := range t.members {
				switch {
				case m.tree.leaf != nil && m.tree.leaf.kind != aList:
					item.props[m.key] = *m.tree.leaf
				case m.tree.leaf != nil || m.tree.isObject:
					if fd.Message().Fields().ByName(protoreflect.Name(m.key)) != nil {
						return nil, false // fits no field
					}
					item.props[m.key] = leaf{}
				default: // null takes back what an equal key said
					delete(item.props, m.key)
				}
			}
			message, ok := item.message("", fd.Message())
			if !ok {
				return nil, false
			}
			for key := range item.props {
				if !item.used[key] {
					r.dropped++
				}
			}
			list = append(list, message)
		default:
			return nil, false
		}
	}
	return list, true
}
