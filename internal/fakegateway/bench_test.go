package fakegateway_test

import (
	"fmt"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// BenchmarkGateway is about requests of 1000 events such as the client sends.
func BenchmarkGateway(b *testing.B) {
	members := make([]string, 1000)
	for i := range members {
		members[i] = fmt.Sprintf(`"idempotency_key":"%08d-a175-4adb-8033-49fee6ac4df5",`, i) + `"id":"01a20777-8061-7700-a507-2ac37955615d","device_context":{"os_version":"linux/amd64","app_version":"v1.4.2","sdk_version":"go/0.1.0"},"custom_event":{"event_name":"purchase_complete","string_params":{"order_id":"o-42","user_id":"u-1","session_id":"s-9","_server_hostname":"web-3","_server_go_version":"go1.26.8","_server_sdk_version":"0.1.0"},"int_params":{"total_cents":1999},"bool_params":{"gift":true}}`
	}
	body := batch(members...)
	b.Run("receive", func(b *testing.B) {
		rec := fakegateway.New()
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			if status, text := post(b, rec, body); status != 200 {
				b.Fatal(text)
			}
			rec.Reset()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
	})
	b.Run("decode", func(b *testing.B) {
		rec := fakegateway.New()
		post(b, rec, body)
		b.ReportAllocs()
		for b.Loop() {
			rec.Events()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
	})
}
