package live_test

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// A body of 5 MiB grows while it is decoded, so few are decoded at once. The
// server asks its clock before it lets go of one.
func TestFewBodiesAreDecodedAtOnce(t *testing.T) {
	const requests, most = 20, 4
	var now, peak atomic.Int32
	s := start(t, live.Options{Now: func() time.Time {
		n := now.Add(1)
		defer now.Add(-1)
		for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
		}
		time.Sleep(10 * time.Millisecond)
		return time.Now()
	}})
	done := make(chan int, requests)
	for i := range requests {
		go func() { done <- s.post(plain(strconv.Itoa(i))) }()
	}
	for range requests {
		if status := <-done; status != http.StatusOK {
			t.Errorf("answered %d", status)
		}
	}
	if n := peak.Load(); n > most {
		t.Errorf("%d bodies were decoded at once, over %d", n, most)
	}
}
