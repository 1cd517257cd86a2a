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
// Who owns what: the goroutines of Track own nothing; they copy an event into
// fresh and count it, under mu, and wake flushLoop where it has something to do.
// flushLoop alone decides what is sent and when: the fields of schedule are its
// own. A delivery, one goroutine for each request under way, owns its batch
// until it has handed its result to flushLoop. Everything that Stats counts of
// events is under mu, so that the counts add up at any moment.
type batcher struct {
	cfg       *Config
	transport *httpTransport
	report    *reporter

	mu          sync.Mutex
	fresh       queue // events that no delivery has taken yet
	freshSeq    uint64
	queued      int // events waiting or in flight
	queuedBytes int
	tracked     uint64
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
	wakeAt      int  // fresh.len at which flushLoop wants to know
	settled     bool // flushLoop has ended: what comes later counts no more

	// isClosed: Track drops what comes, as Closed.
	isClosed atomic.Bool

	wake     chan struct{}     // size 1: there is something to send, or to wait for
	flushes  chan flushRequest // Flush asks
	results  chan result       // a delivery reports; room for all of them
	closing  chan struct{}     // closed by the first Close
	abandon  chan error        // a Close has no time left; size 1
	done     chan struct{}     // closed when flushLoop has ended
	closeErr error             // what Close returns; written before done is closed

	schedule
}

type flushRequest struct {
	seq   uint64     // events before it must be settled
	reply chan error // size 1
}

func newBatcher(cfg *Config, transport *httpTransport, report *reporter) *batcher {
	b := &batcher{
		cfg:       cfg,
		transport: transport,
		report:    report,
		wakeAt:    1,
		wake:      make(chan struct{}, 1),
		flushes:   make(chan flushRequest),
		results:   make(chan result, cfg.MaxInFlight),
		closing:   transport.closing,
		abandon:   make(chan error, 1),
		done:      make(chan struct{}),
	}
	b.size, b.maxSize, b.maxBytes = cfg.BatchSize, cfg.MaxBatchSize, maxBodyBytes
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// add queues an encoded event. It copies it under the lock and does nothing
// else there.
func (b *batcher) add(event []byte) {
	size := len(event) + len(separator)
	var spare *chunk
	for {
		b.mu.Lock()
		if b.isClosed.Load() {
			b.dropLocked(closed)
			break
		}
		if b.queuedBytes+size > b.cfg.MaxQueueBytes {
			b.dropLocked(queueFull)
			break
		}
		if !b.fresh.fits(size) {
			if spare == nil {
				b.mu.Unlock()
				spare = newChunk(size)
				continue
			}
			b.fresh.extend(spare)
			spare = nil
		}
		b.fresh.push(event)
		b.tracked++
		b.queued++
		b.queuedBytes += size
		wake := b.fresh.len >= b.wakeAt
		if wake {
			b.wakeAt = math.MaxInt
		}
		b.mu.Unlock()
		if wake {
			notify(b.wake)
		}
		break
	}
	if spare != nil {
		spare.release()
	}
}

// drop counts an event that Track does not queue.
func (b *batcher) drop(why reason) {
	b.mu.Lock()
	b.dropLocked(why)
}

// dropLocked counts a drop, unlocks and reports it.
func (b *batcher) dropLocked(why reason) {
	b.tracked++
	b.dropped[why]++
	b.mu.Unlock()
	switch why {
	case queueFull:
		b.report.say(sayQueueFull, 1, "", nil)
	case closed:
		b.report.say(sayClosed, 1, "", nil)
	}
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
	b.mu.Lock()
	events, bytes := b.fresh.measure(n, b.maxBytes)
	b.mu.Unlock()
	if events == 0 {
		return nil
	}
	bt := newBatch(events, bytes, settled) // allocates, so not under the lock
	b.mu.Lock()
	bt.seq = b.freshSeq
	b.fresh.pop(bt, events)
	b.freshSeq += uint64(events)
	b.mu.Unlock()
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
