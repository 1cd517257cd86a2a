package conformance

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// What was stored is read by the protobuf library and nothing else.
type (
	storedMessage map[string]any // without fields that are zero
	storedMap     map[string]any
)

func readStored(event *gateway.Stored) (storedMessage, error) {
	message := dynamicpb.NewMessage(envelopeMessage)
	if err := proto.Unmarshal(event.Wire, message); err != nil {
		return nil, err
	}
	return readMessage(message), nil
}

func readMessage(message protoreflect.Message) storedMessage {
	fields := make(storedMessage)
	message.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		name := string(fd.Name())
		switch {
		case fd.IsMap():
			entries := make(storedMap)
			v.Map().Range(func(key protoreflect.MapKey, v protoreflect.Value) bool {
				entries[key.String()] = readValue(fd.MapValue(), v)
				return true
			})
			fields[name] = entries
		case fd.IsList():
			list := make([]any, v.List().Len())
			for i := range list {
				list[i] = readValue(fd, v.List().Get(i))
			}
			fields[name] = list
		default:
			fields[name] = readValue(fd, v)
		}
		return true
	})
	return fields
}

func readValue(fd protoreflect.FieldDescriptor, v protoreflect.Value) any {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		return readMessage(v.Message())
	case protoreflect.EnumKind:
		if value := fd.Enum().Values().ByNumber(v.Enum()); value != nil {
			return string(value.Name())
		}
		return int64(v.Enum())
	case protoreflect.Int32Kind, protoreflect.Int64Kind:
		return v.Int()
	default:
		return v.Interface()
	}
}

// differ compares a stored event with what must have arrived.
func (a *arrival) differ(event *gateway.Stored, earliest, latest time.Time) error {
	got, err := readStored(event)
	if err != nil {
		return err
	}
	problems := compareUUID("id", got["id"], '7')
	problems = append(problems, compareUUID("idempotency_key", got["idempotency_key"], '4')...)
	at, _ := got["timestamp_ms"].(int64)
	if a.at != 0 && at != a.at || a.at == 0 && (at < earliest.UnixMilli() || at > latest.UnixMilli()) {
		problems = append(problems, fmt.Sprintf("timestamp_ms %d, want %d", at, a.at))
	}
	context := newObject()
	context.exact["os_version"] = runtime.GOOS + "/" + runtime.GOARCH
	context.exact["sdk_version"] = "go/" + causality.SDKVersion
	// Every field is named, so that none can arrive beside them.
	want := newObject()
	want.exact["app_id"] = a.appID
	want.exact["device_id"] = a.deviceID
	want.exact["correlation_id"] = a.correlationID
	want.exact["device_context"] = context
	want.exact[a.payload] = a.fields
	for _, name := range []string{"id", "idempotency_key", "timestamp_ms"} {
		delete(got, name)
	}
	if device, ok := got["device_context"].(storedMessage); ok {
		delete(device, "app_version") // of the program that built the test
	}
	problems = append(problems, compareMessage("", want, got)...)
	if len(problems) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(problems, "\n\t"))
}

func compareUUID(name string, v any, version byte) []string {
	text, _ := v.(string)
	if len(text) != 36 || text[14] != version {
		return []string{fmt.Sprintf("%s is %q", name, text)}
	}
	return nil
}

func compareMessage(path string, want object, got storedMessage) (problems []string) {
	for name, v := range want.exact {
		stored, ok := got[name]
		if !ok && !isZeroField(v) {
			problems = append(problems, fmt.Sprintf("%s%s is missing, want %.300s", path, name, fmt.Sprint(v)))
		} else if ok {
			problems = append(problems, compareValue(path+name, v, stored)...)
		}
	}
	for name, v := range got {
		if _, ok := want.exact[name]; !ok {
			problems = append(problems, fmt.Sprintf("%s%s is %.300s, want none", path, name, fmt.Sprint(v)))
		}
	}
	return problems
}

// isZeroField reports whether a field is the same as none.
func isZeroField(v any) bool {
	switch v := v.(type) {
	case string:
		// The first value of each enum, and no text of a test.
		return v == "" || strings.HasSuffix(v, "_UNSPECIFIED")
	case int64:
		return v == 0
	case float32:
		return v == 0 && !math.Signbit(float64(v))
	case bool:
		return !v
	case []any:
		return len(v) == 0
	}
	return false
}

func compareMap(path string, want object, got storedMap) (problems []string) {
	left := maps.Clone(got)
	for _, key := range slices.Sorted(maps.Keys(want.exact)) {
		stored, ok := got[key]
		if !ok {
			problems = append(problems, fmt.Sprintf("%s[%.300q] is missing, want %.300s", path, key, fmt.Sprint(want.exact[key])))
			continue
		}
		problems = append(problems, compareValue(fmt.Sprintf("%s[%.300q]", path, key), want.exact[key], stored)...)
		delete(left, key)
	}
	for _, start := range want.deep {
		found := false
		for key, v := range left {
			text, _ := v.(string)
			if strings.HasPrefix(key, start) && (strings.HasPrefix(text, "!ERROR: ") || sameJSON(text, text)) {
				delete(left, key)
				found = true
			}
		}
		// A deep one may have the same name as another.
		if !found && len(want.deep) == 1 {
			problems = append(problems, fmt.Sprintf("%s[%.300q…] is missing", path, start))
		}
	}
	for key, v := range left {
		problems = append(problems, fmt.Sprintf("%s[%.300q] is %.300s, want none", path, key, fmt.Sprint(v)))
	}
	return problems
}

func compareValue(path string, want, got any) []string {
	same := false
	switch want := want.(type) {
	case object:
		switch got := got.(type) {
		case storedMessage:
			return compareMessage(path+".", want, got)
		case storedMap:
			return compareMap(path, want, got)
		}
	case []any:
		list, ok := got.([]any)
		if same = ok && len(list) == len(want); same {
			var problems []string
			for i := range want {
				problems = append(problems, compareValue(fmt.Sprintf("%s[%d]", path, i), want[i], list[i])...)
			}
			return problems
		}
	case leaf:
		text, ok := got.(string)
		same = ok && (want.kind == aComplaint && strings.HasPrefix(text, valid(want.text)) ||
			want.kind == aLooseList && sameJSON(valid(want.text), text))
	case numeral:
		text, _ := got.(string)
		f, err := strconv.ParseFloat(text, 64)
		same = err == nil && math.Float64bits(f) == math.Float64bits(float64(want))
	case float64:
		f, ok := got.(float64)
		same = ok && math.Float64bits(f) == math.Float64bits(want)
	case float32:
		f, ok := got.(float32)
		same = ok && math.Float32bits(f) == math.Float32bits(want)
	default:
		same = got == want
	}
	if same {
		return nil
	}
	return []string{fmt.Sprintf("%s is %T %.500q, want %T %.500q", path, got, fmt.Sprint(got), want, fmt.Sprint(want))}
}
