package spool

import (
	"fmt"
	"os"
	"time"
)

// Append writes events to the disk, all or none, and returns the Ref of the
// first; those of the others follow it. With room, and if nothing older waits on
// the disk, passed is true and the caller sends them itself. Else Next returns
// them in their turn. After an error other than ErrFull it fails at once for a
// second, and then tries again.
func (s *Spool) Append(events [][]byte, room bool) (first Ref, passed bool, err error) {
	if len(events) == 0 {
		return 0, false, nil
	}
	if s.failure != nil && time.Since(s.failedAt) < retryInterval {
		return 0, false, s.failure
	}
	size := 0
	for _, event := range events {
		size += recordBytes + len(event)
	}
	if size > maxGroupBytes {
		return 0, false, fmt.Errorf("%d bytes are too many for one write", size)
	}
	seg, err := s.writable(int64(size))
	if err == nil {
		first, passed, err = s.write(seg, events, room)
	}
	if err == ErrFull || err == ErrClosed {
		return 0, false, err
	}
	if s.failure = err; err != nil {
		s.failedAt = time.Now()
		return 0, false, err
	}
	if !passed {
		notify(s.readable)
	}
	return first, passed, nil
}

// writable returns the segment that size bytes can be appended to, busy.
func (s *Spool) writable(size int64) (*segment, error) {
	s.mu.Lock()
	own := s.own
	if s.isClosed || s.used+s.others+size > s.opts.MaxBytes {
		err := ErrFull
		if s.isClosed {
			err = ErrClosed
		}
		s.mu.Unlock()
		return nil, err
	}
	var seg *segment
	if own != nil && own.active != nil {
		if seg = own.active; seg.size >= s.segmentBytes {
			defer s.retireLocked(own).Close()
			seg = nil
		} else {
			seg.isBusy = true
		}
	}
	s.mu.Unlock()
	if seg != nil {
		return seg, nil
	}
	if own == nil {
		var err error
		if own, err = s.newPart(); err != nil {
			return nil, err
		}
		s.mu.Lock()
		s.own = own
		s.mu.Unlock()
	}
	return s.newSegment(own)
}

// write appends events to a busy segment.
func (s *Spool) write(seg *segment, events [][]byte, room bool) (first Ref, passed bool, err error) {
	number := seg.base + seg.count // nobody else changes size and count
	s.frame = s.frame[:0]
	for i, event := range events {
		s.frame = appendRecord(s.frame, seg.seed, number+uint64(i), event)
	}
	if seg.out == nil {
		seg.out, err = os.OpenFile(seg.path(eventsSuffix), os.O_WRONLY, 0)
	}
	if err == nil {
		_, err = seg.out.WriteAt(s.frame, seg.size)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.isBusy = false
	if err != nil {
		// The next try begins at the same place, in case the file was at fault
		// with a new handle.
		seg.out.Truncate(seg.size)
		seg.out.Close()
		seg.out = nil
		return 0, false, err
	}
	n := uint64(len(events))
	seg.size += int64(len(s.frame))
	seg.count += n
	s.used += int64(len(s.frame))
	own := seg.part
	own.next = number + n
	if passed = room && own.backlog == 0; passed {
		own.at = cursor{seg: seg, offset: seg.size, number: own.next}
	} else {
		own.backlog += n
	}
	if s.opts.SyncInterval > 0 {
		s.unsynced[seg] = true
	}
	if cap(s.frame) > usualGroupBytes {
		s.frame = nil
	}
	return makeRef(seg, number), passed, nil
}
