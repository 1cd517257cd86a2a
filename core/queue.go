package causality

import (
	"encoding/binary"
	"math"
	"sync"
	"sync/atomic"
)

// queue holds encoded events in the order they came, until flushLoop takes them.
// It owns four facts: which events wait, how many bytes the client holds in all
// (Config.MaxQueueBytes), whether it is closed, and when flushLoop is to be woken.
//
// Any goroutine may push, free, close and ask what there is. Only flushLoop may call
// what takes events out: waiting, wakeWhen and take. push holds the lock for the copy
// of one event; flushLoop copies without the lock, because an event that is counted
// as pushed never changes.
type queue struct {
	maxBytes int64
	wake     chan struct{} // size 1: something is due, or there is a first event
	isClosed atomic.Bool   // written under mu
	isFull   bool          // whatever it holds: Config.Spool is; under mu
	_        [cacheLine]byte

	// What push writes, on one cache line: it goes from one processor to another
	// as a whole. None is atomic: an atomic write waits until what was written before
	// it, the copy of the event, has left the processor.
	mu          sync.Mutex
	tail        *chunk
	tailLen     int    // of the bytes in it
	pushed      uint64 // events so far
	pushedBytes uint64 // their size
	heldBytes   int64  // size of the events that wait or are in flight
	// flushLoop is woken when either of pushed and pushedBytes gets here.
	wakeAt, wakeAtBytes uint64
	_                   [cacheLine]byte

	waits map[uint64]*wait // by number: events that Send waits for; under mu
	// What only flushLoop touches, but for the first chunk, which push sets.
	head        cursor
	popped      uint64
	poppedBytes uint64
}

// cacheLine keeps apart what different processors write: two lines, as they fetch
// them in pairs.
const cacheLine = 128

// chunkBytes is how much memory the queue takes at a time: little enough to be
// given back soon, and enough for a hundred events.
const chunkBytes = 64 << 10

// chunk is a piece of the stream of events. Each event follows its length, and
// both may go on in the next chunk, so that no memory is left over.
type chunk struct {
	next *chunk
	buf  []byte // on pages of its own, unlike an array beside next: Track is faster
}

// lengthBytes is how many bytes the length of an event takes.
const lengthBytes = 4

var chunks = sync.Pool{New: func() any {
	c := &chunk{buf: make([]byte, chunkBytes)}
	// The system gives a page of memory when it is first written to, which takes
	// longer than to copy an event: now, and not under the lock.
	for at := 0; at < len(c.buf); at += pageBytes {
		c.buf[at] = 0
	}
	return c
}}

// pageBytes is the smallest page of any system.
const pageBytes = 4 << 10

func (c *chunk) release() {
	c.next = nil
	chunks.Put(c)
}

// never is a count that is not reached.
const never = math.MaxUint64

func newQueue(maxBytes int) *queue {
	return &queue{maxBytes: int64(maxBytes), wake: make(chan struct{}, 1), wakeAt: 1, wakeAtBytes: never}
}

// sizeOf is what an event of so many bytes counts towards Config.MaxQueueBytes:
// with the separator that follows it in a request.
func sizeOf(eventBytes int) int64 { return int64(eventBytes + len(separator)) }

// push appends a copy of an event, for which w waits unless it is nil. If it
// cannot, it returns the reason.
func (q *queue) push(event []byte, w *wait) (DropReason, bool) {
	size := sizeOf(len(event))
	var spare *chunk // taken from the pool without the lock
	spareBytes := 0
	q.mu.Lock()
	for {
		why := DropReason("")
		switch {
		case q.isClosed.Load():
			why = DropClosed
		case q.isFull || q.heldBytes+size > q.maxBytes:
			why = DropQueueFull
		}
		if why != "" {
			q.mu.Unlock()
			for spare != nil {
				next := spare.next
				spare.release()
				spare = next
			}
			return why, false
		}
		if q.roomBytes()+spareBytes >= lengthBytes+len(event) {
			break
		}
		q.mu.Unlock()
		c := chunks.Get().(*chunk)
		c.next = spare
		spare = c
		spareBytes += chunkBytes
		q.mu.Lock()
	}
	var length [lengthBytes]byte
	binary.LittleEndian.PutUint32(length[:], uint32(len(event)))
	if q.roomBytes() >= lengthBytes+len(event) { // nearly always
		q.tailLen += copy(q.tail.buf[q.tailLen:], length[:])
		q.tailLen += copy(q.tail.buf[q.tailLen:], event)
	} else {
		spare = q.write(event, q.write(length[:], spare))
	}
	q.heldBytes += size
	q.pushedBytes += uint64(size)
	if w != nil {
		if q.waits == nil {
			q.waits = make(map[uint64]*wait)
		}
		q.waits[q.pushed] = w
	}
	q.pushed++
	if q.pushed >= q.wakeAt || q.pushedBytes >= q.wakeAtBytes {
		q.wakeAt, q.wakeAtBytes = never, never
		notify(q.wake)
	}
	q.mu.Unlock()
	if spare != nil {
		spare.release() // another goroutine brought one at the same time
	}
	return "", true
}

// roomBytes is how much can be written without another chunk.
func (q *queue) roomBytes() int {
	if q.tail == nil {
		return 0
	}
	return chunkBytes - q.tailLen
}

// write appends bytes to the stream, with the spare chunks where the last one is
// full, and returns those that are left.
func (q *queue) write(p []byte, spare *chunk) *chunk {
	for len(p) > 0 {
		if q.roomBytes() == 0 {
			c := spare
			spare, c.next = c.next, nil
			if q.tail == nil {
				q.head = cursor{chunk: c}
			} else {
				q.tail.next = c
			}
			q.tail, q.tailLen = c, 0
		}
		n := copy(q.tail.buf[q.tailLen:], p)
		q.tailLen += n
		p = p[n:]
	}
	return spare
}

// free says that events of this size are settled.
func (q *queue) free(bytes int64) {
	q.mu.Lock()
	q.heldBytes -= bytes
	q.mu.Unlock()
}

// held is the size of the events that wait or are in flight.
func (q *queue) held() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.heldBytes
}

// count is how many events there were so far.
func (q *queue) count() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.pushed
}

// setFull says whether events are turned away though there is memory for them.
func (q *queue) setFull(isFull bool) {
	q.mu.Lock()
	q.isFull = isFull
	q.mu.Unlock()
}

// close lets no event in any more.
func (q *queue) close() {
	q.mu.Lock()
	q.isClosed.Store(true)
	q.mu.Unlock()
}

// waiting is how many events wait, and their size.
func (q *queue) waiting() (events int, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return int(q.pushed - q.popped), int64(q.pushedBytes - q.poppedBytes)
}

// wakeWhen asks for a wake-up once so many events wait or they have this size.
func (q *queue) wakeWhen(events int, bytes int64) {
	q.mu.Lock()
	q.wakeAt, q.wakeAtBytes = q.popped+uint64(events), q.poppedBytes+uint64(bytes)
	if q.pushed >= q.wakeAt || q.pushedBytes >= q.wakeAtBytes {
		q.wakeAt, q.wakeAtBytes = never, never
		notify(q.wake) // they came since flushLoop looked, and woke nobody
	}
	q.mu.Unlock()
}

// sleep asks for no wake-up.
func (q *queue) sleep() {
	q.mu.Lock()
	q.wakeAt, q.wakeAtBytes = never, never
	q.mu.Unlock()
}

// take moves up to maxEvents from the head into a batch, as many as fit into
// maxBytes but at least one, and returns nil if none waits. The batch takes the
// memory of a settled one, if there is one.
func (q *queue) take(maxEvents, maxBytes int, settled *batch) *batch {
	events, _ := q.waiting() // no more are sure to be whole
	maxEvents = min(events, maxEvents)
	if maxEvents <= 0 {
		return nil
	}
	events, bytes := 0, 0
	for at := q.head; events < maxEvents; events++ {
		length := at.length()
		if bytes += length + len(separator); events > 0 && bytes > maxBytes {
			bytes -= length + len(separator)
			break
		}
		at.read(nil, length)
	}
	bt := newBatch(events, bytes, settled)
	for range events {
		passed := q.head.chunk
		bt.body = q.head.read(bt.body, q.head.length())
		bt.endEvent(q.popped)
		q.popped++
		for passed != q.head.chunk {
			next := passed.next
			passed.release()
			passed = next
		}
	}
	q.poppedBytes += uint64(bytes)
	bt.seal()
	q.taken(bt)
	return bt
}

// taken hands over who waits for the events of a batch, and uses the last chunk
// from its beginning again, if all in it was taken.
func (q *queue) taken(bt *batch) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waits) > 0 {
		bt.waits = make(map[uint64]*wait)
		for _, m := range bt.marks {
			if w := q.waits[m.number]; w != nil {
				bt.waits[m.number] = w
				delete(q.waits, m.number)
			}
		}
	}
	if q.popped == q.pushed {
		q.head.at, q.tailLen = 0, 0
	}
}

// cursor is a place in the stream of events.
type cursor struct {
	*chunk
	at int
}

// length reads the length of the next event.
func (c *cursor) length() int {
	var length [lengthBytes]byte
	c.read(length[:0], lengthBytes)
	return int(binary.LittleEndian.Uint32(length[:]))
}

// read appends the next n bytes to dst, or passes over them if dst is nil.
func (c *cursor) read(dst []byte, n int) []byte {
	for n > 0 {
		if c.at == chunkBytes {
			c.chunk, c.at = c.next, 0
		}
		part := c.buf[c.at:min(c.at+n, chunkBytes)]
		if dst != nil {
			dst = append(dst, part...)
		}
		c.at += len(part)
		n -= len(part)
	}
	return dst
}
