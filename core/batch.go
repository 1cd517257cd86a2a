package causality

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// maxBodyBytes is the most that several events make one request: the gateway
// reads a request for at most 10 s and stores its events one after the other.
const maxBodyBytes = 1 << 20

// reason is why an event was dropped.
type reason uint8

const (
	queueFull reason = iota
	invalid
	filtered
	disabled
	rejected
	closed
	reasons
)

// batcher holds the events between Track and the gateway.
//
// Who owns what: the goroutines of Track own nothing; they copy an event into a
// lane of fresh and wake flushLoop where it has something to do. flushLoop alone
// decides what is sent and when: the fields of schedule are its own, and it takes
// the events out of fresh. A delivery, one goroutine for each request under way,
// owns its batch until it has handed its result to flushLoop. What Stats counts of
// events is under mu, and of those that were queued each has a number, so that the
// counts add up at any moment.
type batcher struct {
	cfg       *Config
	transport *httpTransport
	report    *reporter
	fresh     *queue // events that no delivery has taken yet

	mu          sync.Mutex
	turnedAway  uint64 // by Track: they were never queued
	settled     uint64 // have left the queue
	delivered   uint64
	uncertain   uint64
	dropped     [reasons]uint64
	properties  PropertyStats
	lastError   string
	lastErrorAt time.Time
	lastTaken   time.Time // when the gateway last answered 200
	lastStored  time.Time // when it last stored an event
	blamed      bool      // an event was rejected since, for which none vouched
	isPaused    bool
	finished    bool // flushLoop has ended: what comes later counts no more

	// isClosed: Track drops what comes, as Closed.
	isClosed atomic.Bool

	_           [cacheLine]byte
	queuedBytes atomic.Int64 // of the events waiting or in flight
	_           [cacheLine]byte
	wakeAt      atomic.Uint64 // how many pushed events flushLoop wants to be woken at

	wake     chan struct{}     // size 1: there is something to send, or to wait for
	flushes  chan flushRequest // Flush asks
	results  chan result       // a delivery reports; room for all of them
	closing  chan struct{}     // closed by the first Close
	abandon  chan error        // a Close has no time left; size 1
	done     chan struct{}     // closed when flushLoop has ended
	closeErr error             // what Close returns; written before done is closed

	schedule
}

// never is a wakeAt that is not reached.
const never = math.MaxUint64

type flushRequest struct {
	seq   uint64     // so many events must be settled
	reply chan error // size 1
}

func newBatcher(cfg *Config, transport *httpTransport, report *reporter) *batcher {
	b := &batcher{
		cfg:       cfg,
		transport: transport,
		report:    report,
		fresh:     newQueue(),
		wake:      make(chan struct{}, 1),
		flushes:   make(chan flushRequest),
		results:   make(chan result, cfg.MaxInFlight),
		closing:   transport.closing,
		abandon:   make(chan error, 1),
		done:      make(chan struct{}),
	}
	b.size, b.maxSize, b.maxBytes = cfg.BatchSize, cfg.MaxBatchSize, maxBodyBytes
	b.wakeAt.Store(1)
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// add queues an encoded event through a lane. It copies it under the lane's lock
// and does nothing else there.
func (b *batcher) add(event []byte, lane *uint32) {
	size := int64(len(event) + len(separator))
	if !b.reserve(size) {
		b.drop(queueFull)
		return
	}
	number, ok := b.fresh.push(event, lane, &b.isClosed)
	if !ok {
		b.queuedBytes.Add(-size)
		b.drop(closed)
		return
	}
	if at := b.wakeAt.Load(); number >= at && b.wakeAt.CompareAndSwap(at, never) {
		notify(b.wake)
	}
}

// reserve takes size bytes of Config.MaxQueueBytes, if they are left.
func (b *batcher) reserve(size int64) bool {
	for {
		taken := b.queuedBytes.Load()
		if taken+size > int64(b.cfg.MaxQueueBytes) {
			return false
		}
		if b.queuedBytes.CompareAndSwap(taken, taken+size) {
			return true
		}
	}
}

// close lets no event be queued any more.
func (b *batcher) close() {
	b.fresh.lock()
	b.isClosed.Store(true)
	b.fresh.unlock()
}

// drop counts an event that Track does not queue, and reports it.
func (b *batcher) drop(why reason) {
	b.mu.Lock()
	b.turnedAway++
	b.dropped[why]++
	b.mu.Unlock()
	switch why {
	case queueFull:
		b.report.say(sayQueueFull, 1, "", nil)
	case closed:
		b.report.say(sayClosed, 1, "", nil)
	}
}

// queuedLocked is how many events wait or are in flight.
func (b *batcher) queuedLocked() int { return int(b.fresh.pushed.Load() - b.settled) }

func (b *batcher) queued() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.queuedLocked()
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// drain takes up to n fresh events as one batch, or nil if there is none.
func (b *batcher) drain(n int) *batch {
	var settled *batch
	if last := len(b.spare) - 1; last >= 0 {
		settled, b.spare[last], b.spare = b.spare[last], nil, b.spare[:last]
	}
	events, bytes := b.fresh.measure(n, b.maxBytes)
	if events == 0 {
		return nil
	}
	bt := newBatch(events, bytes, settled)
	bt.seq = b.fresh.popped
	b.fresh.pop(bt, events)
	bt.seal()
	return bt
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
		b.dispatch()
		if closing == nil && b.idle() {
			b.finish(nil)
			return
		}
		next := b.arm(timer)
		select {
		case <-b.wake:
		case <-next:
		case res := <-b.results:
			b.handle(res)
		case req := <-b.flushes:
			b.flush(req)
		case <-closing:
			closing = nil // seen; the deadline is next
			b.hurry()
			b.probeNow()
		case why := <-b.abandon:
			b.finish(why)
			return
		}
		timer.Stop()
	}
}
