package causality

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/reply"
)

// maxResends is how often an event that the gateway could not store for the moment,
// while it stored others, is sent again before it is a suspect.
const maxResends = 5

// delivery is one batch under way. It repeats the request while that makes sense,
// decides when the events need new keys, and settles what the gateway answered
// for. It runs on a goroutine of its own, owns its batch, and hands one result to
// flushLoop at its end. It asks the ledger how other batches fare and knows nothing
// else of them.
type delivery struct {
	transport *httpTransport
	ledger    *ledger
	report    *reporter
	results   chan<- result
	closing   <-chan struct{} // closed when Close begins: no more repeats
	reuseKeys bool            // Config.ReuseKeys

	batch         *batch
	retries       int  // repeats that are left
	isProbe       bool // sent to find out whether the gateway stores anything
	believesNames bool // what the gateway names a bad event is taken for one
}

// result is what became of a delivery.
type result struct {
	batch   *batch // as flushLoop gave it
	isProbe bool
	request int64 // the number of the last request

	// left are the parts whose events are not settled, each to be sent again by
	// itself.
	left []*batch
	// stored: the gateway stored an event, or rejected one by itself. failed: the
	// request failed as a whole, and left has one part; or the event that the
	// gateway named and the rest; or halves, if it was too large.
	stored, failed bool
	// isNamed: the gateway named the batch's only event as bad.
	isNamed bool
	// isBusy: it failed because of how much is sent, not of what. isHeld: the
	// gateway asked for a wait.
	isBusy, isHeld bool
	err            error // why events are left

	// maxEvents and maxBytes are what the gateway showed itself to allow a
	// request; 0 when it did not.
	maxEvents, maxBytes int
	timedOut            bool
	brokeAfter          time.Duration // the longest request that timed out, or broke
	elapsed             time.Duration
}

// outcome is what became of one request.
type outcome struct {
	reply.Reply
	// err says why it was not accepted.
	err error
	// start is when the request was sent, and elapsed how long it took.
	start   time.Time
	elapsed time.Duration
}

func (d *delivery) run(ctx context.Context) {
	bt := d.batch
	res := result{batch: bt, isProbe: d.isProbe}
	out := d.send(ctx, bt, &res)
	res.elapsed, res.err = out.elapsed, out.err
	res.isBusy, res.isHeld = out.IsBusy, out.IsBusy || out.RetryAfter > 0
	switch out.Verdict {
	case reply.Accepted:
		d.settle(bt, out, &res)
	case reply.Refused:
		res.failed = true
		if out.Line < 0 || bt.len() == 1 || !d.believesNames {
			res.isNamed = out.Line == 0 && bt.len() == 1
			res.left = []*batch{bt}
			break
		}
		named := bt.subset(func(i int) bool { return i == out.Line })
		// Of the requests before this one another event may have been the reason.
		named.suspicion = suspicion{isNamed: true}
		rest := bt.subset(func(i int) bool { return i != out.Line })
		rest.suspicion = suspicion{}
		res.left = []*batch{named, rest}
	default:
		res.failed, res.left = true, []*batch{bt}
		if bt.len() == 1 || out.Verdict != reply.TooLarge && out.Verdict != reply.TooMany {
			break
		}
		if out.Verdict == reply.TooLarge {
			res.maxBytes = len(bt.body) / 2
		} else {
			res.maxEvents = bt.len() / 2
		}
		half, rest := bt.split((bt.len() + 1) / 2)
		res.left = []*batch{half, rest}
	}
	d.results <- res
}

// send posts the batch, and again under the rules of Config.MaxRetries while
// nothing but the moment seems wrong: no other batch that was sent after this one
// has been stored, the gateway did not ask for a wait, and the client is open. It
// returns the last outcome.
func (d *delivery) send(ctx context.Context, bt *batch, res *result) outcome {
	for attempt := 0; ; attempt++ {
		bt.request = d.ledger.requested(bt.request > 0)
		res.request = bt.request
		out := d.transport.sendBatch(ctx, bt)
		if ctx.Err() != nil && out.Verdict != reply.Accepted {
			return out // Close has no time left, says so itself, and has the batch
		}
		switch {
		case out.IsBusy, out.RetryAfter > 0 && !bt.isSuspect: // else it asks for these events
			d.transport.hold(out.start, out.RetryAfter)
		case out.RetryAfter == 0:
			d.transport.served()
		}
		if out.Unknown {
			// gateway: it may have marked the keys as seen and stored nothing;
			// the same keys would then be answered "accepted" and never stored.
			bt.uncertain = true
			if !d.reuseKeys {
				bt.rekey()
			}
		}
		if out.TimedOut {
			res.timedOut, res.brokeAfter = true, max(res.brokeAfter, out.elapsed)
		}
		if out.Verdict == reply.Accepted {
			return out
		}
		if out.Unknown {
			d.report.unknown(bt.len(), d.reuseKeys, out.err)
		}
		d.report.failed(out.err, d.ledger.failed(out.err))
		if out.Verdict != reply.Again || out.IsBusy || out.RetryAfter > 0 || attempt >= d.retries || d.ledger.storedAfter(bt.request) ||
			!d.sleep(ctx, jittered(exponentialBackoff(attempt))) ||
			d.ledger.storedAfter(bt.request) || time.Now().Before(d.transport.held()) {
			return out
		}
	}
}

// jittered spreads a wait by 0.5 to 1.5 at random, so that services which failed
// together do not come back together.
func jittered(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.5 + rand.Float64()))
}

// sleep waits before a repeat. It returns false if the client is closed meanwhile.
func (d *delivery) sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-d.closing:
	}
	return false
}

// settle takes in a well-formed answer: accepted events are delivered, those that
// were rejected for good are dropped, and what the gateway could not store for the
// moment is left, under new keys.
func (d *delivery) settle(bt *batch, out outcome, res *result) {
	if res.stored = true; len(out.Rejections) == 0 {
		d.ledger.took(bt.request)
		d.ledger.delivered(bt, nil)
		return
	}
	isRejected := make([]bool, bt.len())
	res.stored = len(out.Rejections) < bt.len()
	for _, r := range out.Rejections {
		isRejected[r.Index] = true
		res.stored = res.stored || !r.Transient // the gateway has answered for it
	}
	if res.stored {
		d.ledger.took(bt.request)
	}
	d.ledger.delivered(bt, isRejected)
	var transient []int
	for _, r := range out.Rejections {
		if r.Transient {
			transient = append(transient, r.Index)
		} else {
			d.ledger.rejected(bt, r.Index, r.Reason)
		}
	}
	if len(transient) == 0 {
		return
	}
	// gateway: it has marked the keys of these events as seen, so that under the
	// same key they would be answered "accepted" and never stored.
	part := bt.subset(func(i int) bool { return slices.Contains(transient, i) })
	part.rekey()
	res.left = []*batch{part}
	// While the gateway stores others these are in trouble of their own, or its store
	// has too much to do: a few more tries are cheap. When it can store nothing, or
	// never these events, the request has failed like any other.
	if res.stored || bt.resends > 0 && bt.resends < maxResends && !d.isProbe {
		part.due = time.Now().Add(exponentialBackoff(part.resends))
		part.resends++
		if part.since == 0 {
			part.since = bt.request
		}
		return
	}
	res.failed = true
	res.err = &GatewayError{StatusCode: http.StatusOK, Message: "it could store none of the events: " + out.Rejections[0].Reason, Events: bt.len()}
	d.report.failed(res.err, d.ledger.failed(res.err))
}
