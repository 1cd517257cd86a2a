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

// batcher decides what is sent and when. It takes events out of the queue, hands
// batches out to deliveries and takes their results in.
//
// flushLoop, one goroutine, owns every field but the channels; no other goroutine
// may read one. Track never meets it: it writes to the queue, which wakes the loop.
// A delivery has no batcher: it owns its batch until it has sent its result. What
// became of events is not known here but in the ledger.
type batcher struct {
	cfg       *Config
	queue     *queue
	ledger    *ledger
	transport *httpTransport
	report    *reporter

	flushes chan flushRequest // Flush asks
	results chan result       // a delivery reports; room for all of them
	closing chan struct{}     // closed by the first Close
	abandon chan error        // a Close has no time left; size 1
	done    chan struct{}     // closed when flushLoop has ended

	closeErr error // what Close returns; written before done is closed

	waiting   []*batch // were in a request and are to be sent again, the oldest first
	inFlight  []*batch
	spare     []*batch // settled batches, whose memory serves again
	flushers  []flushRequest
	failure   error // the last one
	failed    int64 // its request
	isClosing bool
	// closingFrom is the newest request when Close began, at closingAt.
	closingFrom int64
	closingAt   time.Time

	schedule
	health
	verdicts verdicts

	ctx    context.Context // ends when deliveries must give up
	cancel context.CancelFunc
}

type flushRequest struct {
	number uint64     // events before it must be settled
	reply  chan error // size 1
}

func newBatcher(cfg *Config, transport *httpTransport, queue *queue, ledger *ledger, report *reporter) *batcher {
	b := &batcher{
		cfg:       cfg,
		queue:     queue,
		ledger:    ledger,
		transport: transport,
		report:    report,
		flushes:   make(chan flushRequest),
		results:   make(chan result, cfg.MaxInFlight),
		closing:   make(chan struct{}),
		abandon:   make(chan error, 1),
		done:      make(chan struct{}),
	}
	b.size = cfg.BatchSize
	b.forgetLimits()
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// flushLoop sends what is due until the client is closed. It sleeps without a
// timer while nothing waits.
func (b *batcher) flushLoop() {
	defer close(b.done)
	defer b.cancel()
	timer := time.NewTimer(0)
	if !timer.Stop() {
		<-timer.C
	}
	closing := b.closing
	for {
		looked := b.dispatch()
		if b.isClosing && b.idle() {
			b.finish(nil)
			return
		}
		next := b.arm(timer, looked)
		select {
		case <-b.queue.wake:
		case <-next:
		case res := <-b.results:
			b.handle(res)
		case req := <-b.flushes:
			b.flush(req)
		case <-closing:
			closing = nil // seen; the deadline is next
			b.isClosing, b.due = true, math.MaxUint64
			b.closingFrom, b.closingAt = b.ledger.requests(), time.Now()
			b.probeSoon()
			b.hurry()
		case why := <-b.abandon:
			b.finish(why)
			return
		}
		timer.Stop()
	}
}

// drain takes up to n fresh events as one batch, or nil if there is none.
func (b *batcher) drain(n int) *batch {
	var settled *batch
	if last := len(b.spare) - 1; last >= 0 {
		settled, b.spare[last], b.spare = b.spare[last], nil, b.spare[:last]
	}
	return b.queue.take(n, b.maxBytes, settled)
}

// dispatch starts as many deliveries as may be under way, and says when the queue
// is to wake flushLoop. It returns when it found nothing more to do.
func (b *batcher) dispatch() (looked time.Time) {
	for {
		looked = time.Now()
		bt := b.next(looked)
		if bt == nil {
			break
		}
		d := &delivery{
			transport: b.transport, ledger: b.ledger, report: b.report, results: b.results, closing: b.closing,
			reuseKeys: b.cfg.ReuseKeys, batch: bt, isProbe: b.state != well, believesNames: !b.verdicts.areRefuted(),
		}
		if b.state == well && !bt.isSuspect && !b.isClosing {
			d.retries = max(b.cfg.MaxRetries, 0)
		}
		if d.isProbe {
			b.probing, b.probedAt = true, looked
		}
		b.inFlight = append(b.inFlight, bt)
		go d.run(b.ctx)
	}
	switch n, _ := b.queue.waiting(); {
	case n == 0:
		b.queue.wakeWhen(1, math.MaxInt64) // to begin an interval
	case b.state != well || len(b.inFlight) >= b.slots() || looked.Before(b.transport.held()):
		b.queue.sleep() // nothing could be done about it
	default:
		b.queue.wakeWhen(b.fill(), b.fillBytes())
	}
	return looked
}

// handle takes in the result of a delivery.
func (b *batcher) handle(res result) {
	b.inFlight = slices.DeleteFunc(b.inFlight, func(bt *batch) bool { return bt == res.batch })
	b.observe(res)
	b.adapt(res)
	for _, part := range res.left {
		if res.failed && !res.isBusy {
			b.suspect(part, res)
		}
		b.wait(part)
	}
	if b.isClosing {
		b.hurry()
	}
	b.rejectSuspects(time.Now())
	b.reuse(res)
	b.replySettled()
	b.replyStuck()
}

// wait puts a batch among those that are to be sent again, by its age.
func (b *batcher) wait(bt *batch) {
	at, _ := slices.BinarySearchFunc(b.waiting, bt, func(a, other *batch) int { return cmp.Compare(a.first(), other.first()) })
	b.waiting = slices.Insert(b.waiting, at, bt)
}

// reuse keeps the memory of a settled batch for the next one, while there is work.
// After an outage more are settled than fresh events need.
func (b *batcher) reuse(res result) {
	switch {
	case b.idle():
		b.spare = nil
	case len(res.left) == 0 && len(b.spare) < b.cfg.MaxInFlight && cap(res.batch.body) <= 2*maxBodyBytes:
		b.spare = append(b.spare, res.batch)
	}
}

// idle reports whether every event is settled.
func (b *batcher) idle() bool { return len(b.inFlight) == 0 && b.ledger.queued() == 0 }

// hurry makes everything due soon, for Close.
func (b *batcher) hurry() {
	soon := time.Now().Add(closingWait)
	for _, bt := range b.waiting {
		if bt.due.After(soon) {
			bt.due = soon
		}
	}
}

// flush makes all that was tracked so far due.
func (b *batcher) flush(req flushRequest) {
	req.number = b.queue.count()
	b.due = max(b.due, req.number)
	if req.reply == nil {
		return // Send waits for its own events
	}
	b.flushers = append(b.flushers, req)
	if b.replySettled(); len(b.flushers) == 0 {
		return
	}
	if b.state == down && b.transport.held().After(time.Now()) {
		b.replyAll()
		return
	}
	b.probeSoon()
	if b.state == well {
		b.replyStuck()
	}
}

// replySettled answers every Flush whose events are all settled.
func (b *batcher) replySettled() {
	oldest := b.queue.popped
	for _, list := range [...][]*batch{b.waiting, b.inFlight} {
		for _, bt := range list {
			oldest = min(oldest, bt.first())
		}
	}
	b.reply(func(req flushRequest) (bool, error) { return req.number <= oldest, nil })
}

// replyStuck answers every Flush whose events that are left have each failed alone:
// the next tries may take minutes.
func (b *batcher) replyStuck() {
	if len(b.flushers) == 0 {
		return
	}
	b.reply(func(req flushRequest) (bool, error) {
		if b.queue.popped < req.number {
			return false, nil
		}
		var failure error
		for _, list := range [...][]*batch{b.waiting, b.inFlight} {
			for _, bt := range list {
				switch {
				case bt.first() >= req.number:
				case bt.tries == 0 || b.believes(bt):
					return false, nil
				default:
					failure = bt.err
				}
			}
		}
		return failure != nil, b.waitError(failure)
	})
}

// replyAll tells every Flush why its events still wait.
func (b *batcher) replyAll() {
	b.reply(func(flushRequest) (bool, error) { return true, b.waitError(b.failure) })
}

func (b *batcher) waitError(failure error) error {
	if failure == nil {
		return nil
	}
	return fmt.Errorf("causality: %d events wait and will be sent again: %w", b.ledger.queued(), failure)
}

func (b *batcher) reply(ready func(flushRequest) (isReady bool, err error)) {
	b.flushers = slices.DeleteFunc(b.flushers, func(req flushRequest) bool {
		isReady, err := ready(req)
		if isReady {
			req.reply <- err
		}
		return isReady
	})
}

// finish settles what is left when the client ends: nothing, or what Close had
// no time for.
func (b *batcher) finish(why error) {
	b.cancel()
	b.collect()
	left := append(b.waiting, b.inFlight...)
	for bt := b.queue.take(math.MaxInt, maxBodyBytes, nil); bt != nil; bt = b.queue.take(math.MaxInt, maxBodyBytes, nil) {
		left = append(left, bt)
	}
	b.waiting, b.spare = nil, nil
	failure := b.failure
	if b.ledger.storedAfter(b.failed) {
		failure = nil // it is over, but for batches that failed by themselves
		for _, bt := range left {
			failure = cmp.Or(failure, bt.err)
		}
	}
	b.closeErr = b.ledger.close(left, why, failure)
	b.reply(func(flushRequest) (bool, error) { return true, b.closeErr })
}

// collect takes in what the deliveries that were given up have to say: which of
// their events are settled, and that the last error is the gateway's and not only
// that time ran out. A Transport that does not heed its context is not waited for.
func (b *batcher) collect() {
	enough := time.After(lastWords)
	for range len(b.inFlight) {
		select {
		case res := <-b.results:
			b.inFlight = slices.DeleteFunc(b.inFlight, func(bt *batch) bool { return bt == res.batch })
			b.waiting = append(b.waiting, res.left...)
			if res.err != nil && !errors.Is(res.err, context.Canceled) {
				b.failure, b.failed = res.err, res.request
			}
		case <-enough:
			return
		}
	}
}
