package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"
)

// chunkBytes is how much Next reads at a time, if no event is larger.
const chunkBytes = 256 << 10

// badReads is how many reads in a row may fail before the rest of a segment counts
// as damaged.
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
	handed   uint64 // own events of the last chunk, part of Spool.backlog until the next call
	turn     bool   // a dead process' part is next
	nextScan time.Time
	finished map[string]bool // parts not to be taken over, by name
}

// Next reads the events that only the disk has into c: the own ones, and by turns
// with them those of dead processes. It waits until there are some, and returns
// false once the Spool is closed. The caller has handed on what the last chunk had
// when it calls again: only then may Append pass events by them.
func (s *Spool) Next(c *Chunk) bool {
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	for {
		c.Events, c.Refs, c.numbers, c.Recovered, c.Lost = c.Events[:0], c.Refs[:0], c.numbers[:0], false, 0
		s.mu.Lock()
		s.backlog -= min(s.backlog, s.handed)
		s.handed = 0
		c.Lost, s.orphaned = s.orphaned, 0
		isClosed := s.isClosed
		var p *part
		var v view
		if !isClosed && c.Lost == 0 {
			p, v = s.pickLocked()
		}
		s.mu.Unlock()
		switch {
		case isClosed:
			return false
		case c.Lost > 0:
			return true
		case p != nil:
			s.read(p, v, c)
			if len(c.Events)+c.Lost > 0 {
				return true
			}
		case !time.Now().Before(s.nextScan):
			s.nextScan = time.Now().Add(scanInterval)
			s.report(s.scan())
		default:
			s.wait()
		}
	}
}

func (s *Spool) wait() {
	until := s.nextScan
	s.mu.Lock()
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
	count uint64 // of the events in it; of a dead process', the least it had
	isEnd bool   // nothing will be added to it
}

// pickLocked returns a part that has something to read.
func (s *Spool) pickLocked() (*part, view) {
	s.turn = !s.turn
	now := time.Now()
	for range 2 {
		if s.turn {
			for _, p := range s.dead {
				if v, ok := p.viewLocked(now); ok {
					return p, v
				}
			}
		} else if p := s.own; p != nil && s.backlog > 0 {
			if v, ok := p.viewLocked(now); ok {
				return p, v
			}
		}
		s.turn = !s.turn
	}
	return nil, view{}
}

// viewLocked returns what is to be read next, if there is anything.
func (p *part) viewLocked(now time.Time) (v view, ok bool) {
	if now.Before(p.retryAt) {
		return view{}, false
	}
	seg := p.at.seg
	if seg == nil || p.at.isRead() {
		next := p.after(seg)
		if next == nil {
			return view{}, false
		}
		seg = next
		p.at = cursor{seg: seg, offset: int64(headerBytes), number: seg.base}
	}
	v = view{cursor: p.at, limit: min(seg.size, maxSegmentBytes), count: seg.count, isEnd: seg != p.active}
	if !p.isOwn {
		v.count = seg.minCount
	}
	return v, v.isEnd || v.offset < v.limit
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
		isBad := p.failures >= badReads
		s.mu.Unlock()
		s.report(fmt.Errorf("cannot read a segment of the spool: %w", err))
		if !isBad {
			return
		}
	}
	wasAt := v.number
	var gaps []gap
	isEnd := v.offset+int64(len(window)) >= v.limit || err != nil || len(window) == 0
	gaps, v.cursor = parse(window, v.cursor, isEnd, c)
	end := v.seg.base + v.count
	if isEnd {
		if v.isTorn && !p.isOwn && v.count == 0 && (v.number > v.seg.base || !v.seg.isForeign) {
			end = v.number + 1 // at least one
		}
		if v.number < end {
			gaps = append(gaps, gap{v.number, end})
			v.number = end
		}
		v.offset = v.limit
		s.reader.close()
	}

	s.mu.Lock()
	if p.isOwn && p != s.own {
		s.mu.Unlock()
		c.Events, c.numbers = c.Events[:0], nil
		return // it was removed, with all that was in it
	}
	if err == nil {
		p.failures = 0
	}
	for _, g := range gaps {
		for n := g.from; n < g.to; n++ {
			if s.settleLocked(v.seg, n) {
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
	p.at = v.cursor
	v.seg.lost += c.Lost
	lost, isUnreadable := v.seg.lost, false
	if p.isOwn {
		s.handed = v.number - wasAt
	} else if isEnd {
		isUnreadable = v.seg.isForeign && lost == 0 && v.number == v.seg.base
		v.seg.count = max(v.number-v.seg.base, v.seg.settledCount)
		v.seg.isFinal = true
		if p.after(v.seg) == nil {
			s.nextScan = time.Time{} // for the next part
		}
	}
	v.seg.isDamaged = v.seg.isDamaged || lost > 0 || isUnreadable
	s.mu.Unlock()
	if isEnd {
		notify(s.settled)
		if lost > 0 || isUnreadable {
			s.report(&DamageError{File: s.damagedPath(v.seg), Events: lost})
		}
	}
}

// gap is a range of numbers without a valid record.
type gap struct{ from, to uint64 }

// parse appends the events of window, which begins at the cursor, to c, and moves
// the cursor behind the last. What is no valid record it passes byte by byte.
func parse(window []byte, at cursor, isEnd bool, c *Chunk) ([]gap, cursor) {
	var gaps []gap
	pos := 0
	for pos < len(window) {
		rest := window[pos:]
		if len(rest) < recordBytes {
			if isEnd {
				at.isTorn = true
				pos = len(window)
			}
			break
		}
		r, ok := parseRecord(rest, at.seg.seed)
		if !ok || r.number < at.number || r.number-at.seg.base >= maxSegmentEvents {
			at.isTorn = true
			pos++
			continue
		}
		if recordBytes+r.length > len(rest) {
			if !isEnd {
				break // in the next window
			}
			at.isTorn = true
			pos++
			continue
		}
		if r.number > at.number {
			gaps = append(gaps, gap{at.number, r.number})
		}
		event := rest[recordBytes : recordBytes+r.length]
		if at.isTorn = checksum(at.seg.seed, event) != r.sum; at.isTorn {
			gaps = append(gaps, gap{r.number, r.number + 1})
		} else {
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
		if read < recordBytes || int64(read) < n || v.offset+n >= v.limit {
			return window, nil
		}
		r, ok := parseRecord(window, v.seg.seed)
		if !ok || recordBytes+r.length <= read {
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
