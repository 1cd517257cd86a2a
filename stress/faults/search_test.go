//go:build go1.25

package faults

import (
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The events that are sent alone, to learn whether the gateway refuses
// everything, may meet the next fault.
func TestAnEventThatIsSentAloneAndGetsNoAnswerIsLikeAnyOther(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*causality.Config)
		stored int
	}{
		{"by default it is stored", nil, 99},
		{"with ReuseKeys it is lost", reuseKeys, 98},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := refusing(false, 30)(nil)
				g := NewGateway(func(n int, at time.Duration) Act {
					if n == 2 { // the second that is sent alone
						return HangUpAfter(fakegateway.Accept().Storing(0))
					}
					return refuse(n, at)
				})
				defer g.Close()
				client := newClient(t, g.Transport(), func(cfg *causality.Config) {
					cfg.BatchSize = 100
					cfg.MaxRetries = -1
					if tt.change != nil {
						tt.change(cfg)
					}
				})
				f := Fault{Events: 100}
				f.track(client)
				if err := client.Flush(); err == nil {
					t.Error("Flush: nil")
				}
				time.Sleep(time.Minute)
				s := addsUp(t, client)
				a := audit(100, g.Stored(), nil)
				if a.Stored != tt.stored || a.Doubled != 0 || s.Delivered != 99 || s.Dropped.Rejected != 1 || s.Uncertain != 1 {
					t.Errorf("%+v, %+v", a, s)
				}
			})
		})
	}
}
