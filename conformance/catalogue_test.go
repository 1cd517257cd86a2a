package conformance

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// catalogue is a payload of every kind with all of its fields.
var catalogue = []string{
	`"user_login":{"user_id":"u","method":"email","is_new_user":true}`,
	`"user_logout":{"user_id":"u","reason":"manual"}`,
	`"user_signup":{"user_id":"u","method":"google","referral_source":"r"}`,
	`"user_profile_update":{"user_id":"u","fields_updated":["name","","mail"]}`,
	`"screen_view":{"screen_name":"s","screen_class":"c","previous_screen":"p","params":{"a":"b","":""}}`,
	`"screen_exit":{"screen_name":"s","duration_ms":5,"next_screen":"n"}`,
	`"button_tap":{"button_id":"b","button_text":"t","screen_name":"s","coordinates":{"x":1.5,"y":-2}}`,
	`"swipe_gesture":{"direction":"SWIPE_DIRECTION_LEFT","screen_name":"s","start":{"x":0.1},"end":{"y":-0.0},"duration_ms":-3}`,
	`"scroll_event":{"screen_name":"s","container_id":"c","scroll_depth_percent":100,"direction":"SCROLL_DIRECTION_DOWN"}`,
	`"text_input":{"field_id":"f","field_type":"text","screen_name":"s","text_length":-1,"input_duration_ms":400}`,
	`"long_press":{"element_id":"e","screen_name":"s","coordinates":{},"duration_ms":400}`,
	`"double_tap":{"element_id":"e","screen_name":"s","coordinates":{"x":"NaN","y":"Infinity"}}`,
	`"product_view":{"product_id":"p","product_name":"n","category":"c","price_cents":-1,"currency":"EUR","source":"s"}`,
	`"add_to_cart":{"product_id":"p","product_name":"n","quantity":2147483647,"price_cents":9223372036854775807,"currency":"EUR","cart_id":"c"}`,
	`"remove_from_cart":{"product_id":"p","quantity":-2147483648,"cart_id":"c","reason":"r"}`,
	`"checkout_start":{"cart_id":"c","item_count":2,"total_cents":900,"currency":"EUR"}`,
	`"checkout_step":{"cart_id":"c","step_number":1,"step_name":"pay","step_duration_ms":4}`,
	`"purchase_complete":{"order_id":"o","cart_id":"c","item_count":1,"total_cents":5,"currency":"USD","payment_method":"card","items":[{"product_id":"p","product_name":"n","quantity":1,"price_cents":5},{}]}`,
	`"purchase_failed":{"cart_id":"c","error_code":"e","error_message":"m","payment_method":"card","checkout_step":3}`,
	`"app_start":{"is_cold_start":true,"launch_duration_ms":1,"launch_source":"s","deeplink_url":"u"}`,
	`"app_background":{"foreground_duration_ms":1,"current_screen":"s"}`,
	`"app_foreground":{"background_duration_ms":1,"resume_screen":"s"}`,
	`"app_crash":{"crash_type":"oom","crash_message":"m","stack_trace":"s","current_screen":"c"}`,
	`"network_change":{"previous_type":"NETWORK_TYPE_WIFI","current_type":7}`,
	`"permission_request":{"permission_type":"camera","trigger_screen":"s"}`,
	`"permission_result":{"permission_type":"camera","status":"PERMISSION_STATUS_DENIED_PERMANENTLY"}`,
	`"memory_warning":{"available_memory_bytes":1,"used_memory_bytes":2,"level":"MEMORY_WARNING_LEVEL_LOW"}`,
	`"battery_change":{"battery_level":5,"state":-1}`,
	`"custom_event":{"event_name":"e","string_params":{"a":"b","":""},"int_params":{"a":-1,"b":0,"c":300},"float_params":{"a":0.5,"b":0},"bool_params":{"a":true,"b":false}}`,
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
