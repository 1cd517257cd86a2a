//go:build go1.25

package faults

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The gateway has said that it has enough; all slots at once would be too much.
func TestAfterAWaitOneRequestGoesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const wait, slow = 5 * time.Second, time.Second
		g := NewGateway(func(n int, _ time.Duration) Act {
			if n < 4 {
				return Answer(fakegateway.StatusRetryAfter(429, wait))
			}
			return Answer(fakegateway.Accept().Delay(slow))
		})
		defer g.Close()
		client := newClient(t, g.Transport(), nil)
		trackSome(client, 2000)
		_ = client.Flush()
		time.Sleep(time.Minute)
		var after []time.Duration
		for _, s := range g.Seen() {
			if s.Status == 200 {
				after = append(after, s.At)
			}
		}
		if len(after) < 2 || after[0] < wait || after[1] < after[0]+slow {
			t.Errorf("requests that were answered 200 came at %v", after)
		}
		if s := addsUp(t, client); s.Delivered != 2000 {
			t.Errorf("%+v", s)
		}
	})
}
