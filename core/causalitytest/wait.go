package causalitytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Wait waits until at least n events are stored. It returns an error when ctx
// ends first, which that error wraps; when the events cannot come any more,
// because the client of [New] has dropped as many as are missing; and shortly
// before the test would run into its -timeout. It does not poll, and inside a
// testing/synctest bubble it lets the time pass.
func (r *Recorder) Wait(ctx context.Context, n int) error {
	return r.wait(ctx, n, "stored events", func() int { return len(r.stored) }, r.cannotCome)
}

// WaitRequests waits until at least n requests have arrived, answered or not,
// like Wait.
func (r *Recorder) WaitRequests(ctx context.Context, n int) error {
	return r.wait(ctx, n, "requests", func() int { return len(r.requests) }, func(int) bool { return false })
}

// waiter is a goroutine that waits. It makes its channel itself, so that it
// belongs to that goroutine's bubble.
type waiter struct {
	changed chan struct{} // size 1: look again
}

var (
	errCannotCome = errors.New("the others cannot come, the client has dropped them")
	errTimeout    = errors.New("the test's -timeout is near")
)

func (r *Recorder) wait(ctx context.Context, n int, what string, count func() int, cannotCome func(missing int) bool) error {
	have, err := r.await(ctx, n, count, cannotCome)
	if err != nil {
		return fmt.Errorf("causalitytest: %d of %d %s: %w%s", have, n, what, err, r.made.report())
	}
	return nil
}

// await waits until count, which is called with the lock held, is at least n.
func (r *Recorder) await(ctx context.Context, n int, count func() int, cannotCome func(missing int) bool) (have int, err error) {
	w := &waiter{changed: make(chan struct{}, 1)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiters = append(r.waiters, w)
	defer func() { r.waiters = slices.DeleteFunc(r.waiters, func(other *waiter) bool { return other == w }) }()
	var timeout <-chan time.Time
	if r.made != nil && !r.made.deadline.IsZero() {
		timer := time.NewTimer(time.Until(r.made.deadline) - time.Second)
		defer timer.Stop()
		timeout = timer.C
	}
	for {
		// First of all: what has been reached has been reached.
		if have = count(); have >= n || err != nil {
			break
		}
		if err = context.Cause(ctx); err != nil {
			break
		}
		if cannotCome(n - have) {
			return have, errCannotCome
		}
		r.mu.Unlock()
		select {
		case <-w.changed:
		case <-ctx.Done():
		case <-timeout:
			err = errTimeout
		}
		r.mu.Lock()
	}
	if have >= n {
		err = nil
	}
	return have, err
}

// cannotCome reports whether so many of the events that were tracked have been
// dropped as are missing, and none is on its way.
func (r *Recorder) cannotCome(missing int) bool {
	return r.made != nil && r.made.client.Stats().Queued == 0 && r.made.lost()-r.made.lostBefore >= int64(missing)
}

// notify makes the waiters look again. The lock is held.
func (r *Recorder) notify() {
	for _, w := range r.waiters {
		select {
		case w.changed <- struct{}{}:
		default:
		}
	}
}
