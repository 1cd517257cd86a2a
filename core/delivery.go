package causality

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"
)

// maxResends is how often an event is sent again that the gateway could not store
// for the moment, while it stored others.
const maxResends = 5

// delivery sends one batch until each of its events is settled or must wait. It
// runs on a goroutine of its own and tells flushLoop once, at its end.
type delivery struct {
	b        *batcher
	retries  int
	probe    bool
	refusals int // rounds in which the gateway refused all it was sent

	took      bool      // the gateway took a request
	taken     *batch    // the last request that it took
	refusedAt time.Time // when it first refused one for its content
	sent      int       // requests since, made to find bad events
	accused   []accused // named by the gateway before it took anything
	stalls    int       // requests of which the gateway could store nothing
	res       result
}

// result is what a delivery came to.
type result struct {
	batch *batch // as flushLoop gave it
	probe bool
	// err is why events still wait; nil if none does.
	err error
	// ownErr is why some events wait apart, which the gateway fails at while it
	// takes others.
	ownErr error
	// kept events are to be sent again before others, later ones when they are
	// due.
	kept, later []*batch
	// settled: at least one event was. tookNone: the gateway answered, and took
	// none of the events.
	settled, tookNone bool
	// refusals is the rounds in a row in which it refused their content.
	refusals int
	// maxEvents and maxBytes are what the gateway showed itself to allow; 0
	// when it did not.
	maxEvents, maxBytes int
	timedOut            bool
	elapsed             time.Duration
}

func (d *delivery) run(ctx context.Context, bt *batch) {
	d.res = result{batch: bt, probe: d.probe}
	work := []*batch{bt} // what is left to send, the next one last
	for len(work) > 0 && d.res.err == nil && d.sent < maxSearch {
		bt, work = work[len(work)-1], work[:len(work)-1]
		if bt.sibling != nil && bt.sibling == d.taken && bt.len() > 1 {
			// The bad event of the two is in this one: no need to ask.
			work = append(work, searchHalves(bt)...)
			continue
		}
		bt.sibling = nil
		work = append(work, d.deliver(ctx, bt)...)
	}
	if !d.took {
		// Who takes nothing shows no limit.
		d.res.maxEvents, d.res.maxBytes = 0, 0
	}
	d.judge()
	slices.Reverse(work)
	for _, bt := range work {
		bt.sibling = nil // its memory, too
	}
	if d.res.err != nil {
		d.res.kept = append(d.res.kept, work...)
	} else {
		for _, bt := range work {
			// What the gateway takes of its batch will vouch for it.
			bt.behind, bt.refusedAt = true, d.refusedAt
			d.res.later = append(d.res.later, bt)
		}
	}
	d.b.results <- d.res
}

// deliver sends bt once, with its repeats, and acts on the answer:
//
//	accepted   settle each event by its result
//	tooLarge   send halves; an event that is too large alone is rejected
//	tooMany    likewise
//	refused    find the bad events and reject them
//	again      keep all, report; what fails while others are taken waits apart
//	denied     likewise
//
// It returns what is to be sent next, in reverse order.
func (d *delivery) deliver(ctx context.Context, bt *batch) []*batch {
	out := d.b.transport.sendBatch(ctx, bt, d.retries)
	if out.verdict == again || out.verdict == denied {
		return d.failed(bt, out)
	}
	d.res.timedOut = d.res.timedOut || out.timedOut
	d.res.elapsed = max(d.res.elapsed, out.elapsed)
	if out.verdict == refused && d.sent == 0 {
		d.refusedAt = time.Now()
	}
	if !d.refusedAt.IsZero() {
		d.sent++
	}
	switch out.verdict {
	case accepted:
		d.taken = bt
		return d.settle(ctx, bt, out)
	case tooLarge, tooMany:
		if bt.len() == 1 {
			// Only what it took just now vouches for it: a proxy that answers
			// 413 to everything is an outage, whatever it took before.
			return d.refusedAlone(bt, out, false)
		}
		if out.verdict == tooLarge {
			d.res.maxBytes = len(bt.body) / 2
		} else {
			d.res.maxEvents = max(bt.len()/2, 1)
		}
		return halves(bt)
	default:
		return d.search(ctx, bt, out)
	}
}

// failed keeps a batch that got no answer about its events. Where the gateway has
// taken others since it failed before, the trouble is its own: a firewall that
// bars what an event says, or a gateway that stumbles over it. Then it waits apart,
// by halves from the second time on, and not the client with it.
func (d *delivery) failed(bt *batch, out outcome) []*batch {
	now := time.Now()
	isOwn := !bt.failedAt.IsZero() && d.b.ledger.hasTakenSince(bt.failedAt)
	var answer *GatewayError
	if errors.As(out.err, &answer) && (answer.StatusCode == http.StatusTooManyRequests || answer.RetryAfter > 0) {
		isOwn = false // it is about how many come, not about these
	}
	bt.failedAt = now
	if !isOwn || d.b.queue.isClosed.Load() {
		d.res.timedOut = d.res.timedOut || out.timedOut
		d.res.elapsed = max(d.res.elapsed, out.elapsed)
		d.res.err = out.err
		return []*batch{bt}
	}
	d.res.ownErr = out.err
	bt.fails++
	parts := []*batch{bt}
	if bt.fails > 1 && bt.len() > 1 { // once may be chance
		parts = halves(bt)
	}
	for _, part := range parts {
		part.behind, part.due = true, now.Add(exponentialBackoff(part.fails))
	}
	d.res.later = append(d.res.later, parts...)
	return nil
}

func halves(bt *batch) []*batch {
	first, rest := bt.split((bt.len() + 1) / 2)
	if rest == nil {
		return []*batch{first}
	}
	return []*batch{rest, first}
}

// settle counts the events of a request that the gateway took, and returns those
// that it could not store and that are to be tried again at once.
func (d *delivery) settle(ctx context.Context, bt *batch, out outcome) []*batch {
	d.took = true
	var stored func(i int) bool // nil: all are
	if len(out.rejections) > 0 {
		isRejected := make([]bool, bt.len())
		for _, r := range out.rejections {
			isRejected[r.index] = true
		}
		stored = func(i int) bool { return !isRejected[i] }
	}
	now := time.Now()
	storedBefore := d.b.ledger.took(now, len(out.rejections) < bt.len())
	// Where the gateway stores others meanwhile, it is the event's own trouble
	// and costs one of its tries. Where it can store nothing none is spent: an
	// outage of its store may last longer than any number of tries.
	isOwn := len(out.rejections) < bt.len() || !bt.stalledAt.IsZero() && !storedBefore.Before(bt.stalledAt)
	var transient []int
	for _, r := range out.rejections {
		if r.transient && (!isOwn || bt.resends < maxResends) {
			transient = append(transient, r.index)
		} else {
			d.reject(bt, r.index, &GatewayError{StatusCode: http.StatusOK, Message: "rejected: " + r.reason, Events: 1})
		}
	}
	events, bytes := d.sum(bt, stored)
	d.b.ledger.delivered(events, bytes, bt.uncertain)
	if len(transient) == 0 {
		return nil
	}
	// gateway: it has marked the keys of these events as seen, so that under
	// the same key they would be answered "accepted" and never stored.
	part := bt.subset(func(i int) bool { return slices.Contains(transient, i) })
	part.rekey()
	part.stalledAt = now
	if isOwn {
		part.due = now.Add(exponentialBackoff(part.resends))
		part.resends++
		d.res.later = append(d.res.later, part)
		return nil
	}
	if d.stalls++; d.stalls > d.retries || !d.b.transport.sleep(ctx, exponentialBackoff(part.resends+d.stalls-1)) {
		d.res.err = &GatewayError{StatusCode: http.StatusOK, Message: "it could store none of the events: " + out.rejections[0].reason, Events: bt.len()}
		d.res.tookNone = true
	}
	return []*batch{part}
}

// reject drops the i-th event of bt, with the gateway's words.
func (d *delivery) reject(bt *batch, i int, err error) {
	e, _ := decodeEvent(bt.event(i)) // unreadable: no name
	d.b.ledger.rejected(d.sum(bt, func(j int) bool { return j == i }))
	d.b.report.rejected(e.eventType, err)
}

// sum counts the events of bt for which which is true, or all if it is nil: they
// are about to be settled.
func (d *delivery) sum(bt *batch, which func(i int) bool) (events, bytes int64) {
	for i := range bt.len() {
		if which == nil || which(i) {
			events++
			bytes += sizeOf(len(bt.event(i)))
		}
	}
	d.res.settled = d.res.settled || events > 0
	return events, bytes
}
