//go:build go1.25

package live

import (
	"context"
	"testing"
	"testing/synctest"
)

func TestLargeBodiesLeaveRoomForOrdinaryOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		b := newBudget()
		const block = 4 << 20
		taken := 0
		for ; taken+block <= maxBodyBytes-ordinaryReserve; taken += block {
			if err := b.take(ctx, block, block); err != nil {
				t.Fatal(err)
			}
		}
		large := make(chan error, 1)
		go func() { large <- b.take(ctx, block, block) }()
		synctest.Wait()
		if err := b.take(ctx, 0, ordinaryBodyBytes); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-large:
			t.Fatalf("a large body did not wait: %v", err)
		default:
		}
		b.give(block + ordinaryBodyBytes)
		if err := <-large; err != nil {
			t.Errorf("after others were released: %v", err)
		}
		go func() { large <- b.take(ctx, block, block) }()
		synctest.Wait()
		cancel()
		if err := <-large; err == nil {
			t.Error("a body without a client got memory")
		}
	})
}
