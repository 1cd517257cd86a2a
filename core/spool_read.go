package causality

import (
	"context"
	"fmt"
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

// read is the goroutine that brings events from the disk.
func (s *spooler) read(flush func()) {
	defer close(s.finished)
	for c := (spool.Chunk{}); ; {
		// Where nothing is on its way to the gateway, it must read, or the disk would
		// stay as full as memory is.
		for used := s.usedBytes(); used > 0 && (used > s.staged.maxBytes/2-spoolChunkBytes || s.staged.held() > s.staged.maxBytes-spoolChunkBytes); used = s.usedBytes() {
			select {
			case <-s.room:
			case <-s.stopped:
				return
			}
		}
		if !s.disk.Next(&c) {
			return
		}
		s.ledger.read(int64(len(c.Events)), int64(c.Lost), c.Recovered)
		isWaited := false
		s.mu.Lock()
		for i, event := range c.Events {
			if c.Recovered && !s.reuseKeys {
				envelope.Rekey(event) // it may have been in a request when the process died
			}
			w := s.waits[c.Refs[i]]
			delete(s.waits, c.Refs[i])
			isWaited = isWaited || w != nil
			s.staged.free(-sizeOf(len(event)))
			s.pushLocked(event, c.Refs[i], w)
		}
		if !c.Recovered {
			s.passedLocked(uint64(len(c.Events) + c.Lost))
		}
		s.mu.Unlock()
		if isWaited {
			flush()
		}
	}
}

// settled says that events of a batch need not be kept: all, or those for which
// isKept, if it is not nil, is false.
func (s *spooler) settled(bt *batch, isKept []bool) {
	if s == nil {
		return
	}
	refs := make([]spool.Ref, 0, bt.len())
	s.mu.Lock()
	for i, m := range bt.marks {
		if isKept == nil || !isKept[i] {
			s.used -= sizeOf(len(bt.event(i)))
			if ref := s.forgetLocked(m.number); ref != 0 {
				refs = append(refs, ref)
			}
		}
	}
	s.mu.Unlock()
	s.disk.Settle(refs)
	notify(s.room)
}

// settledOne says that the i-th event of a batch need not be kept.
func (s *spooler) settledOne(bt *batch, i int) {
	if s == nil {
		return
	}
	isKept := slices.Repeat([]bool{true}, bt.len())
	isKept[i] = false
	s.settled(bt, isKept)
}

// forgetLocked returns where an event of ready is on the disk, or 0, and forgets
// it.
func (s *spooler) forgetLocked(number uint64) (ref spool.Ref) {
	at, isSaved := s.find(number)
	if !isSaved {
		s.unsaved--
		return 0
	}
	r := &s.runs[at]
	ref = r.ref + spool.Ref(number-r.number)
	if r.left--; r.left == 0 {
		s.runs = slices.Delete(s.runs, at, at+1)
	}
	return ref
}

// find returns which run has an event.
func (s *spooler) find(number uint64) (at int, isSaved bool) {
	return slices.BinarySearchFunc(s.runs, number, func(r refRun, number uint64) int {
		switch {
		case r.number > number:
			return 1
		case r.number+uint64(r.events) <= number:
			return -1
		}
		return 0
	})
}

// hasPassed reports whether all of the first tracked events, so many, were handed
// to flushLoop.
func (s *spooler) hasPassed(tracked uint64) bool {
	if s == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passed >= tracked
}

// waitPassed waits until they were, or more of them.
func (s *spooler) waitPassed(ctx context.Context, tracked uint64, done <-chan struct{}) {
	s.mu.Lock()
	passed, moved := s.passed, s.moved
	s.mu.Unlock()
	if passed >= tracked {
		return
	}
	select {
	case <-moved:
	case <-done:
	case <-ctx.Done():
	}
}

// lost is how many of the queued events the disk does not have.
func (s *spooler) lost(queued int64) int64 {
	if s == nil {
		return queued
	}
	waiting, _ := s.staged.waiting()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unsaved + s.saving + int64(waiting)
}

// lostOf returns the events of batches that the disk does not have.
func (s *spooler) lostOf(batches []*batch) (lost []*batch) {
	if s == nil {
		return batches
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, bt := range batches {
		if part := bt.subset(func(i int) bool { _, saved := s.find(bt.marks[i].number); return !saved }); part != nil {
			lost = append(lost, part)
		}
	}
	return lost
}

// kept reports how many events Close leaves to the next process, and returns the
// error for a Send that waits for one of them.
func (s *spooler) kept(events int64) error {
	if s == nil || events == 0 {
		return nil
	}
	s.report.say(sayKept, int(events), s.dir, nil)
	err := fmt.Errorf("%w: the event waits in the spool for the next process", ErrUndelivered)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waits {
		w.settle(err)
	}
	return err
}
