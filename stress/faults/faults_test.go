//go:build go1.25

package faults

import (
	"testing"
	"testing/synctest"
)

// inBubbles runs a test for each fault, in a bubble of its own.
func inBubbles(t *testing.T, test func(t *testing.T, f *Fault, g *Gateway)) {
	for _, chapter := range Catalogue() {
		for _, f := range chapter.Faults {
			t.Run(f.Name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					g := NewGateway(nil)
					defer g.Close()
					test(t, f, g)
				})
			})
		}
	}
}

func TestEveryFaultComesToWhatItMust(t *testing.T) {
	inBubbles(t, func(t *testing.T, f *Fault, g *Gateway) {
		m, err := Measure(f, g)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Check(); err != nil {
			t.Errorf("%v\n%v", err, m)
		}
	})
}

// The traffic goes on until Close, so that requests are under way, repeats wait
// and the client may be paused.
func TestCloseReturnsByItsDeadlineUnderEveryFault(t *testing.T) {
	inBubbles(t, func(t *testing.T, f *Fault, g *Gateway) {
		m, err := MeasureClose(f, g)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.CheckClose(); err != nil {
			t.Errorf("%v\n%v", err, m)
		}
	})
}
