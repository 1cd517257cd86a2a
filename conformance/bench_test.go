package conformance

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

var testKey = fmt.Sprintf("%064x", 0xca05a1)

// sdkEvent is an event as the SDK writes one, about 500 bytes, with room for
// a fresh key.
const sdkEvent = `{"id":"019ab0a5-98e8-7bbf-9d5c-%012[1]x","idempotency_key":"5f0c6a52-51b7-4e7e-8a5e-%012[1]x",` +
	`"app_id":"checkout","device_id":"web-3","timestamp_ms":1795421601849,"correlation_id":"req-7",` +
	`"device_context":{"os_version":"linux/amd64","app_version":"v1.4.2","sdk_version":"go/0.1.0"},` +
	`"custom_event":{"event_name":"purchase_complete","string_params":{"order_id":"o-42","user_id":"u-1","session_id":"s-9",` +
	`"_server_hostname":"web-3","_server_go_version":"go1.26.8","_server_sdk_version":"0.1.0"},` +
	`"int_params":{"total_cents":1999},"bool_params":{"gift":true}}}`

// sdkBatch is a body of n events, one a line, whose numbers can be changed in place.
type sdkBatch struct {
	body    []byte
	numbers []int // where an event's number is: in its id and in its key
}

func newSDKBatch(n int) *sdkBatch {
	var b sdkBatch
	buf := bytes.NewBufferString("{\"events\":[\n")
	for i := range n {
		if i > 0 {
			buf.WriteString(",\n")
		}
		fmt.Fprintf(buf, sdkEvent, i)
	}
	buf.WriteString("\n]}")
	b.body = buf.Bytes()
	for at := range b.body {
		if bytes.HasPrefix(b.body[at:], []byte("-9d5c-")) || bytes.HasPrefix(b.body[at:], []byte("-8a5e-")) {
			b.numbers = append(b.numbers, at+len("-9d5c-"))
		}
	}
	return &b
}

// renumber makes fresh events of the batch, numbered from first.
func (b *sdkBatch) renumber(first int) {
	for i, at := range b.numbers {
		copy(b.body[at:], fmt.Sprintf("%012x", first+i/2))
	}
}

func post(gw http.Handler, contentType string, body []byte) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, gateway.BatchPath, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-API-Key", testKey)
	rec := httptest.NewRecorder()
	gw.ServeHTTP(rec, req)
	return rec
}

// BenchmarkGateway tells how many events a second the gateway takes on one
// core without a network.
func BenchmarkGateway(b *testing.B) {
	for _, size := range []int{1, 50, 1000} {
		b.Run(fmt.Sprintf("%d a request", size), func(b *testing.B) {
			gw := gateway.New(gateway.WithStoreLimit(1000))
			batch := newSDKBatch(size)
			events := 0
			for b.Loop() {
				batch.renumber(events)
				if rec := post(gw, "application/json", batch.body); rec.Code != http.StatusOK {
					b.Fatal(rec.Body)
				}
				events += size
			}
			if gw.Len() != events {
				b.Fatalf("stored %d of %d", gw.Len(), events)
			}
			b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
