package causality

import (
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
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
	body  []byte           // bodyHead, the events joined by the separator, bodyTail
	marks []mark           // of each event
	waits map[uint64]*wait // by number: events that Send waits for; nil mostly

	// request is the number of the last request that it was in, 0 if there was
	// none.
	request int64
	// uncertain: it was in a request whose outcome nobody knows.
	uncertain bool
	// due is when it may be sent; the zero time is at once.
	due time.Time
	// resends is how often the gateway could not store it for the moment, while it
	// stored others.
	resends int
	// probed is which probe was last taken from it, 0 if none was.
	probed int
	suspicion
}

// mark is where an event ends in a body, and its number in the order of Track.
type mark struct {
	end    int32
	number uint64
}

// newBatch returns an empty batch with room for the given events, in the memory
// of a settled one if there is one.
func newBatch(events, bytes int, settled *batch) *batch {
	bt := new(batch)
	if settled != nil {
		bt.body, bt.marks = settled.body[:0], settled.marks[:0]
	}
	if need := bytes + len(bodyHead) + len(bodyTail); cap(bt.body) < need {
		bt.body = make([]byte, 0, need)
	}
	if cap(bt.marks) < events {
		bt.marks = make([]mark, 0, events)
	}
	bt.body = append(bt.body, bodyHead...)
	return bt
}

// endEvent says that the bytes at the end of the body are the event of this
// number.
func (bt *batch) endEvent(number uint64) {
	bt.marks = append(bt.marks, mark{int32(len(bt.body)), number})
	bt.body = append(bt.body, separator...)
}

// seal ends the body: the tail replaces the last separator.
func (bt *batch) seal() {
	bt.body = append(bt.body[:bt.marks[len(bt.marks)-1].end], bodyTail...)
}

func (bt *batch) len() int { return len(bt.marks) }

// event returns the bytes of the i-th event.
func (bt *batch) event(i int) []byte {
	start := len(bodyHead)
	if i > 0 {
		start = int(bt.marks[i-1].end) + len(separator)
	}
	return bt.body[start:bt.marks[i].end]
}

// first is the number of its oldest event.
func (bt *batch) first() uint64 { return bt.marks[0].number }

// subset returns a new batch of the events for which keep is true, or nil if
// there is none.
func (bt *batch) subset(keep func(i int) bool) *batch {
	events, bytes := 0, 0
	for i := range bt.len() {
		if keep(i) {
			events++
			bytes += len(bt.event(i)) + len(separator)
		}
	}
	if events == 0 {
		return nil
	}
	part := newBatch(events, bytes, nil)
	part.waits, part.request, part.uncertain, part.due = bt.waits, bt.request, bt.uncertain, bt.due
	part.resends, part.suspicion = bt.resends, bt.suspicion
	part.probed = bt.probed
	for i := range bt.len() {
		if keep(i) {
			part.body = append(part.body, bt.event(i)...)
			part.endEvent(bt.marks[i].number)
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

// rekey gives every event a new idempotency key.
func (bt *batch) rekey() {
	for i := range bt.len() {
		envelope.Rekey(bt.event(i))
	}
}
