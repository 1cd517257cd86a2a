package causality

import (
	"math/rand/v2"
	"time"
)

// state is whether the gateway stores events. All requests together answer that.
type state uint8

const (
	// well: it stores events.
	well state = iota
	// doubtful: a request failed, and none that was sent after it was stored.
	// Requests of one event find out more, at once and one after the other.
	doubtful
	// down: those failed, too. The reason is the gateway, not an event, so none is
	// rejected, however long it lasts. The client pauses: it sends one event at a
	// time, after 5, 10 … 60 seconds, each time another one.
	down
)

// doubtfulProbes is how many requests must fail after the first one before the
// gateway counts as down. One of their events may be bad as well.
const doubtfulProbes = 2

// maxExcused is how many batches that are known to be bad may fail, with nothing
// stored meanwhile, before the gateway is doubted all the same: more than the search
// takes where every other event of a large batch is bad.
const maxExcused = 500

// health is what the requests so far say of the gateway. It is a part of batcher.
type health struct {
	state state
	// doubted is the number of the newest failed request: a later one that is
	// stored ends the doubt. doubtedBy is the one that began it, and doubtedFrom the
	// oldest, which may have failed after that.
	doubted, doubtedBy, doubtedFrom int64
	probes                          int  // failed, since the state changed
	triedRest                       bool // in this doubt: see probe
	probed                          int  // probes so far
	failures                        int  // of batches known to be bad, since anything was stored
	probing                         bool
	probedAt                        time.Time // when a probe was last sent, or asked for
	probeAt                         time.Time // of the next
	downSince                       time.Time
	// holds counts answers in a row that asked for a wait. limit is how many
	// requests may be under way since: one goes first, and one more with each that
	// is stored. 0: Config.MaxInFlight.
	holds int
	limit int
}

// observe learns from a result how the gateway is.
func (b *batcher) observe(res result) {
	if res.isProbe {
		b.probing = false
	}
	if res.err != nil {
		b.failure, b.failed = res.err, res.request
	}
	switch {
	case res.isHeld:
		b.limit = 1
		if b.holds++; b.holds > max(b.cfg.MaxRetries, 0) {
			b.replyAll()
		}
	case res.stored && b.limit > 0:
		if b.limit++; b.limit >= b.cfg.MaxInFlight {
			b.limit = 0
		}
		fallthrough
	default:
		b.holds = 0
	}
	if res.isBusy {
		return
	}
	if res.stored {
		b.failures = 0
	}
	if bt := res.batch; res.stored && (bt.isNamed || bt.alone > 0) {
		b.verdicts = verdicts{refutedAt: time.Now()}
	}
	switch {
	case res.stored && (b.state == down || b.state == doubtful && res.request > b.doubted):
		if b.state == down {
			b.ledger.paused(false)
			b.report.resumed(time.Since(b.downSince))
			b.forgetLimits()
			b.size = min(b.size, b.cfg.BatchSize) // it grows again
		}
		b.retrySuspects(b.state == down)
		b.state = well
	case res.failed && !b.ledger.storedAfter(res.request) && !b.isExcused(res.batch):
		b.doubt(res)
	case res.isProbe && b.state == down:
		b.pause() // it says nothing about the gateway
	}
}

// isExcused reports whether the failure of this batch says nothing of the gateway: it
// is explained by what is in the batch. Where many batches fail and nothing is stored
// the gateway is the likelier reason.
func (b *batcher) isExcused(bt *batch) bool {
	if !b.isExplained(bt) {
		return false
	}
	if bt.alone == 0 || b.ledger.storedAfter(bt.aloneRequest) { // else it was counted before
		b.failures++
	}
	return b.failures <= maxExcused
}

// doubt takes in a failed request after which none was stored.
func (b *batcher) doubt(res result) {
	b.doubted = max(b.doubted, res.request)
	switch {
	case b.state == well:
		b.beDoubtful(res.request)
	case !res.isProbe: // it was sent before
		b.doubtedFrom = min(b.doubtedFrom, res.request)
	case b.state == doubtful && res.batch.len() > 1: // the rest: another event of it may be bad
	case b.state == down:
		b.pause()
	default:
		if b.probes++; b.probes >= doubtfulProbes {
			b.goDown()
		}
	}
}

// beDoubtful begins a doubt with a failed request.
func (b *batcher) beDoubtful(request int64) {
	b.state, b.probes, b.triedRest, b.probeAt = doubtful, 0, false, time.Time{}
	b.doubted, b.doubtedBy, b.doubtedFrom = max(b.doubted, request), request, request
}

// goDown begins a pause.
func (b *batcher) goDown() {
	b.state, b.probes, b.downSince = down, 0, time.Now()
	b.verdicts.confirmed = false // it may be another version now
	b.ledger.paused(true)
	b.pause()
}

// pause sets the time of the next probe, and tells every Flush.
func (b *batcher) pause() {
	wait := time.Duration(float64(pauseStep(b.probes)) * (1 + rand.Float64()/2))
	if b.isClosing {
		wait = closingWait
	}
	b.probes++
	b.probeAt = time.Now().Add(wait)
	b.replyAll()
}

// pauseStep is how long to wait before the n-th probe of a pause, counted from 0.
func pauseStep(n int) time.Duration {
	return min(5*time.Second<<min(n, 4), time.Minute)
}

// probeSoon brings the next probe forward, and the next try of events that failed
// alone. However often Flush is called, there is one in closingWait.
func (b *batcher) probeSoon() {
	soon := b.probedAt.Add(closingWait)
	if soon.Before(b.probeAt) {
		b.probeAt = soon
	}
	if now := time.Now(); !now.Before(soon) {
		b.probedAt = now
		for _, bt := range b.waiting {
			if bt.alone > 0 && !b.isExplained(bt) {
				bt.due = time.Time{}
			}
		}
	}
}

// probe takes the next probe, or nil: one event, each time another one, so that one
// bad event does not make the gateway look bad. Bad events may be neighbours: so the
// newest of many fresh events goes first, and the others of these are put aside, and
// of a batch that was sent any event goes. Only what is left of a request of which the
// gateway named an event, or said that it was too large, goes as a whole, once: that
// is the likely reason.
func (b *batcher) probe(now time.Time) *batch {
	if b.probing || now.Before(b.probeAt) {
		return nil
	}
	if b.state == doubtful && !b.triedRest {
		b.triedRest = true
		for i, bt := range b.waiting {
			if !bt.isSuspect && bt.request == b.doubtedBy {
				return b.take(i, b.size)
			}
		}
	}
	if bt := b.drain(b.cfg.MaxBatchSize); bt != nil {
		b.wait(bt)
	}
	chosen := -1
	for i, bt := range b.waiting {
		if b.state == doubtful && bt.len() == 1 && max(bt.request-1, bt.aloneRequest) >= b.doubtedFrom {
			continue // failed alone in this doubt
		}
		if chosen < 0 || b.probesBefore(bt, b.waiting[chosen]) {
			chosen = i
		}
	}
	if chosen < 0 {
		if len(b.inFlight) == 0 && len(b.waiting) > 0 {
			b.goDown() // there is nothing else to ask with
		}
		return nil
	}
	bt := b.waiting[chosen]
	isFresh := bt.isFresh()
	b.probed++
	bt.probed = b.probed
	at := rand.IntN(bt.len())
	if isFresh {
		at = bt.len() - 1
	}
	b.replace(chosen, bt.subset(func(i int) bool { return i != at }))
	return bt.subset(func(i int) bool { return i == at })
}

// probesBefore reports whether an event of bt is a better probe than one of other,
// which is older: it was in no request so far, or else it is not known to be bad, and
// none of it was a probe for longer.
func (b *batcher) probesBefore(bt, other *batch) bool {
	isBad := func(bt *batch) bool { return bt.isNamed || bt.alone > 0 }
	switch {
	case bt.isFresh() || other.isFresh():
		return bt.isFresh()
	case isBad(bt) != isBad(other):
		return isBad(other)
	}
	return bt.probed < other.probed
}

// isFresh reports whether no request had any of these events.
func (bt *batch) isFresh() bool { return bt.request == 0 && bt.probed == 0 }
