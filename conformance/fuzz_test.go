package conformance

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/conformance/gateway"
)

// FuzzGateway holds that any bytes are answered: with a refusal of the whole
// or with one result for every event, and with as many stored as were accepted.
func FuzzGateway(f *testing.F) {
	for _, e := range readExchanges(f, keptExchanges) {
		binary := e.Request.Headers["Content-Type"] == "application/x-protobuf"
		f.Add(e.body(f), binary)
	}
	f.Fuzz(func(t *testing.T, body []byte, binary bool) {
		contentType := "application/json"
		if binary {
			contentType = "application/x-protobuf"
		}
		gw := gateway.New()
		rec := post(gw, contentType, body)
		switch {
		case rec.Code == http.StatusBadRequest:
			if gw.Len() != 0 {
				t.Errorf("refused, yet stored %d", gw.Len())
			}
		case rec.Code != http.StatusOK:
			t.Errorf("status %d: %s", rec.Code, rec.Body)
		case !binary:
			var reply struct {
				AcceptedCount, RejectedCount int
				Results                      []struct{ Index int }
			}
			if err := json.Unmarshal(rec.Body.Bytes(), &reply); err != nil {
				t.Fatal(err)
			}
			if len(reply.Results) != reply.AcceptedCount+reply.RejectedCount || gw.Len() > reply.AcceptedCount {
				t.Errorf("stored %d: %s", gw.Len(), rec.Body)
			}
		}
	})
}
