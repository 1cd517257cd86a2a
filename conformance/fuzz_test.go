package conformance

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
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

// Each target makes one event of its bytes, tracks it in one way, and holds what
// TestTheGatewayTakesEveryEvent holds: the gateway takes it and stores what was
// logged.

func FuzzTrackIsAccepted(f *testing.F) { fuzzSource(f, playTrack) }

func FuzzSlogIsAccepted(f *testing.F) { fuzzSource(f, playSlog) }

func FuzzZapIsAccepted(f *testing.F) { fuzzSource(f, playZap) }

func FuzzZerologIsAccepted(f *testing.F) {
	fuzzSource(f, func(l lab, d *dice) error {
		return pickOf(d, []play{playZerologHook, playZerologWriter, playBrokenLine})(l, d)
	})
}

func fuzzSource(f *testing.F, source play) {
	f.Helper()
	// Random events of all sizes, from which the fuzzer goes on.
	for n := range 200 {
		f.Add(seededDice(1, uint64(n)).bytes(2 * n))
	}
	l := newLab(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		if err := l.replay(source, input); err != nil {
			t.Error(err)
		}
	})
}
