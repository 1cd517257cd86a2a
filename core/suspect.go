package causality

import (
	"slices"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/reply"
)

// A batch that failed while others, sent after it, were stored has a bad event in
// it, whatever the answer was: a 400, a firewall's 403, a 500 or a broken
// connection. It is cut into parts until the event is alone. A failed batch of which
// that is not known yet waits until the gateway stores something; see state.

const (
	// An event is rejected when it has failed alone so often and for so long,
	// each time with others stored after it: a replica that answers badly must
	// not condemn what another would store.
	aloneFailures = 8
	aloneFor      = 2 * time.Minute
	// More often where such an event was stored after all.
	refutedFailures = 20
	// While closing there is no time for that.
	closingFailures = 3
	// An event that the gateway names is asked about once more, and the first
	// such event twice; see verdicts.
	namedFailures      = 1
	firstNamedFailures = 2
	// slowParts is into how many parts a suspect is cut whose failure takes much of
	// Timeout. Those without the bad event are stored at once, so that it takes a
	// third of the failures that halves would take.
	slowParts = 8
	// aloneWait is the longest wait before an event is sent alone again.
	aloneWait = time.Minute
)

// suspicion is what is known of a batch that failed. It is a part of batch, and
// flushLoop alone writes it: it reads that of batches under way, too.
type suspicion struct {
	isSuspect bool
	// portion is how many of its events the next request takes; 0 if it is to be cut.
	portion int
	// isNamed: the gateway named this event as bad.
	isNamed bool
	// isSlow: the last failure took much of Timeout.
	isSlow bool
	// since is the first request that failed with these events in it, or that stored
	// others and not them.
	since int64
	err   error // why, the last time

	// alone is how often it failed as one event, each time with others stored
	// since the time before; since aloneAt.
	alone        int
	aloneRequest int64 // the last time
	aloneAt      time.Time
	tries        int // as alone, and the failures since that do not count
}

// verdicts is how far failures alone can be believed. It is a part of batcher.
type verdicts struct {
	// confirmed: an event that the gateway named has been rejected.
	confirmed bool
	// refutedAt is when an event that had failed alone, or was named, was stored
	// after all, as happens with a replica that refuses everything.
	refutedAt time.Time
}

// areRefuted reports whether that was lately.
func (v *verdicts) areRefuted() bool {
	return !v.refutedAt.IsZero() && time.Since(v.refutedAt) < relearn
}

// believes reports whether what the gateway named a bad event is taken for one.
func (b *batcher) believes(bt *batch) bool { return bt.isNamed && !b.verdicts.areRefuted() }

// isExplained reports whether a failure of this batch says nothing of the gateway:
// it failed before, and others were stored then or since.
func (b *batcher) isExplained(bt *batch) bool {
	return bt.since > 0 && b.ledger.storedAfter(bt.since-1)
}

// suspect notes that a request failed with these events in it.
func (b *batcher) suspect(bt *batch, res result) {
	if bt.len() < res.batch.len() && !bt.isNamed {
		return // half of what was too large, or what the gateway did not name
	}
	bt.isSuspect, bt.portion, bt.err = true, 0, res.err
	if bt.since == 0 || res.isNamed && !bt.isNamed && bt.alone == 0 {
		bt.since = res.request
	}
	bt.isNamed = bt.isNamed || res.isNamed
	bt.isSlow = res.elapsed > b.cfg.Timeout/4
	if bt.len() > 1 || res.batch.len() > 1 {
		return
	}
	if bt.alone == 0 {
		bt.aloneAt = time.Now()
	}
	bt.tries++
	if bt.alone == 0 || b.ledger.storedAfter(b.comparedFrom(bt)) {
		bt.alone++
		bt.tries = bt.alone
	}
	bt.aloneRequest = res.request
	bt.due = time.Now().Add(min(time.Second<<min(bt.tries-1, 6), aloneWait))
}

// retrySuspects makes due what failed for the first time while it was doubtful that
// the gateway stores events, since it does. If it was down, batches are suspects no
// more: they did not fail for what is in them.
func (b *batcher) retrySuspects(wasDown bool) {
	for _, bt := range b.waiting {
		if bt.since >= b.doubtedFrom {
			bt.due, bt.tries = time.Time{}, 0 // a new beginning
		}
		switch {
		case wasDown && bt.alone == 0:
			bt.suspicion = suspicion{}
		case wasDown && bt.since >= b.doubtedFrom:
			bt.isNamed = false // whatever answered named anything
		}
	}
}

// nextSuspect takes a suspect, or a part of it, that others stored since speak
// against; nil if there is none, or enough are under way.
func (b *batcher) nextSuspect(now time.Time) *batch {
	b.rejectSuspects(now)
	underWay, slowAlone := 0, 0
	for _, bt := range b.inFlight {
		if bt.isSuspect {
			underWay++
		}
		if bt.isSlowAlone() {
			slowAlone++
		}
	}
	if underWay >= b.suspectSlots() {
		return nil
	}
	chosen, unproven := -1, -1
	for i, bt := range b.waiting {
		switch {
		case !bt.isSuspect || now.Before(bt.due):
		case bt.isSlowAlone() && slowAlone >= b.halfOfSlots() && !b.isClosing:
		case !b.isExplained(bt):
			unproven = i
		case chosen < 0 || bt.goesBefore(b.waiting[chosen]):
			chosen = i
		}
	}
	if chosen < 0 {
		if unproven >= 0 && len(b.inFlight) == 0 {
			// Nothing else is sent that could be stored.
			b.beDoubtful(b.waiting[unproven].request)
			return b.probe(now)
		}
		return nil
	}
	bt := b.waiting[chosen]
	if bt.portion == 0 {
		parts := 2
		if bt.isSlow {
			parts = slowParts
		}
		bt.portion = (bt.len() + parts - 1) / parts // the parts inherit it
	}
	return b.take(chosen, min(bt.portion, b.size))
}

// suspectSlots is how many requests with suspects may be under way: half of all, or
// all but one while no fresh events wait for the others.
func (b *batcher) suspectSlots() int {
	switch n, _ := b.queue.waiting(); {
	case b.isClosing:
		return b.cfg.MaxInFlight
	case n < b.fill():
		return max(b.cfg.MaxInFlight-1, 1)
	}
	return b.halfOfSlots()
}

func (b *batcher) halfOfSlots() int { return max(b.cfg.MaxInFlight/2, 1) }

// isSlowAlone reports whether a suspect is one event that failed slowly: it may hold a
// slot for all of Timeout again, and no good event waits for it.
func (bt *batch) isSlowAlone() bool {
	return bt.isSuspect && bt.isSlow && bt.len() == 1 && bt.alone > 0
}

// goesBefore reports whether a suspect keeps fewer good events waiting if it is sent
// first: it holds a slot for less time, has more events in it, or has failed less often.
func (bt *batch) goesBefore(other *batch) bool {
	switch {
	case bt.isSlow != other.isSlow:
		return other.isSlow
	case bt.len() != other.len():
		return bt.len() > other.len()
	}
	return bt.tries < other.tries
}

// comparedFrom is the request after which others must have been stored for a failure
// of this event alone to count: the one in which it failed alone before, or, where
// nothing else may come to compare with, the one in which it failed first. An event
// that was never alone before Close is compared with what Close has sent: the gateway
// may have gone down in the midst of a search.
func (b *batcher) comparedFrom(bt *batch) int64 {
	switch {
	case b.isClosing && bt.aloneAt.After(b.closingAt):
		return max(bt.since-1, b.closingFrom)
	case b.isClosing || b.believes(bt):
		return bt.since - 1
	}
	return bt.aloneRequest
}

// rejectSuspects drops the events that have failed alone long enough.
func (b *batcher) rejectSuspects(now time.Time) {
	before := len(b.waiting)
	b.waiting = slices.DeleteFunc(b.waiting, func(bt *batch) bool {
		if bt.alone == 0 {
			return false
		}
		needed, least := aloneFailures, aloneFor
		switch {
		case b.believes(bt) && b.verdicts.confirmed:
			needed, least = namedFailures, 0
		case b.believes(bt):
			needed, least = firstNamedFailures, 0
		case b.isClosing:
			needed, least = closingFailures, 0
		case b.verdicts.areRefuted():
			needed = refutedFailures
		}
		if bt.alone < needed || now.Sub(bt.aloneAt) < least || !b.ledger.storedAfter(b.comparedFrom(bt)) {
			return false
		}
		b.verdicts.confirmed = b.verdicts.confirmed || b.believes(bt)
		b.ledger.rejected(bt, 0, envelope.Cut(bt.err.Error(), reply.MaxMessageBytes))
		return true
	})
	if len(b.waiting) < before {
		b.replySettled()
	}
}

// replace puts another batch in the place of a waiting one, or none if it is nil.
func (b *batcher) replace(i int, bt *batch) {
	if bt == nil {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		return
	}
	b.waiting[i] = bt
}
