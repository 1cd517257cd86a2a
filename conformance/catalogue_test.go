package conformance

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// catalogue is a payload of every kind with all of its fields, as JSON, in the
// order of their names.
var catalogue = func() (all []string) {
	var w fieldWriter
	for _, kind := range slices.Sorted(maps.Keys(payloads)) {
		all = append(all, strconv.Quote(kind)+":"+w.message(payloads[kind]))
	}
	return all
}()

// fieldWriter writes fields with values that take turns, their limits among them.
type fieldWriter struct{ turn int }

func (w *fieldWriter) message(m protoreflect.MessageDescriptor) string {
	members := make([]string, m.Fields().Len())
	for i := range members {
		fd := m.Fields().Get(i)
		v := ""
		switch {
		case fd.IsMap():
			v = `{"a":` + w.value(fd.MapValue()) + `,"":` + w.value(fd.MapValue()) + `}`
		case fd.IsList() && fd.Message() != nil:
			v = `[` + w.value(fd) + `,{}]`
		case fd.IsList():
			v = `[` + w.value(fd) + `,` + w.value(fd) + `]`
		default:
			v = w.value(fd)
		}
		members[i] = strconv.Quote(string(fd.Name())) + ":" + v
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (w *fieldWriter) value(fd protoreflect.FieldDescriptor) string {
	w.turn++
	values := map[protoreflect.Kind][]string{
		protoreflect.StringKind: {`"s"`, `"\u2028é"`, `"t"`},
		protoreflect.BoolKind:   {"true", "false"},
		protoreflect.Int32Kind:  {"2147483647", "-2147483648", "0", "100"},
		protoreflect.Int64Kind:  {"9223372036854775807", "-3", "0", `"-9223372036854775808"`},
		protoreflect.FloatKind:  {"1.5", "-0.0", `"NaN"`, "0.1", `"Infinity"`},
		protoreflect.DoubleKind: {"0.5", "0", "1e300"},
		protoreflect.EnumKind:   {"1", "-1", "77"},
	}[fd.Kind()]
	switch {
	case fd.Message() != nil:
		return w.message(fd.Message())
	case fd.Enum() != nil:
		for i := range fd.Enum().Values().Len() {
			values = append(values, strconv.Quote(string(fd.Enum().Values().Get(i).Name())))
		}
	}
	return values[w.turn%len(values)]
}

// catalogueBody is an event of one kind with every field of the envelope.
func catalogueBody(payload, correlation string) string {
	return fmt.Sprintf(`{"events":[{"id":"i","app_id":"a","device_id":"d","timestamp_ms":1795421601849,"correlation_id":%q,`+
		`"idempotency_key":"k","device_context":{"platform":"PLATFORM_WEB","os_version":"o","app_version":"v","build_number":"7",`+
		`"device_model":"m","manufacturer":"x","screen_width":-1,"screen_height":2,"locale":"en","timezone":"UTC",`+
		`"network_type":"NETWORK_TYPE_CELLULAR_5G","carrier":"c","is_jailbroken":true,"is_emulator":false,"sdk_version":"go/0.1"},%s}]}`,
		correlation, payload)
}

// The largest event that the broker takes is the same for both, whatever it is
// made of: the Recorder computes the size that the gateway measures.
func TestTheRecorderWeighsEventsLikeTheGateway(t *testing.T) {
	const limit = 1 << 20
	kinds := catalogue
	if testing.Short() {
		kinds = kinds[len(kinds)-4:] // a megabyte takes its time under race
	}
	for _, payload := range kinds {
		kind, _, _ := strings.Cut(payload, ":")
		send := func(filler int) *gateway.Gateway {
			gw := gateway.New()
			body := catalogueBody(payload, strings.Repeat("x", filler))
			gw.ServeHTTP(httptest.NewRecorder(), withBody(body))
			if d := disagreement(body); d != "" {
				t.Errorf("%s with %d bytes more: %s", kind, filler, d)
			}
			return gw
		}
		const start = limit - 2000
		gw := send(start)
		if gw.Len() != 1 {
			t.Errorf("%s was not stored", kind)
			continue
		}
		room := limit - len(gw.Stored()[0].Wire)
		if gw := send(start + room); gw.Len() != 1 || len(gw.Stored()[0].Wire) != limit {
			t.Errorf("%s at the limit was not stored", kind)
		}
		if gw := send(start + room + 1); gw.Len() != 0 {
			t.Errorf("%s over the limit was stored", kind)
		}
	}
}

func TestEveryFieldOfTheCatalogueIsTaken(t *testing.T) {
	for _, payload := range catalogue {
		if rec := post(gateway.New(), "application/json", []byte(catalogueBody(payload, "c"))); rec.Code != http.StatusOK {
			t.Errorf("%s: %d %s", payload, rec.Code, rec.Body)
		}
	}
}

// The Recorder shows the warehouse's names, and so does the local gateway.
func TestTheRecorderStoresUnderTheNamesOfTheGateway(t *testing.T) {
	shortened := 0
	for i, kind := range slices.Sorted(maps.Keys(payloads)) {
		body := catalogueBody(catalogue[i], "c")
		gw := gateway.New()
		gw.ServeHTTP(httptest.NewRecorder(), withBody(body))
		recorder := causalitytest.NewRecorder()
		recorder.ServeHTTP(httptest.NewRecorder(), withBody(body))
		if gw.Len() != 1 || recorder.Len() != 1 {
			t.Errorf("%s: the gateway stores %d events, the Recorder %d", kind, gw.Len(), recorder.Len())
			continue
		}
		want, got := gw.Stored()[0], recorder.Envelopes()[0]
		if got.EventCategory != want.Category || got.EventType != want.Type || got.EventType == "" {
			t.Errorf("%s: the gateway stores %s/%s, the Recorder %s/%s", kind, want.Category, want.Type, got.EventCategory, got.EventType)
		}
		if got.EventType != kind && kind != "custom_event" {
			shortened++
		}
	}
	if shortened != 8 {
		t.Errorf("%d kinds have another name in the warehouse", shortened)
	}
}
