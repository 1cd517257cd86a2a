package fakegateway_test

import (
	"context"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// FuzzGateway feeds it arbitrary bodies: none may make it panic, and what it
// takes must be JSON.
func FuzzGateway(f *testing.F) {
	for _, ex := range load(f, "testdata/exchanges.jsonl") {
		body := []byte(ex.Request.Body)
		if ex.Request.BodyB64 != nil {
			body = ex.Request.BodyB64
		}
		f.Add(body)
	}
	f.Add([]byte(custom(`"int_params":{"a":1e},"float_params":{"b":-0.0e-0}`)))
	f.Add([]byte(strings.Repeat(`{"events":[`, 1000)))
	f.Fuzz(func(t *testing.T, body []byte) {
		rec := fakegateway.New()
		res, err := send(context.Background(), rec, string(body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%v: the answer is no JSON: %s", err, text)
		}
		switch res.StatusCode {
		case 400:
			if rec.Len() != 0 {
				t.Error("events were stored of a body that was refused")
			}
		case 200:
			if !json.Valid(body) {
				t.Errorf("accepted what is no JSON: %q", body)
			}
			for _, e := range rec.Envelopes() {
				if !json.Valid(e.Raw) {
					t.Errorf("an event is no JSON: %q", e.Raw)
				}
			}
			if got, all := rec.Events(), rec.Requests()[0].Events(); len(got) > len(all) || len(got) > 0 && reflect.ValueOf(got[0]).IsZero() {
				t.Errorf("decoded %v of %v", got, all)
			}
		default:
			t.Errorf("status %d", res.StatusCode)
		}
	})
}
