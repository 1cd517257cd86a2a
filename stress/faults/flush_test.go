//go:build go1.25

package faults

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Nothing else is sent while Flush waits, so nothing new can be learned of a bad
// event: it must not keep Flush.
func TestFlushReturnsWhenOnlyBadEventsAreLeft(t *testing.T) {
	type kind struct {
		name   string
		poison func(event int) func(at int) Act
	}
	kinds := []kind{{"of every kind", func(event int) func(at int) Act {
		if event%20 == 3 {
			return poisons[event/20%len(poisons)].act
		}
		return nil
	}}}
	for _, p := range poisons {
		kinds = append(kinds, kind{"that " + p.name, func(event int) func(at int) Act {
			if event%40 == 11 {
				return p.act
			}
			return nil
		}})
	}
	for _, k := range kinds {
		t.Run("bad events "+k.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := NewGateway(func(int, time.Duration) Act {
					return func(x *Exchange) bool {
						if !x.read(-1) {
							return false
						}
						for at, n := range numbersIn(x.Body) {
							if poison := k.poison(n); poison != nil {
								return poison(at)(x)
							}
						}
						return Accept(x)
					}
				})
				defer g.Close()
				client := newClient(t, g.Transport(), func(cfg *causality.Config) { cfg.BatchSize = 10 })
				m := Measured{Fault: &Fault{}}
				rng := rand.New(rand.NewPCG(1, 2))
				for range 100 {
					for range 1 + rng.IntN(20) {
						m.track(client)
					}
					took(t, 0, 3*time.Minute, func() { _ = client.Flush() })
					time.Sleep(time.Duration(rng.IntN(1000)) * time.Millisecond)
				}
				addsUp(t, client)
			})
		})
	}
}
