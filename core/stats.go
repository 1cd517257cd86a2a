package causality

import (
	"iter"
	"sync"
	"time"
)

// Stats is a consistent snapshot of what became of the tracked events. At any
// moment
//
//	Tracked == Delivered + Dropped.Total() + Queued
//
// All counts are of events since New, except where a field says otherwise. The
// JSON form has the same names in lower case; for package expvar it is
//
//	expvar.Publish("causality", expvar.Func(func() any { return client.Stats() }))
type Stats struct {
	// Tracked counts the calls of Track.
	Tracked int64 `json:"tracked"`
	// Delivered counts the events that the gateway answered as accepted.
	Delivered int64 `json:"delivered"`
	// Dropped counts the events that will never be delivered, by reason.
	Dropped Drops `json:"dropped"`
	// Queued is how many events wait or are in flight now, and QueuedBytes the
	// size of them, encoded.
	Queued      int64 `json:"queued"`
	QueuedBytes int64 `json:"queued_bytes"`
	// Requests counts the HTTP requests made, repeats included; Retries counts
	// the repeats.
	Requests int64 `json:"requests"`
	Retries  int64 `json:"retries"`
	// Uncertain counts those Delivered events that were accepted only on a
	// repeat, after a request whose outcome nobody knows. The gateway may have
	// taken the repeat for a duplicate of events that it never stored; see
	// Config.AtLeastOnce.
	Uncertain int64 `json:"uncertain"`
	// Properties counts property values, not events.
	Properties PropertyStats `json:"properties"`
	// Paused says that delivery waits: after failed requests the client sends
	// one probe at a time, after 5, 10 … 60 seconds, until one is answered.
	Paused bool `json:"paused"`
	// LastError is the newest delivery error and LastErrorAt its time; "" and
	// the zero time when there was none.
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// Drops counts dropped events by reason.
type Drops struct {
	// QueueFull: Config.MaxQueueBytes were waiting.
	QueueFull int64 `json:"queue_full"`
	// Invalid: no event type, too large, a time past the year 9999 or a bad
	// AppID.
	Invalid int64 `json:"invalid"`
	// Filtered: Config.BeforeTrack said no, or a function that the client was calling
	// tracked it: see [Client.Track].
	Filtered int64 `json:"filtered"`
	// Disabled: the client is disabled by Config.Disabled, or prints its events
	// for Config.DryRun.
	Disabled int64 `json:"disabled"`
	// Rejected: the gateway refused the event for good.
	Rejected int64 `json:"rejected"`
	// Closed: tracked after Close, or still undelivered when Close ran out of
	// time.
	Closed int64 `json:"closed"`
}

// DropReason is why an event was dropped: the name that its count has in the JSON
// form of [Drops].
type DropReason string

// The reasons, each the name of a field of [Drops].
const (
	DropQueueFull DropReason = "queue_full"
	DropInvalid   DropReason = "invalid"
	DropFiltered  DropReason = "filtered"
	DropDisabled  DropReason = "disabled"
	DropRejected  DropReason = "rejected"
	DropClosed    DropReason = "closed"
)

// All returns every reason with its count, zero counts too, in the order of the
// fields. A collector that ranges over it forgets none.
func (d Drops) All() iter.Seq2[DropReason, int64] {
	return func(yield func(DropReason, int64) bool) {
		for _, why := range [...]DropReason{DropQueueFull, DropInvalid, DropFiltered, DropDisabled, DropRejected, DropClosed} {
			if !yield(why, *d.count(why)) {
				return
			}
		}
	}
}

// Total is the sum of all reasons.
func (d Drops) Total() (total int64) {
	for _, n := range d.All() {
		total += n
	}
	return total
}

// count is where the events dropped for a reason are counted.
func (d *Drops) count(why DropReason) *int64 {
	switch why {
	case DropQueueFull:
		return &d.QueueFull
	case DropInvalid:
		return &d.Invalid
	case DropFiltered:
		return &d.Filtered
	case DropDisabled:
		return &d.Disabled
	case DropRejected:
		return &d.Rejected
	default:
		return &d.Closed
	}
}

// PropertyStats counts property values that did not arrive as they were given.
type PropertyStats struct {
	// Dropped counts values that were left out because Config.ReplaceAttr
	// panicked on them, because the typed payload of their event has no field
	// for them (Config.TypedPayloads), or because the log line that held them
	// was broken. A value that Config.ReplaceAttr removed on purpose is not
	// counted, nor is nil.
	Dropped int64 `json:"dropped"`
	// Renamed counts properties whose name was taken by the identity or by the
	// server context, as user_id by Event.UserID; they arrive as user_id_2.
	Renamed int64 `json:"renamed"`
}

// ledger knows what became of events. Its lock is the only one that Stats takes,
// so the counts add up: events are counted in stats once they are settled, and the
// rest of those pushed to the queue is what is queued. It is safe for concurrent
// use; Track, deliveries and flushLoop write to it.
type ledger struct {
	queue *queue

	mu       sync.Mutex
	stats    Stats     // Tracked: the settled ones; Queued: 0
	left     int64     // events that have left the queue
	takenAt  time.Time // when the gateway last answered 200
	storedAt time.Time // when it last stored an event
	onTrust  bool      // an event was rejected since, though no other was taken with it
	final    bool      // Close has counted what was left
}

// snapshot returns the Stats of now.
func (l *ledger) snapshot() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Queued = l.queuedLocked()
	s.Tracked += s.Queued
	if s.Queued > 0 { // else the bytes are of an event that is not pushed yet
		s.QueuedBytes = l.queue.heldBytes.Load()
	}
	return s
}

// queuedLocked is how many events wait or are in flight.
func (l *ledger) queuedLocked() int64 { return int64(l.queue.pushed.Load()) - l.left }

func (l *ledger) queued() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.queuedLocked()
}

// turnedAway counts an event that Track did not queue.
func (l *ledger) turnedAway(why DropReason) {
	l.mu.Lock()
	l.stats.Tracked++
	*l.stats.Dropped.count(why)++
	l.mu.Unlock()
}

// delivered settles events of a batch that the gateway has accepted.
func (l *ledger) delivered(events, bytes int64, isUncertain bool) {
	l.settle(events, bytes, func(s *Stats) {
		s.Delivered += events
		if isUncertain {
			s.Uncertain += events
		}
	})
}

// rejected settles events that will not be sent again.
func (l *ledger) rejected(events, bytes int64) {
	l.settle(events, bytes, func(s *Stats) { s.Dropped.Rejected += events })
}

func (l *ledger) settle(events, bytes int64, count func(*Stats)) {
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

// close settles what is left as Closed and returns how many that is. What a
// delivery says later counts no more.
func (l *ledger) close(failure error) (left int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.final = true
	if failure != nil {
		l.failedLocked(failure)
	}
	left = l.queuedLocked()
	l.left += left
	l.stats.Tracked += left
	l.stats.Dropped.Closed += left
	l.queue.heldBytes.Store(0)
	l.stats.Paused = false
	return left
}

// requested counts a request, and whether it repeats one.
func (l *ledger) requested(isRepeat bool) {
	l.mu.Lock()
	l.stats.Requests++
	if isRepeat {
		l.stats.Retries++
	}
	l.mu.Unlock()
}

// properties counts property values.
func (l *ledger) properties(n PropertyStats) {
	l.mu.Lock()
	l.stats.Properties.Dropped += n.Dropped
	l.stats.Properties.Renamed += n.Renamed
	l.mu.Unlock()
}

// failed notes why events wait, and returns how many do.
func (l *ledger) failed(err error, paused bool) (waits int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.failedLocked(err)
	l.stats.Paused = paused
	return l.queuedLocked()
}

func (l *ledger) failedLocked(err error) {
	l.stats.LastError, l.stats.LastErrorAt = err.Error(), time.Now()
}

// resumed notes that delivery goes on after a pause.
func (l *ledger) resumed() {
	l.mu.Lock()
	l.stats.Paused = false
	l.mu.Unlock()
}

// took notes that the gateway answered 200, and whether it stored an event. It
// returns when it last did.
func (l *ledger) took(now time.Time, isStored bool) (storedAt time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.takenAt, l.onTrust = now, false
	if isStored {
		l.storedAt = now
	}
	return l.storedAt
}

// hasTakenSince reports whether the gateway has answered 200 since.
func (l *ledger) hasTakenSince(t time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.takenAt.After(t)
}

// rejectOnTrust reports whether no other event was rejected on trust since the
// gateway last answered 200, and notes that one is.
func (l *ledger) rejectOnTrust() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	before := l.onTrust
	l.onTrust = true
	return !before
}
