package causality

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

// schedule is what flushLoop knows; nobody else touches it.
type schedule struct {
	waiting  []*batch // to be sent before fresh events, unless behind
	inFlight []*batch
	spare    []*batch // settled batches, whose memory serves again
	flushers []flushRequest

	size int // events a request may have now
	// maxSize and maxBytes are what the gateway was seen to allow a request,
	// at limitedAt.
	maxSize   int
	maxBytes  int
	limitedAt time.Time

	due        uint64    // events before it go out whatever the batch size
	intervalAt time.Time // when all that waits becomes due; zero: nothing waits

	paused   bool
	pausedAt time.Time
	probeAt  time.Time
	probedAt time.Time // of the last probe
	probing  bool
	step     int   // of the pause
	probeOne bool  // the gateway took none of the events: a probe risks one
	refusals int   // rounds in a row in which it refused their content
	failure  error // why it is paused

	ctx    context.Context // ends when deliveries must give up
	cancel context.CancelFunc
}

// dispatch starts as many deliveries as may be under way.
func (b *batcher) dispatch() {
	for len(b.inFlight) < b.cfg.MaxInFlight {
		bt := b.next(time.Now())
		if bt == nil {
			break
		}
		b.inFlight = append(b.inFlight, bt)
		d := &delivery{b: b, retries: max(b.cfg.MaxRetries, 0), refusals: b.refusals}
		if b.paused {
			b.probing, b.probedAt = true, time.Now()
			d.retries, d.probe = 0, true
		}
		go d.run(b.ctx, bt)
	}
	switch n, _ := b.queue.waiting(); {
	case n == 0:
		b.queue.wakeWhen(1, math.MaxInt64) // to begin an interval
	case len(b.inFlight) == b.cfg.MaxInFlight || b.paused:
		b.queue.sleep() // nothing could be done about it
	default:
		b.queue.wakeWhen(b.fill(), math.MaxInt64)
	}
}

// next takes the batch to send now, or nil. While paused that is a probe, alone.
func (b *batcher) next(now time.Time) *batch {
	if b.paused {
		if b.probing || now.Before(b.probeAt) {
			return nil
		}
		if b.probeOne {
			// Fresh events tell best whether the gateway refuses everything.
			if bt := b.drain(1); bt != nil {
				return bt
			}
			return b.takeUntried()
		}
		return b.probe()
	}
	if bt := b.takeWaiting(now, b.size); bt != nil {
		return bt
	}
	n, first := b.freshLen(), b.queue.popped
	if n > 0 && !b.intervalAt.IsZero() && !now.Before(b.intervalAt) {
		b.due = max(b.due, first+uint64(n))
	}
	if n >= b.fill() || n > 0 && first < b.due {
		b.intervalAt = time.Time{} // what comes after it waits anew
		return b.drain(b.size)
	}
	for i, bt := range b.waiting {
		if bt.behind && !now.Before(bt.due) {
			return b.take(i, b.size)
		}
	}
	return nil
}

// freshLen is how many events wait that were never sent.
func (b *batcher) freshLen() int {
	n, _ := b.queue.waiting()
	return n
}

// fill is how many events start a send.
func (b *batcher) fill() int { return min(b.cfg.BatchSize, b.size) }

// takeWaiting takes up to n events of the first waiting batch that is due.
func (b *batcher) takeWaiting(now time.Time, n int) *batch {
	for i, bt := range b.waiting {
		if !bt.behind && !now.Before(bt.due) {
			return b.take(i, n)
		}
	}
	return nil
}

func (b *batcher) take(i, n int) *batch {
	first, rest := b.waiting[i].split(n)
	if rest != nil {
		rest.due = b.waiting[i].due
		b.waiting[i] = rest
	} else {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
	return first
}

// arm sets the timer for the next thing that time alone brings, and returns its
// channel; nil when there is no such thing.
func (b *batcher) arm(timer *time.Timer) <-chan time.Time {
	now := time.Now()
	n := b.freshLen()
	switch {
	case n == 0:
		b.intervalAt = time.Time{}
	case b.intervalAt.IsZero():
		b.intervalAt = now.Add(b.cfg.FlushInterval)
	}
	var at time.Time
	earliest := func(t time.Time) {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	switch {
	case b.paused && !b.probing && (n > 0 || len(b.waiting) > 0):
		earliest(b.probeAt)
	case b.paused || len(b.inFlight) == b.cfg.MaxInFlight:
		// The result of a delivery comes first.
	default:
		earliest(b.intervalAt)
		for _, bt := range b.waiting {
			earliest(bt.due)
		}
	}
	if at.IsZero() {
		return nil
	}
	timer.Reset(at.Sub(now))
	return timer.C
}

// handle takes in what a delivery came to.
func (b *batcher) handle(res result) {
	b.inFlight = slices.DeleteFunc(b.inFlight, func(bt *batch) bool { return bt == res.batch })
	if res.probe {
		b.probing = false
	}
	b.waiting = append(append(res.kept, b.waiting...), res.later...)
	// The oldest first, whichever delivery ended first.
	slices.SortStableFunc(b.waiting, func(a, other *batch) int { return cmp.Compare(a.first(), other.first()) })
	if b.queue.isClosed.Load() {
		b.hurry()
	}
	b.adapt(res)
	if res.err != nil {
		b.pause(res)
		b.tellFailure(res.err)
		return
	}
	if res.ownErr != nil {
		b.tellFailure(res.ownErr)
	}
	if res.settled && b.paused {
		b.paused, b.probing, b.probeOne, b.refusals, b.failure = false, false, false, 0, nil
		b.ledger.resumed()
		b.report.resumed(time.Since(b.pausedAt))
	} else if res.probe {
		// The probe settled nothing and failed nothing: its events wait again.
		b.pause(res)
	}
	b.reuse(res)
	b.replySettled()
}

// tellFailure tells everybody why events wait.
func (b *batcher) tellFailure(err error) {
	b.failure = err
	b.report.failed(err, b.ledger.failed(err, b.paused))
	b.replySettled()
	b.replyFlushers(b.waitError)
}

// reuse keeps the memory of a settled batch for the next one, while there is work. After an outage more are settled than fresh events need.
func (b *batcher) reuse(res result) {
	switch {
	case b.idle():
		b.spare = nil
	case len(b.spare) == b.cfg.MaxInFlight || cap(res.batch.body) > 2*maxBodyBytes:
	case len(res.kept)+len(res.later) == 0 && res.batch.readers.Load() == 0:
		b.spare = append(b.spare, res.batch)
	}
}

// relearn is how long a limit of the gateway's is believed: it may have been
// raised.
const relearn = 10 * time.Minute

// adapt chooses the size of the next requests. The gateway stores one event
// after the other, so a large request is slowest exactly when the gateway is
// sick, and a timeout there loses events; and a small one wastes a healthy
// gateway's time while a backlog waits.
func (b *batcher) adapt(res result) {
	if now := time.Now(); res.maxEvents+res.maxBytes > 0 {
		b.limitedAt = now
	} else if now.Sub(b.limitedAt) > relearn {
		b.maxSize, b.maxBytes = b.cfg.MaxBatchSize, maxBodyBytes
	}
	if res.maxEvents > 0 {
		b.maxSize = min(b.maxSize, res.maxEvents)
	}
	if res.maxBytes > 0 {
		b.maxBytes = min(b.maxBytes, res.maxBytes)
	}
	backlog := b.freshLen() >= b.size
	events := res.batch.len()
	switch {
	case res.timedOut || res.elapsed > b.cfg.Timeout/4:
		// Half of what was too much, and not once more for each request that
		// was under way with it.
		b.size = min(b.size, max(events/2, 1))
	case res.err != nil || res.elapsed >= b.cfg.Timeout/20:
	case backlog || b.size < b.cfg.BatchSize:
		size := b.size + min(b.size, defaultBatchSize)
		if !backlog {
			size = min(size, b.cfg.BatchSize) // well again
		}
		// A small request that was fast says little of a large one.
		if res.elapsed*time.Duration(size) <= b.cfg.Timeout/4*time.Duration(events) {
			b.size = size
		}
	}
	b.size = min(b.size, b.maxSize)
}

// idle reports whether every event is settled.
func (b *batcher) idle() bool { return len(b.inFlight) == 0 && b.ledger.queued() == 0 }

// oldest returns a number that no unsettled event's is below.
func (b *batcher) oldest() uint64 {
	oldest := b.queue.popped
	for _, list := range [...][]*batch{b.waiting, b.inFlight} {
		for _, bt := range list {
			oldest = min(oldest, bt.first())
		}
	}
	return oldest
}

// flush makes all that was tracked so far due.
func (b *batcher) flush(req flushRequest) {
	req.seq = b.queue.pushed.Load()
	b.due = max(b.due, req.seq)
	b.flushers = append(b.flushers, req)
	if b.replySettled(); len(b.flushers) == 0 {
		return
	}
	for _, bt := range b.waiting {
		bt.behind = false
	}
	if !b.paused || b.probing {
		return
	}
	if b.probeNow(); b.transport.held().After(time.Now()) {
		b.replyFlushers(b.waitError)
	}
}

// replySettled answers every Flush whose events are all settled.
func (b *batcher) replySettled() {
	oldest := b.oldest()
	b.replyFlushers(func(req flushRequest) (bool, error) { return req.seq <= oldest, nil })
}

// waitError tells a Flush why its events still wait.
func (b *batcher) waitError(flushRequest) (bool, error) {
	return true, fmt.Errorf("causality: %d events wait and will be sent again: %w", b.ledger.queued(), b.failure)
}

func (b *batcher) replyFlushers(reply func(flushRequest) (ready bool, err error)) {
	kept := b.flushers[:0]
	for _, req := range b.flushers {
		if ready, err := reply(req); ready {
			req.reply <- err
		} else {
			kept = append(kept, req)
		}
	}
	clear(b.flushers[len(kept):])
	b.flushers = kept
}

// hurry makes everything due at once, for Close.
func (b *batcher) hurry() {
	b.due = math.MaxUint64
	soon := time.Now().Add(closingWait)
	for _, bt := range b.waiting {
		bt.behind = false
		if bt.due.After(soon) {
			bt.due = soon
		}
	}
}

// finish settles what is left when the client ends: nothing, or what Close had
// no time for.
func (b *batcher) finish(why error) {
	b.cancel()
	b.collect()
	left := b.ledger.close(b.failure)
	b.waiting, b.spare = nil, nil
	if left > 0 {
		if b.failure != nil {
			why = fmt.Errorf("%w; the last failure: %w", why, b.failure)
		}
		b.closeErr = b.report.lost(left, why)
	}
	b.replyFlushers(func(flushRequest) (bool, error) { return true, b.closeErr })
}

// collect takes in what the deliveries that were given up have to say, so that
// the last error is the gateway's and not only that time ran out. A Transport
// that does not heed its context is not waited for.
func (b *batcher) collect() {
	enough := time.After(lastWords)
	for range b.inFlight {
		select {
		case res := <-b.results:
			if res.err != nil && !errors.Is(res.err, context.Canceled) {
				b.failure = res.err
			}
		case <-enough:
			return
		}
	}
}
