package causality

import "time"

// maxBodyBytes is the most that several events make one request: the gateway
// reads a request for at most 10 s and stores its events one after the other.
const maxBodyBytes = 1 << 20

// closingWait is the longest wait between requests once Close is called.
const closingWait = time.Second

// schedule is what is due, and how large a request may be. It is a part of batcher.
type schedule struct {
	due        uint64    // events before it go out whatever the batch size
	intervalAt time.Time // when all that waits becomes due; zero: nothing waits
	// ownTurn: fresh events went last, so a suspect is next.
	ownTurn bool

	size int // events that a request may have now
	// latency is how long the newest request of one event took, or less where a
	// larger one was faster: it does not depend on the size.
	latency time.Duration
	// maxSize and maxBytes are what the gateway was seen to allow a request,
	// at limitedAt.
	maxSize   int
	maxBytes  int
	limitedAt time.Time
}

// next takes the batch to send now, or nil:
//
//	the gateway asked for a wait     nothing
//	doubtful or down                 a probe, alone
//	well                             by turns a suspect, on some of the slots; or
//	                                 what is to be sent again, then fresh events
func (b *batcher) next(now time.Time) *batch {
	switch {
	case now.Before(b.transport.held()) || len(b.inFlight) >= b.slots():
		return nil
	case b.state != well:
		return b.probe(now)
	}
	if b.ownTurn {
		if bt := b.nextSuspect(now); bt != nil {
			b.ownTurn = false
			return bt
		}
	}
	b.ownTurn = true
	if bt := b.takeWaiting(now, b.size); bt != nil {
		return bt
	}
	n, bytes := b.queue.waiting()
	if n > 0 && !b.intervalAt.IsZero() && !now.Before(b.intervalAt) {
		b.due = max(b.due, b.queue.popped+uint64(n))
	}
	if n > 0 && (n >= b.fill() || bytes >= b.fillBytes() || b.queue.popped < b.due) {
		b.intervalAt = time.Time{} // what comes after it waits anew
		return b.drain(b.size)
	}
	return b.nextSuspect(now)
}

// slots is how many requests may be under way. After the gateway asked for a wait,
// one goes first.
func (b *batcher) slots() int {
	if b.limit > 0 {
		return b.limit
	}
	return b.cfg.MaxInFlight
}

// fill is how many events start a send, and fillBytes how many bytes.
func (b *batcher) fill() int { return min(b.cfg.BatchSize, b.size) }

func (b *batcher) fillBytes() int64 { return int64(min(b.maxBytes, max(b.cfg.MaxQueueBytes/2, 1))) }

// takeWaiting takes up to n events of the first batch that is due and no suspect.
func (b *batcher) takeWaiting(now time.Time, n int) *batch {
	for i, bt := range b.waiting {
		if !bt.isSuspect && !now.Before(bt.due) {
			return b.take(i, n)
		}
	}
	return nil
}

// take takes up to n events of a waiting batch.
func (b *batcher) take(i, n int) *batch {
	first, rest := b.waiting[i].split(n)
	b.replace(i, rest)
	return first
}

// arm sets the timer for the next thing that time alone brings, and returns its
// channel; nil when there is no such thing. looked is when next found nothing to do.
func (b *batcher) arm(timer *time.Timer, looked time.Time) <-chan time.Time {
	n, _ := b.queue.waiting()
	switch {
	case n == 0:
		b.intervalAt = time.Time{}
	case b.intervalAt.IsZero():
		b.intervalAt = looked.Add(b.cfg.FlushInterval)
	}
	var at time.Time
	earliest := func(t time.Time) {
		if t.After(looked) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	switch held := b.transport.held(); {
	case n == 0 && len(b.waiting) == 0, len(b.inFlight) >= b.slots(), b.probing:
		// The result of a delivery comes first, or an event.
	case held.After(looked):
		at = held
	case b.state != well:
		earliest(b.probeAt)
	default:
		earliest(b.intervalAt)
		for _, bt := range b.waiting {
			earliest(bt.due)
		}
	}
	if at.IsZero() {
		return nil
	}
	timer.Reset(time.Until(at))
	return timer.C
}

// relearn is how long a limit of the gateway's is believed: it may have been
// raised.
const relearn = 10 * time.Minute

// forgetLimits believes again what the gateway is known to allow.
func (b *batcher) forgetLimits() { b.maxSize, b.maxBytes = b.cfg.MaxBatchSize, maxBodyBytes }

// adapt chooses the size of the next requests. The gateway stores one event
// after the other, so a large request is slowest exactly when the gateway is
// sick, and a timeout there costs the most; and a small one wastes a healthy
// gateway's time while a backlog waits.
func (b *batcher) adapt(res result) {
	if now := time.Now(); res.maxEvents+res.maxBytes > 0 {
		b.limitedAt = now
	} else if now.Sub(b.limitedAt) > relearn {
		b.forgetLimits()
	}
	if res.maxEvents > 0 {
		b.maxSize = min(b.maxSize, res.maxEvents)
	}
	if res.maxBytes > 0 {
		b.maxBytes = min(b.maxBytes, res.maxBytes)
	}
	waiting, _ := b.queue.waiting()
	for _, bt := range b.waiting {
		if !bt.isSuspect {
			waiting += bt.len() // put aside in a pause
		}
	}
	backlog := waiting >= b.size
	events := res.batch.len()
	if res.stored && (events == 1 || res.elapsed < b.latency) {
		b.latency = res.elapsed
	}
	work := max(res.elapsed-b.latency, 0) // that depends on the size
	switch {
	case res.isBusy:
		// Fewer requests are asked for, so larger ones.
		if waiting+events > b.size {
			b.size *= 2
		}
	case res.timedOut || work > b.cfg.Timeout/4:
		// Half of what was too much, and not once more for each request that
		// was under way with it. A suspect says nothing of the others, and what
		// breaks at once little.
		least := 1
		if res.timedOut && res.brokeAfter < b.cfg.Timeout/20 {
			least = b.cfg.BatchSize
		}
		if !res.batch.isSuspect {
			b.size = min(b.size, max(events/2, least))
		}
	case res.failed || res.elapsed > b.cfg.Timeout/2 || work >= b.cfg.Timeout/20 && b.size >= b.cfg.BatchSize:
	case backlog || b.size < b.cfg.BatchSize:
		size := b.size + min(b.size, defaultBatchSize)
		if !backlog {
			size = min(size, b.cfg.BatchSize) // well again
		}
		// A small request that was fast says little of a large one.
		if float64(work)*float64(size) <= float64(b.cfg.Timeout)/4*float64(events) {
			b.size = size
		}
	}
	b.size = min(b.size, b.maxSize)
}
