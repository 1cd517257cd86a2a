package causality

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// chunkBytes is how much memory the queue takes at a time: little enough to be
// given back soon, and enough for a hundred events.
const chunkBytes = 64 << 10

// chunkEvents is how many events a chunk holds at most.
const chunkEvents = 192

// cacheLine keeps apart what different processors write: two lines, as they fetch
// them in pairs.
const cacheLine = 128

// queue holds encoded events in the order they came, each followed by the
// separator, in chunks. Track pushes into a lane, of which there are some, so that
// goroutines on different processors do not write to the same memory. Only
// flushLoop takes events out: pop and what it calls are its own.
type queue struct {
	// pushed is how many events there were: each has the next number.
	pushed atomic.Uint64
	_      [cacheLine]byte

	lanes  []lane
	runs   []run  // what has been gathered from the lanes, in order
	len    int    // events in runs
	popped uint64 // how many have been popped
}

// lane is the end of the queue that Track writes to.
type lane struct {
	mu         sync.Mutex
	head, tail *chunk
	_          [cacheLine]byte
}

// chunk is memory with events in it.
type chunk struct {
	buf   []byte
	marks []mark
	left  int // events not popped yet
	next  *chunk
	_     [cacheLine]byte
}

// mark is where an event ends in its chunk, and its number.
type mark struct {
	number uint64
	end    int32
}

// run is events of a chunk that follow one another in the queue.
type run struct {
	*chunk
	from, to int
}

var chunks = sync.Pool{New: func() any {
	buf := make([]byte, chunkBytes)
	// The system gives a page of memory when it is first written to, which takes
	// longer than to copy an event: now, and not under the lock.
	for at := 0; at < len(buf); at += pageBytes {
		buf[at] = 0
	}
	return &chunk{buf: buf[:0], marks: make([]mark, 0, chunkEvents)}
}}

// pageBytes is the smallest page of any system.
const pageBytes = 4 << 10

// newChunk returns an empty chunk with room for an event of size bytes. It may
// allocate, so it is called without a lock.
func newChunk(size int) *chunk {
	// Two that are over half of a chunk do not share one, and would waste as much
	// as they take.
	if size > chunkBytes/2 {
		return &chunk{buf: make([]byte, 0, size), marks: make([]mark, 0, 1)}
	}
	return chunks.Get().(*chunk)
}

func (c *chunk) release() {
	if cap(c.marks) != chunkEvents {
		return // made for one event, whatever its size
	}
	c.buf, c.marks, c.left, c.next = c.buf[:0], c.marks[:0], 0, nil
	chunks.Put(c)
}

// start is where the i-th event begins.
func (c *chunk) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.marks[i-1].end)
}

// maxLanes bounds what the queue of a client takes that is in use.
const maxLanes = 16

func newQueue() *queue {
	return &queue{lanes: make([]lane, min(2*runtime.GOMAXPROCS(0), maxLanes))}
}

// push appends an event through a lane, unless closed. It returns how many events
// there were then. Where somebody else is in the lane it changes to the next, so that
// who pushes at the same time ends up in different ones.
func (q *queue) push(event []byte, through *uint32, closed *atomic.Bool) (number uint64, ok bool) {
	l := q.lane(*through)
	if !l.mu.TryLock() {
		*through++
		l = q.lane(*through)
		l.mu.Lock()
	}
	size := len(event) + len(separator)
	var spare *chunk
	fits := l.fits(size)
	if !fits {
		l.mu.Unlock()
		spare = newChunk(size)
		l.mu.Lock()
		fits = l.fits(size)
	}
	if ok = !closed.Load(); ok {
		if !fits {
			l.extend(spare)
			spare = nil
		}
		c := l.tail
		c.buf = append(append(c.buf, event...), separator...)
		number = q.pushed.Add(1)
		c.marks = append(c.marks, mark{number: number, end: int32(len(c.buf))})
	}
	l.mu.Unlock()
	if spare != nil {
		spare.release()
	}
	return number, ok
}

func (q *queue) lane(i uint32) *lane { return &q.lanes[i%uint32(len(q.lanes))] }

// fits reports whether size bytes can be pushed without another chunk.
func (l *lane) fits(size int) bool {
	c := l.tail
	return c != nil && cap(c.buf)-len(c.buf) >= size && len(c.marks) < cap(c.marks)
}

// extend adds an empty chunk at the tail.
func (l *lane) extend(c *chunk) {
	if l.tail == nil {
		l.head = c
	} else {
		l.tail.next = c
	}
	l.tail = c
}

// lock locks all lanes: while they are, whatever has a number is in its lane.
func (q *queue) lock() {
	for i := range q.lanes {
		q.lanes[i].mu.Lock()
	}
}

func (q *queue) unlock() {
	for i := range q.lanes {
		q.lanes[i].mu.Unlock()
	}
}

// gather takes all that the lanes hold, in order.
func (q *queue) gather() {
	var heads [maxLanes]run
	lanes := heads[:0]
	q.lock()
	for i := range q.lanes {
		if l := &q.lanes[i]; l.head != nil {
			lanes = append(lanes, run{chunk: l.head})
			l.head, l.tail = nil, nil
		}
	}
	q.unlock()
	for len(lanes) > 0 {
		// The lane with the oldest event, and how far it goes before another's.
		oldest, until := 0, ^uint64(0)
		for i := 1; i < len(lanes); i++ {
			if lanes[i].number() < lanes[oldest].number() {
				oldest = i
			}
		}
		for i := range lanes {
			if i != oldest {
				until = min(until, lanes[i].number())
			}
		}
		r := &lanes[oldest]
		for r.to < len(r.marks) && r.marks[r.to].number < until {
			r.to++
		}
		q.runs = append(q.runs, *r)
		q.len += r.to - r.from
		r.left += r.to - r.from
		if r.from = r.to; r.to < len(r.marks) {
			continue
		}
		if *r = (run{chunk: r.next}); r.chunk == nil {
			lanes[oldest] = lanes[len(lanes)-1]
			lanes = lanes[:len(lanes)-1]
		}
	}
}

func (r *run) number() uint64 { return r.marks[r.from].number }

// size is how many events there are, those in the lanes too.
func (q *queue) size() int { return int(q.pushed.Load() - q.popped) }

// measure returns how many events from the head, at most maxEvents, fit into
// maxBytes, and their size. It is at least one event, whatever its size.
func (q *queue) measure(maxEvents, maxBytes int) (events, bytes int) {
	if q.len < maxEvents {
		q.gather()
	}
	for _, r := range q.runs {
		for i := r.from; i < r.to; i++ {
			size := int(r.marks[i].end) - r.start(i)
			if events == maxEvents || events > 0 && bytes+size > maxBytes {
				return events, bytes
			}
			events++
			bytes += size
		}
	}
	return events, bytes
}

// pop moves n events from the head into bt.
func (q *queue) pop(bt *batch, n int) {
	q.len -= n
	q.popped += uint64(n)
	done := 0
	for i := range q.runs {
		r := &q.runs[i]
		to := min(r.from+n, r.to)
		shift := len(bt.body) - r.start(r.from)
		bt.body = append(bt.body, r.buf[r.start(r.from):r.start(to)]...)
		for _, m := range r.marks[r.from:to] {
			bt.ends = append(bt.ends, m.end+int32(shift-len(separator)))
		}
		n -= to - r.from
		if r.left -= to - r.from; r.left == 0 {
			r.release()
		}
		if r.from = to; to < r.to {
			break
		}
		done++
		if n == 0 {
			break
		}
	}
	if clear(q.runs[:done]); done == len(q.runs) {
		q.runs = q.runs[:0]
	} else {
		q.runs = q.runs[done:]
	}
}

// clear drops everything.
func (q *queue) clear() {
	q.gather()
	q.runs, q.len = nil, 0
}
