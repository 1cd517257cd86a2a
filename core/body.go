package causality

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// The body of a request: one event a line, so that the line which the gateway
// names in a parse error names the event.
const (
	bodyHead  = "{\"events\":[\n"
	separator = ",\n"
	bodyTail  = "\n]}"
)

// batch is the events of one request, ready to post. One goroutine owns it at a
// time: flushLoop while it waits, its delivery while it is in flight.
type batch struct {
	body []byte  // bodyHead, the events joined by the separator, bodyTail
	ends []int32 // where each event ends in body
	seq  uint64  // no event in it was tracked before the seq-th

	// uncertain: it was in a request whose outcome nobody knows.
	uncertain bool
	// stalledAt is when the gateway could last not store it for the moment, and
	// resends how often it could not while it stored others.
	stalledAt time.Time
	resends   int
	// due is when it may be sent; the zero time is at once.
	due time.Time
	// refusedAt is when the gateway refused this, before it took anything since.
	refusedAt time.Time
	// failedAt is when it last got no answer about its events, and fails how often
	// it did while the gateway took others.
	failedAt time.Time
	fails    int
	// sibling is the other half of a batch that the gateway refused.
	sibling *batch
	// behind: it lets fresh events go first.
	behind bool
	// readers counts requests that may still read body: a transport may return
	// before it has let go of the body.
	readers atomic.Int32
}

// newBatch returns an empty batch with room for the given events, in the memory
// of a settled one if there is one.
func newBatch(events, bytes int, settled *batch) *batch {
	bt := new(batch)
	if settled != nil {
		bt.body, bt.ends = settled.body[:0], settled.ends[:0]
	}
	if need := bytes + len(bodyHead) + len(bodyTail); cap(bt.body) < need {
		bt.body = make([]byte, 0, need)
	}
	if cap(bt.ends) < events {
		bt.ends = make([]int32, 0, events)
	}
	bt.body = append(bt.body, bodyHead...)
	return bt
}

// seal ends the body: the last separator gives way to the tail.
func (bt *batch) seal() {
	bt.body = append(bt.body[:bt.ends[len(bt.ends)-1]], bodyTail...)
}

func (bt *batch) len() int { return len(bt.ends) }

// size is what its events take of the queue, each with its separator.
func (bt *batch) size() int { return int(bt.ends[bt.len()-1]) + len(separator) - len(bodyHead) }

func (bt *batch) start(i int) int {
	if i == 0 {
		return len(bodyHead)
	}
	return int(bt.ends[i-1]) + len(separator)
}

// subset returns a new batch of the events for which keep is true, or nil if
// there is none.
func (bt *batch) subset(keep func(i int) bool) *batch {
	events, bytes, first := 0, 0, 0
	for i := range bt.len() {
		if keep(i) {
			if events == 0 {
				first = i
			}
			events++
			bytes += int(bt.ends[i]) - bt.start(i) + len(separator)
		}
	}
	if events == 0 {
		return nil
	}
	part := newBatch(events, bytes, nil)
	part.seq, part.uncertain, part.resends = bt.seq+uint64(first), bt.uncertain, bt.resends
	part.stalledAt, part.refusedAt, part.behind = bt.stalledAt, bt.refusedAt, bt.behind
	part.failedAt, part.fails = bt.failedAt, bt.fails
	for i := range bt.len() {
		if keep(i) {
			part.body = append(part.body, bt.body[bt.start(i):bt.ends[i]]...)
			part.ends = append(part.ends, int32(len(part.body)))
			part.body = append(part.body, separator...)
		}
	}
	part.seal()
	return part
}

// split returns the first n events and the rest, which may be nil.
func (bt *batch) split(n int) (first, rest *batch) {
	if n >= bt.len() {
		return bt, nil
	}
	return bt.subset(func(i int) bool { return i < n }), bt.subset(func(i int) bool { return i >= n })
}

// rekey gives every event a new idempotency key. It copies the body, which a
// request that was given up may still be reading.
func (bt *batch) rekey() {
	body := slices.Clone(bt.body)
	for i := range bt.len() {
		event := body[bt.start(i):bt.ends[i]]
		at := bytes.Index(event, []byte(keyHead)) + len(keyHead)
		// An allocation does not matter here, so the plain call will do.
		copy(event[at:], uuid.New().String())
	}
	bt.body = body
}
