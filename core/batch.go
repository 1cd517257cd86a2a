package causality

import (
	"context"
	"time"
)

// maxBodyBytes is the most that several events make one request: the gateway
// reads a request for at most 10 s and stores its events one after the other.
const maxBodyBytes = 1 << 20

// batcher holds the events between Track and the gateway.
//
// Who owns what: the goroutines of Track own nothing; they copy an event into the
// queue. flushLoop alone decides what is sent and when: the fields of schedule are
// its own, and it takes the events out of the queue. A delivery, one goroutine for
// each request under way, owns its batch until it has handed its result to
// flushLoop. The ledger counts.
type batcher struct {
	cfg       *Config
	transport *httpTransport
	report    *reporter
	queue     *queue // events that no delivery has taken yet
	ledger    *ledger

	flushes  chan flushRequest // Flush asks
	results  chan result       // a delivery reports; room for all of them
	closing  chan struct{}     // closed by the first Close
	abandon  chan error        // a Close has no time left; size 1
	done     chan struct{}     // closed when flushLoop has ended
	closeErr error             // what Close returns; written before done is closed

	schedule
}

type flushRequest struct {
	seq   uint64     // so many events must be settled
	reply chan error // size 1
}

func newBatcher(cfg *Config, transport *httpTransport, queue *queue, ledger *ledger, report *reporter) *batcher {
	b := &batcher{
		cfg:       cfg,
		transport: transport,
		report:    report,
		queue:     queue,
		ledger:    ledger,
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
	return b.queue.take(n, b.maxBytes, settled)
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
		case <-b.queue.wake:
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
