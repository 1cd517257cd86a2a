package gateway_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

func TestSizeOfJSON(t *testing.T) {
	tests := []struct {
		body string
		want gateway.Size
	}{
		{``, gateway.Size{}},
		{`{}`, gateway.Size{Objects: 1}},
		{`{"events":[]}`, gateway.Size{Objects: 1}},
		{`{"events":[ ]}`, gateway.Size{Objects: 1}},
		{`{"events":[{}]}`, gateway.Size{Events: 1, Objects: 2}},
		{"{\"events\":[\n{},\n{\"a\":[1,2,{}]}\n]}", gateway.Size{Events: 2, Objects: 4}},
		{`{"events":[null,1,"x,{[",[],{"a":{"b":[{},{}]}}]}`, gateway.Size{Events: 5, Objects: 5}},
		{`{"events":[{"s":"a\"{\\"}],"events":[{}]}`, gateway.Size{Events: 2, Objects: 3}},
		{`[{},{}]`, gateway.Size{Objects: 2}},
		{`{"event":{"a":[1,2,3]}}`, gateway.Size{Objects: 2}},
		{`}}]]{"events":[{`, gateway.Size{Events: 1, Objects: 2}},
		{`{"events":["unfinished\`, gateway.Size{Events: 1, Objects: 1}},
	}
	for _, tt := range tests {
		if got := gateway.SizeOfJSON([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.body, got, tt.want)
		}
	}
}

// A body of 5 MiB may hold 1.7 million empty objects. To parse them all takes
// gigabytes, to validate them more.
func TestABodyOfManyObjectsTakesLittleMemory(t *testing.T) {
	const bodyBytes = gateway.DefaultMaxBody - 200
	repeat := func(unit string) string { return strings.TrimSuffix(strings.Repeat(unit, bodyBytes/len(unit)), ",") }
	tests := []struct {
		name, contentType, body string
		status                  int
		answer                  string
	}{
		{"events", "application/json", `{"events":[` + repeat("{},") + `]}`, 400, "must contain no more than 1000 item(s)"},
		{"events in the binary form", "application/x-protobuf", repeat("\x0a\x00"), 400, "must contain no more than 1000 item(s)"},
		{"objects of one event", "application/json", `{"events":[{"app_id":"a","device_id":"d","timestamp_ms":1,"purchase_complete":{"order_id":"o","items":[` + repeat("{},") + `]}}]}`, 400, "at most 100000 objects"},
		{"a thousand events without anything", "application/json", `{"events":[` + strings.TrimSuffix(strings.Repeat("{},", 1000), ",") + `]}`, 400, "app_id"},
		{"one event too many", "application/json", `{"events":[` + strings.TrimSuffix(strings.Repeat("{},", 1001), ",") + `]}`, 400, "must contain no more than 1000 item(s)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			gw := gateway.New(gateway.WithAnyKey())
			req := httptest.NewRequest(http.MethodPost, gateway.BatchPath, strings.NewReader(tt.body))
			req.Header.Set("X-API-Key", "k")
			req.Header.Set("Content-Type", tt.contentType)
			rec := httptest.NewRecorder()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			gw.ServeHTTP(rec, req)
			runtime.ReadMemStats(&after)
			allocated := (after.TotalAlloc - before.TotalAlloc) >> 20
			if allocated > 64 {
				t.Errorf("it took %d MiB", allocated)
			}
			if rec.Code != tt.status || !strings.Contains(rec.Body.String(), tt.answer) || rec.Body.Len() > 128<<10 {
				t.Errorf("answered %d with %d bytes: %.200s", rec.Code, rec.Body.Len(), rec.Body)
			}
		})
	}
}
