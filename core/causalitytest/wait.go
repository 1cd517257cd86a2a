package causalitytest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/fakegateway"
)

// Wait waits until at least n events are stored. It returns an error when ctx
// ends first, which that error wraps; when the events cannot come any more,
// because the client of [New] has dropped as many as are missing; and shortly
// before the test would run into its -timeout. It does not flush, and
// inside a testing/synctest bubble it lets the time pass.
func (r *Recorder) Wait(ctx context.Context, n int) error {
	return r.wait(ctx, n, "stored events", fakegateway.Events, r.cannotCome)
}

// WaitRequests waits until at least n requests have arrived, answered or not,
// like Wait.
func (r *Recorder) WaitRequests(ctx context.Context, n int) error {
	return r.wait(ctx, n, "requests", fakegateway.Requests, nil)
}

var (
	errCannotCome = errors.New("the others cannot arrive: the client has dropped them")
	errTimeout    = errors.New("the test's -timeout is near")
)

func (r *Recorder) wait(ctx context.Context, n int, what string, count func(*fakegateway.Gateway) int, giveUp func(missing int) error) error {
	if r.made != nil && !r.made.deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, r.made.deadline.Add(-time.Second), errTimeout)
		defer cancel()
	}
	have, err := r.gateway.Wait(ctx, n, count, giveUp)
	if err != nil {
		return fmt.Errorf("causalitytest: %d of %d %s: %w%s", have, n, what, err, r.made.report())
	}
	return nil
}

// cannotCome returns an error if so many of the events that were tracked have been
// dropped as are missing, and none is on its way.
func (r *Recorder) cannotCome(missing int) error {
	if r.made == nil || r.made.client.Stats().Queued > 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made.lost()-r.lostBefore < int64(missing) {
		return nil
	}
	return errCannotCome
}
