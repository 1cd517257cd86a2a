package causality_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// acceptAll answers at once that so many events were accepted, without a look
// at them.
func acceptAll(events int) roundTripFunc {
	body := fmt.Sprintf(`{"acceptedCount":%d}`, events)
	return func(r *http.Request) (*http.Response, error) {
		r.Body.Close()
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}, nil
	}
}

// A batch that fills in the very moment in which the loop looks at it must not
// wait for the interval.
func TestAFullBatchNeverWaitsForTheInterval(t *testing.T) {
	client := newClient(t, acceptAll(2), batchSize(2))
	for round := 1; round <= 5_000; round++ {
		track(client, 0, 2)
		for deadline := time.Now().Add(5 * time.Second); client.Stats().Queued > 0; {
			if time.Now().After(deadline) {
				t.Fatalf("round %d: 2 events wait, with a BatchSize of 2: %+v", round, client.Stats())
			}
			time.Sleep(time.Microsecond)
		}
	}
}
