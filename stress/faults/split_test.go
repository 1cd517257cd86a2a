//go:build go1.25

package faults

import (
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// The parts of a batch that is split, to find the bad event in it, may meet the next
// fault.
func TestAPartOfASplitBatchThatGetsNoAnswerIsLikeAnyOtherBatch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*causality.Config)
		isLost bool
	}{
		{"by default it is stored", nil, false},
		{"with ReuseKeys it is lost, and counted as uncertain", reuseKeys, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				refuse := refusing(false, 30)(nil)
				g := NewGateway(func(n int, at time.Duration) Act {
					if n == 2 {
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
				m := Measured{Fault: &Fault{Events: 100}}
				m.trackAll(client)
				if err := client.Flush(); err == nil {
					t.Error("Flush: nil")
				}
				time.Sleep(time.Minute)
				s := addsUp(t, client)
				a := audit(100, g.Stored(), nil)
				stored := 99
				if tt.isLost {
					stored -= int(s.Uncertain)
				}
				// The bad one is kept: nothing comes later that it could be compared with.
				if a.Stored != stored || a.Doubled != 0 || s.Delivered != 99 || s.Queued != 1 || s.Uncertain == 0 {
					t.Errorf("%+v, %+v", a, s)
				}
			})
		})
	}
}
