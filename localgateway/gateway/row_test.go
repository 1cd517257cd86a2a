package gateway

import (
	"fmt"
	"testing"
)

func TestAnEventIsARowOfTheWarehouse(t *testing.T) {
	gw := New()
	a := post(t, gw, batch(`{"id":"e-1","app_id":"shop","device_id":"web-3","timestamp_ms":1795430525389,"correlation_id":"r-7",
		"device_context":{"platform":"PLATFORM_IOS","os_version":"17","screen_width":390,"is_emulator":true,"sdk_version":"go/1"},
		"custom_event":{"event_name":"Order Placed","string_params":{"b":"<&>","a":"ü"},"int_params":{"n":"9007199254740993"},"float_params":{"f":0.1},"bool_params":{"no":false}}}`,
		`{"id":"e-2","app_id":"shop","device_id":"d","timestamp_ms":1,"swipe_gesture":{"direction":2,"start":{"x":0.1},"duration_ms":"5"}}`,
		`{"id":"e-3","app_id":"shop","device_id":"d","timestamp_ms":1,"custom_event":{"event_name":"e","string_params":{"a":"b"},"float_params":{"f":"NaN"}}}`,
		`{"id":"e-4","app_id":"shop","device_id":"d","timestamp_ms":1,"purchase_complete":{"order_id":"o","items":[{"product_id":"p","quantity":2},{}]}}`))
	if a.Accepted != 4 {
		t.Fatal(a.text)
	}
	tests := []struct {
		event        int
		column, want string
	}{
		{0, "id", "e-1"}, {0, "app_id", "shop"}, {0, "device_id", "web-3"}, {0, "timestamp_ms", "1795430525389"},
		{0, "correlation_id", "r-7"}, {0, "event_category", "custom"}, {0, "event_type", "Order Placed"},
		{0, "platform", "PLATFORM_IOS"}, {0, "os_version", "17"}, {0, "screen_width", "390"}, {0, "screen_height", "0"},
		{0, "is_emulator", "true"}, {0, "is_jailbroken", "false"}, {0, "network_type", ""}, {0, "sdk_version", "go/1"},
		{0, "payload_json", `{"event_name":"Order Placed","string_params":{"a":"ü","b":"\u003c\u0026\u003e"},"int_params":{"n":9007199254740993},"float_params":{"f":0.1},"bool_params":{"no":false}}`},
		{0, "year", "2026"}, {0, "month", "11"}, {0, "day", "23"}, {0, "hour", "10"},
		{1, "event_category", "interaction"}, {1, "event_type", "swipe"},
		{1, "payload_json", `{"direction":2,"start":{"x":0.1},"duration_ms":5}`},
		{2, "payload_json", `{}`},
		{3, "event_category", "commerce"}, {3, "event_type", "purchase_complete"},
		{3, "payload_json", `{"order_id":"o","items":[{"product_id":"p","quantity":2},{}]}`},
	}
	for _, tt := range tests {
		row, err := RowOf(gw.Stored()[tt.event].Wire)
		if err != nil {
			t.Fatal(err)
		}
		for i, column := range Columns {
			if got := fmt.Sprint(row[i]); column.Name == tt.column && got != tt.want {
				t.Errorf("event %d: %s is %s, want %s", tt.event, tt.column, got, tt.want)
			}
		}
	}
	if _, err := RowOf([]byte{0xff}); err == nil {
		t.Error("what is no event has a row")
	}
}
