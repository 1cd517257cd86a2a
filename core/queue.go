package causality

import "sync"

// chunkBytes is how much memory the queue takes at a time: little enough to be
// given back soon, and enough for a hundred events.
const chunkBytes = 64 << 10

// queue holds encoded events in the order they came, each followed by the
// separator, in chunks, so that a body is a few large copies. It is not safe
// for concurrent use: the batcher's mutex guards it.
type queue struct {
	head, tail *chunk
	len        int
}

// chunk is a run of events. ends[taken:] are the ends of those still queued.
type chunk struct {
	buf   []byte
	ends  []int32
	taken int
	next  *chunk
}

var chunks = sync.Pool{New: func() any {
	buf := make([]byte, chunkBytes)
	// The system gives a page of memory when it is first written to, which takes
	// longer than to copy an event: now, and not under the lock.
	for at := 0; at < len(buf); at += pageBytes {
		buf[at] = 0
	}
	return &chunk{buf: buf[:0], ends: make([]int32, 0, 256)}
}}

// pageBytes is the smallest page of any system.
const pageBytes = 4 << 10

// newChunk returns an empty chunk with room for an event of size bytes. It may
// allocate, so it is called without the lock.
func newChunk(size int) *chunk {
	// Two that are over half of a chunk do not share one, and would waste as much
	// as they take.
	if size > chunkBytes/2 {
		return &chunk{buf: make([]byte, 0, size), ends: make([]int32, 0, 1)}
	}
	return chunks.Get().(*chunk)
}

func (c *chunk) release() {
	if cap(c.buf) != chunkBytes {
		return
	}
	c.buf, c.ends, c.taken, c.next = c.buf[:0], c.ends[:0], 0, nil
	chunks.Put(c)
}

// fits reports whether size bytes can be pushed without another chunk.
func (q *queue) fits(size int) bool {
	return q.tail != nil && cap(q.tail.buf)-len(q.tail.buf) >= size && len(q.tail.ends) < cap(q.tail.ends)
}

// extend adds an empty chunk at the tail.
func (q *queue) extend(c *chunk) {
	if q.tail == nil {
		q.head = c
	} else {
		q.tail.next = c
	}
	q.tail = c
}

// push appends an event, for which there is room.
func (q *queue) push(event []byte) {
	c := q.tail
	c.buf = append(append(c.buf, event...), separator...)
	c.ends = append(c.ends, int32(len(c.buf)))
	q.len++
}

// measure returns how many events from the head, at most maxEvents, fit into
// maxBytes, and their size. It is at least one event, whatever its size.
func (q *queue) measure(maxEvents, maxBytes int) (events, bytes int) {
	for c := q.head; c != nil; c = c.next {
		for i := c.taken; i < len(c.ends); i++ {
			size := int(c.ends[i]) - c.start(i)
			if events == maxEvents || events > 0 && bytes+size > maxBytes {
				return events, bytes
			}
			events++
			bytes += size
		}
	}
	return events, bytes
}

func (c *chunk) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.ends[i-1])
}

// pop moves n events from the head into bt.
func (q *queue) pop(bt *batch, n int) {
	q.len -= n
	for n > 0 {
		c := q.head
		from := c.taken
		to := min(from+n, len(c.ends))
		shift := len(bt.body) - c.start(from)
		bt.body = append(bt.body, c.buf[c.start(from):c.start(to)]...)
		for _, end := range c.ends[from:to] {
			bt.ends = append(bt.ends, end+int32(shift-len(separator)))
		}
		c.taken = to
		n -= to - from
		if to == len(c.ends) {
			if q.head = c.next; q.head == nil {
				q.tail = nil
			}
			c.release()
		}
	}
}

// clear drops everything.
func (q *queue) clear() { *q = queue{} }
