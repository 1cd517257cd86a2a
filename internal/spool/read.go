package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"
	"time"
)

// chunkBytes is how much Next reads at a time, if no event is larger.
const chunkBytes = 256 << 10

// badReads is how many reads in a row may fail because of the medium before the
// rest of a segment counts as damaged.
const badReads = 10

// Chunk is what [Spool.Next] returns. It is the caller's to reuse.
type Chunk struct {
	Events [][]byte // valid until the next call
	Refs   []Ref
	// Recovered: they are of a process that died.
	Recovered bool
	// Lost is how many events cannot be read any more.
	Lost int

	numbers []uint64
	buf     []byte
}

// cursor is up to where a part is read.
type cursor struct {
	seg    *segment // nil: nothing yet
	offset int64
	number uint64 // of the next event
	isTorn bool   // no valid record since number
}

// reader is what belongs to the goroutine that calls Next.
type reader struct {
	mu       sync.Mutex // held during Next, so that Close can wait for it
	in       *os.File   // the file of inSeg
	inSeg    *segment
	handed   uint64 // events of the last chunk, part of the backlog of from until the next call
	from     *part
	turn     bool              // a dead process' part is next
	listed   []string          // parts that nobody may hold, as of the last look at the directory
	lookedAt time.Time         // when that was
	finished map[string]bool   // parts that have only foreign files, by name
	refused  map[string]string // why a part cannot be taken over, as reported, by name; or a label's parts
}

// Next reads the events that only the disk has into c: the own ones, and by turns
// with them those of dead processes. It waits until there are some, and returns
// false once the Spool is closed. The caller has handed on what the last chunk had
// when it calls again: only then may Append pass events by them.
func (s *Spool) Next(c *Chunk) bool {
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	for {
		s.mu.Lock()
		if s.from != nil {
			s.from.backlog -= s.handed
			s.from = nil
		}
		p, v := s.pickLocked()
		isClosed, isDue := s.isClosed, !s.ownOnly && !time.Now().Before(s.nextScan)
		if p == nil && isDue {
			s.nextScan = time.Now().Add(scanInterval)
		}
		s.mu.Unlock()
		c.Events, c.Refs, c.numbers, c.Lost = c.Events[:0], c.Refs[:0], c.numbers[:0], 0
		switch {
		case isClosed:
			return false
		case p != nil:
			if s.read(p, v, c); len(c.Events)+c.Lost > 0 {
				return true
			}
		case isDue:
			s.report(s.scan())
		default:
			s.wait()
		}
	}
}

func (s *Spool) wait() {
	s.mu.Lock()
	until := s.nextScan
	if s.ownOnly {
		until = time.Now().Add(scanInterval)
	}
	for _, p := range append(s.dead, s.own) {
		if p != nil && p.failures > 0 && p.retryAt.Before(until) {
			until = p.retryAt
		}
	}
	s.mu.Unlock()
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-s.readable:
	case <-timer.C:
	case <-s.closing:
	}
}

// view is what there is to read of a part.
type view struct {
	cursor
	limit int64  // where the segment ends
	end   uint64 // the number behind its last event; of a dead process', 0 if unknown
}

// pickLocked returns a part that has something to read: the own one and others
// by turns.
func (s *Spool) pickLocked() (*part, view) {
	now := time.Now()
	for range 2 {
		parts := []*part{s.own}
		if s.turn = !s.turn; s.turn {
			parts = s.dead
		}
		for _, p := range parts {
			if p == nil || now.Before(p.retryAt) || s.ownOnly && !p.isOwn {
				continue
			}
			if v, ok := p.viewLocked(); ok {
				return p, v
			}
		}
	}
	return nil, view{}
}

// viewLocked returns what is to be read next, if there is anything.
func (p *part) viewLocked() (v view, ok bool) {
	if p.at.seg == nil || p.at.isRead() {
		next := p.after(p.at.seg)
		if next == nil {
			return view{}, false
		}
		p.at = cursor{seg: next, offset: int64(headerBytes), number: next.base}
	}
	seg := p.at.seg
	v = view{cursor: p.at, limit: min(seg.size, maxSegmentBytes)}
	if p.isOwn {
		v.end = seg.base + seg.count
		return v, v.number < v.end
	}
	if seg.minCount > 0 {
		v.end = seg.base + seg.minCount
	}
	return v, true
}

// isRead reports whether all of a segment has been read that will ever be in it.
func (c cursor) isRead() bool {
	seg := c.seg
	if seg.part.isOwn {
		return seg != seg.part.active && c.number >= seg.base+seg.count
	}
	return seg.isFinal
}

// after returns the segment that follows one.
func (p *part) after(seg *segment) *segment {
	for _, next := range p.segments {
		if seg == nil || next.base > seg.base {
			return next
		}
	}
	return nil
}

// read reads what v shows into c, at most about chunkBytes.
func (s *Spool) read(p *part, v view, c *Chunk) {
	window, err := s.window(v, c)
	if err != nil {
		s.mu.Lock()
		p.failures++
		p.retryAt = time.Now().Add(retryInterval)
		isBad := p.failures >= badReads && errors.Is(err, syscall.EIO)
		s.mu.Unlock()
		s.report(fmt.Errorf("cannot read a segment of the spool: %w", err))
		if !isBad {
			return
		}
	}
	isEnd := len(window) == 0 || v.offset+int64(len(window)) >= v.limit
	gaps, at := parse(window, v.cursor, isEnd, c)
	if isEnd {
		end := v.end
		if end == 0 && at.isTorn && (at.number > v.seg.base || !v.seg.isForeign) {
			end = at.number + 1 // at least one
		}
		if at.number < end {
			gaps = append(gaps, run{at.number, uint32(end - at.number)})
			at.number = end
		}
		at.offset = v.limit
		s.reader.close()
	}

	s.mu.Lock()
	if err == nil {
		p.failures = 0
	}
	for _, gap := range gaps {
		for i := range uint64(gap.n) {
			if s.settleLocked(v.seg, gap.first+i) {
				c.Lost++
			}
		}
	}
	kept := c.Events[:0]
	for i, n := range c.numbers {
		if !v.seg.settled.has(n - v.seg.base) {
			kept = append(kept, c.Events[i])
			c.Refs = append(c.Refs, makeRef(v.seg, n))
		}
	}
	c.Events, c.Recovered = kept, !p.isOwn
	p.at = at
	v.seg.lost += c.Lost
	v.seg.isDamaged = v.seg.lost > 0 || isEnd && v.seg.isForeign && at.number == v.seg.base
	if p.isOwn {
		s.from, s.handed = p, at.number-v.number
	} else if isEnd {
		v.seg.count = max(at.number-v.seg.base, v.seg.settledCount)
		v.seg.isFinal = true
		if p.after(v.seg) == nil {
			s.nextScan = time.Time{} // for the next part
		}
	}
	isDamaged, lost := v.seg.isDamaged, v.seg.lost
	s.mu.Unlock()
	if isEnd {
		notify(s.settled)
		if isDamaged {
			s.report(&DamageError{File: s.damagedPath(v.seg), Events: lost})
		}
	}
}

// parse appends the events of window, which begins at the cursor, to c, and moves
// the cursor behind the last. It returns the numbers that have no valid record
// before that. What is no valid record it passes byte by byte.
func parse(window []byte, at cursor, isEnd bool, c *Chunk) (gaps []run, _ cursor) {
	pos := 0
	for pos < len(window) {
		rest := window[pos:]
		r, ok := parseRecord(rest, at.seg.seed)
		isWhole := ok && recordBytes+r.length <= len(rest)
		if !isEnd && (len(rest) < recordBytes || ok && !isWhole) {
			break // it is in the next window
		}
		if !isWhole || r.number < at.number || r.number-at.seg.base >= maxSegmentEvents {
			at.isTorn = true
			pos++
			continue
		}
		event := rest[recordBytes : recordBytes+r.length]
		at.isTorn = checksum(at.seg.seed, event) != r.sum
		if at.isTorn {
			gaps = append(gaps, run{at.number, uint32(r.number + 1 - at.number)})
		} else {
			if r.number > at.number {
				gaps = append(gaps, run{at.number, uint32(r.number - at.number)})
			}
			c.Events = append(c.Events, event)
			c.numbers = append(c.numbers, r.number)
		}
		at.number = r.number + 1
		pos += recordBytes + r.length
	}
	at.offset += int64(pos)
	return gaps, at
}

// window reads what follows the cursor: chunkBytes, or a whole event.
func (s *Spool) window(v view, c *Chunk) ([]byte, error) {
	if s.inSeg != v.seg {
		s.reader.close()
		in, err := os.Open(v.seg.path(eventsSuffix))
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil // all in it is lost
		}
		if err != nil {
			return nil, err
		}
		s.in, s.inSeg = in, v.seg
	}
	for want := int64(chunkBytes); ; {
		n := max(min(want, v.limit-v.offset), 0)
		if int64(cap(c.buf)) < n || cap(c.buf) > 4*chunkBytes && n <= chunkBytes {
			c.buf = make([]byte, max(n, chunkBytes))
		}
		read, err := s.in.ReadAt(c.buf[:n], v.offset)
		if err != nil && err != io.EOF {
			return nil, err
		}
		window := c.buf[:read]
		r, ok := parseRecord(window, v.seg.seed)
		if !ok || recordBytes+r.length <= read || int64(read) < n || v.offset+n >= v.limit {
			return window, nil
		}
		want = int64(recordBytes + r.length)
	}
}

func (r *reader) close() {
	if r.in != nil {
		r.in.Close()
	}
	r.in, r.inSeg = nil, nil
}
