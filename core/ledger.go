package causality

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

// ledger knows what became of events. It alone counts them and says what was lost:
// Track, deliveries and flushLoop call it for each event that they settle or drop. Its
// lock is the only one that Stats takes, so the counts add up at any moment: events
// are counted in stats once they are settled, and the rest of those pushed to the
// queue is what is queued. It is safe for concurrent use.
type ledger struct {
	queue  *queue // Track's
	spool  *spooler
	report *reporter

	mu     sync.Mutex
	stats  Stats // Tracked: the settled ones; Queued: 0
	left   int64 // events that have left the queue
	stored int64 // the newest request of which the gateway took events
	final  bool  // Close has counted what was left
}

// snapshot returns the Stats of now.
func (l *ledger) snapshot() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued = l.queuedLocked()
	s.Tracked += s.Queued - s.Recovered
	s.SpooledBytes = l.spool.bytes()
	if s.Queued > 0 { // else the bytes are of an event that is not pushed yet
		s.QueuedBytes = l.queue.held()
	}
	return s
}

// queuedLocked is how many events wait or are in flight.
func (l *ledger) queuedLocked() int64 {
	return int64(l.queue.count()) + l.stats.Recovered - l.left
}

func (l *ledger) queued() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queuedLocked()
}

// turnedAway drops an event that is not queued. encoded, which may be nil, is the
// caller's.
func (l *ledger) turnedAway(why DropReason, eventType string, encoded []byte, err error) {
	l.mu.Lock()
	l.stats.Tracked++
	*l.stats.Dropped.count(why)++
	l.mu.Unlock()
	l.reported(why, eventType, encoded, err)
}

// reported reports a drop, once it is counted: OnDrop may ask for the Stats.
func (l *ledger) reported(why DropReason, eventType string, encoded []byte, err error) {
	if missed := l.report.dropped(why, eventType, encoded, err); missed > 0 {
		l.mu.Lock()
		l.stats.MissedDrops += missed
		l.mu.Unlock()
	}
}

// read takes in what came from the disk: events, and how many were lost there.
// isRecovered: a dead process tracked them.
func (l *ledger) read(events, lost int64, isRecovered bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if isRecovered {
		l.stats.Recovered += events + lost
	}
	l.left += lost
	l.stats.Tracked += lost
	l.stats.Dropped.Damaged += lost
}

// delivered settles the events of a batch that the gateway has accepted: all but
// those for which isRejected, if it is not nil, is true.
func (l *ledger) delivered(bt *batch, isRejected []bool) {
	var events, bytes int64
	for i := range bt.len() {
		if isRejected == nil || !isRejected[i] {
			events++
			bytes += sizeOf(len(bt.event(i)))
			bt.settled(i, nil)
		}
	}
	if events == 0 {
		return
	}
	l.spool.settled(bt, isRejected)
	l.settle(bt, events, bytes, func(s *Stats) {
		s.Delivered += events
		if bt.uncertain {
			s.Uncertain += events
		}
	})
}

// rejected drops the i-th event of a batch, which the gateway will not store.
func (l *ledger) rejected(bt *batch, i int, reason string) {
	encoded := bt.event(i)
	e, _ := envelope.Decode(encoded) // unreadable: it has no name
	err := &RejectedError{ID: e.ID, EventType: e.EventType, Reason: reason}
	bt.settled(i, err)
	l.spool.settledOne(bt, i)
	l.settle(bt, 1, sizeOf(len(encoded)), func(s *Stats) { s.Dropped.Rejected++ })
	l.reported(DropRejected, e.EventType, encoded, err)
}

func (l *ledger) settle(bt *batch, events, bytes int64, count func(*Stats)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.final {
		return // it was counted as Closed
	}
	l.left += events
	l.stats.Tracked += events
	l.queue.free(bytes)
	count(&l.stats)
}

// close drops what is left as Closed and returns the error that says so, or nil if
// nothing is. What is on disk is not dropped: it stays queued, for the next process.
// What a delivery says later counts no more.
func (l *ledger) close(left []*batch, why, failure error) error {
	l.mu.Lock()
	l.final = true
	if failure != nil {
		l.failedLocked(failure)
	}
	queued := l.queuedLocked()
	events := l.spool.lost(queued)
	l.left += events
	l.stats.Tracked += events
	l.stats.Dropped.Closed += events
	l.queue.free(l.queue.held())
	l.stats.Paused = false
	l.mu.Unlock()
	if queued == 0 {
		return nil
	}
	unsent := l.spool.kept(queued - events)
	var err error
	if events > 0 {
		if failure != nil {
			why = fmt.Errorf("%w; the last failure: %w", why, failure)
		}
		err = fmt.Errorf("%w: %d are lost: %w", ErrUndelivered, events, why)
		l.report.lost(events, why, failure, l.spool.lostOf(left), err)
	}
	for _, bt := range left {
		for i := range bt.len() {
			bt.settled(i, cmp.Or(err, unsent))
		}
	}
	return err
}

// requested counts a request and returns its number. A later one has a higher
// number.
func (l *ledger) requested(isRepeat bool) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Requests++
	if isRepeat {
		l.stats.Retries++
	}
	return l.stats.Requests
}

// requests is the number of the newest request.
func (l *ledger) requests() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats.Requests
}

// took notes that the gateway took events of a request: it stored one, or answered
// that it never will. That a client gives an event up says nothing of the kind.
func (l *ledger) took(request int64) {
	l.mu.Lock()
	l.stored = max(l.stored, request)
	l.mu.Unlock()
}

// storedAfter reports whether the gateway has taken events of a request that was
// sent after this one.
func (l *ledger) storedAfter(request int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored > request
}

// properties counts property values.
func (l *ledger) properties(n PropertyStats) {
	l.mu.Lock()
	l.stats.Properties.Dropped += n.Dropped
	l.stats.Properties.Renamed += n.Renamed
	l.mu.Unlock()
}

// failed notes a failed request, and returns how many events wait.
func (l *ledger) failed(err error) (waits int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failedLocked(err)
	return l.queuedLocked()
}

func (l *ledger) failedLocked(err error) {
	l.stats.LastError, l.stats.LastErrorAt = err.Error(), time.Now()
}

// paused notes whether the client pauses.
func (l *ledger) paused(isPaused bool) {
	l.mu.Lock()
	l.stats.Paused = isPaused
	l.mu.Unlock()
}

// settled tells a Send that waits for the i-th event what became of it.
func (bt *batch) settled(i int, err error) {
	if w := bt.waits[bt.marks[i].number]; w != nil {
		w.settle(err)
	}
}

// wait is a Send that waits for its events.
type wait struct {
	done chan struct{} // closed when all are settled

	mu   sync.Mutex
	left int
	errs []error // of those that were not accepted
}

func newWait(events int) *wait {
	return &wait{done: make(chan struct{}), left: events}
}

// settle takes in what became of one event: nil if it was accepted.
func (w *wait) settle(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.left == 0 {
		return
	}
	if err != nil && len(w.errs) < maxErrors && !slices.Contains(w.errs, err) {
		w.errs = append(w.errs, err)
	}
	if w.left--; w.left == 0 {
		close(w.done)
	}
}
