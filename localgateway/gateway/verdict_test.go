package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func TestEveryDecisionIsTold(t *testing.T) {
	const noDevice = `{"app_id":"a","timestamp_ms":1,"custom_event":{"event_name":"e"}}`
	const noTime = `{"app_id":"a","device_id":"d","custom_event":{"event_name":"e"}}`
	tests := []struct {
		name, path, body string
		want             []string
	}{
		{"taken, seen before and rejected", BatchPath, batch(event("k"), event("k"), noTime),
			[]string{"0 ok", "1 duplicate", "2 timestamp_ms is required and must be > 0"}},
		{"a broken rule names its event", BatchPath, batch(event("k"), noDevice, event("l")),
			[]string{"1 whole events.device_id: value length must be at least 1 characters"}},
		{"a rule of the request names none", BatchPath, batch(),
			[]string{"-1 whole events: value must contain at least 1 item(s)"}},
		{"a single event", IngestPath, `{"event":` + event("k") + `}`, []string{"0 ok"}},
		{"a single event that breaks a rule", IngestPath, `{"event":` + noDevice + `}`,
			[]string{"0 whole event.device_id: value length must be at least 1 characters"}},
		{"what does not parse has no events", BatchPath, `{"events":[{"x":1}]}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			gw := New(WithOnVerdict(func(_ context.Context, v Verdict) {
				text := "ok"
				switch {
				case v.Whole:
					text = "whole " + v.Err.Error()
				case v.Err != nil:
					text = v.Err.Error()
				case v.Duplicate:
					text = "duplicate"
				}
				if (v.Wire == nil) != (v.Index < 0) {
					t.Errorf("verdict %d has an envelope of %d bytes", v.Index, len(v.Wire))
				}
				got = append(got, fmt.Sprint(v.Index, " ", text))
			}))
			send(t, gw, httptest.NewRequest(http.MethodPost, tt.path, strings.NewReader(tt.body)))
			if !slices.Equal(got, tt.want) {
				t.Errorf("reported %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAnyKeyMeansAnyThatIsNotEmpty(t *testing.T) {
	for key, want := range map[string]int{"dev": 200, " ": 401, anyKey: 200} {
		req := httptest.NewRequest(http.MethodPost, BatchPath, strings.NewReader(batch(event("k"))))
		req.Header.Set("X-API-Key", key)
		if a := send(t, New(WithAnyKey()), req); a.status != want {
			t.Errorf("key %q: %d, want %d", key, a.status, want)
		}
	}
}

func TestTheMemoryOfKeysIsBounded(t *testing.T) {
	gw := New(WithKeyLimit(100))
	for i := range 1000 {
		post(t, gw, batch(event(fmt.Sprint("k", i))))
		if kept := len(gw.keys.current) + len(gw.keys.old); kept > 100 {
			t.Fatalf("%d keys are kept, want at most 100", kept)
		}
	}
	if post(t, gw, batch(event("k999"), event("k951"))); gw.Len() != 1000 {
		t.Errorf("stored %d, want 1000: the newest 50 keys are remembered", gw.Len())
	}
	if post(t, gw, batch(event("k0"))); gw.Len() != 1001 {
		t.Errorf("stored %d, want 1001: the oldest keys are forgotten", gw.Len())
	}
}
