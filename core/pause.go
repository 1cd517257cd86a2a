package causality

import (
	"math/rand/v2"
	"time"
)

// pauseStep is how long to wait before the n-th probe of a pause, counted from 0.
func pauseStep(n int) time.Duration {
	return min(5*time.Second<<min(n, 4), time.Minute)
}

// pause stops sending, but for probes.
func (b *batcher) pause(res result) {
	now := time.Now()
	if !b.paused {
		b.paused, b.pausedAt, b.step = true, now, 0
	} else if !res.probe {
		return // one more delivery that had begun before
	}
	wait := time.Duration(float64(pauseStep(b.step)) * (1 + rand.Float64()/2))
	b.step++
	if b.queue.isClosed.Load() {
		wait = closingWait
	}
	b.probeFrom(now.Add(wait))
	b.probeOne, b.refusals = res.tookNone, res.refusals
}

// probeNow brings the next probe forward. However often Flush is called, there is
// one probe in closingWait.
func (b *batcher) probeNow() { b.probeFrom(b.probedAt.Add(closingWait)) }

// probeFrom sets when the next probe is due: at that time, though not before the
// gateway asked.
func (b *batcher) probeFrom(at time.Time) {
	if held := b.transport.held(); held.After(at) {
		at = held
	}
	b.probeAt = at
}

// probe takes the oldest batch, and from the fifth probe on, after two minutes or
// three, the one that has not failed for longest, fresh ones among them: one that
// fails by its own fault is not to stand for all.
func (b *batcher) probe() *batch {
	chosen, byTurns := 0, b.step > 4
	for i, bt := range b.waiting {
		if byTurns && bt.failedAt.Before(b.waiting[chosen].failedAt) {
			chosen = i
		}
	}
	if len(b.waiting) == 0 || byTurns && !b.waiting[chosen].failedAt.IsZero() {
		if bt := b.drain(b.fill()); bt != nil {
			return bt
		}
	}
	if len(b.waiting) == 0 {
		return nil
	}
	return b.take(chosen, b.fill())
}

// takeUntried takes the waiting event that has not been refused for longest, so
// that the probes of a gateway which only seems to refuse everything come to one
// that it takes.
func (b *batcher) takeUntried() *batch {
	if len(b.waiting) == 0 {
		return nil
	}
	untried := 0
	for i, bt := range b.waiting {
		if bt.refusedAt.Before(b.waiting[untried].refusedAt) {
			untried = i
		}
	}
	return b.take(untried, 1)
}
