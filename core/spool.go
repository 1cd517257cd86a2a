package causality

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/spool"
)

// spooler keeps events on disk between Track and the sender, so that they outlive
// the process. A client without Config.Spool has none: its methods do nothing on nil.
//
//	Track → staged → write → ready → flushLoop
//	                   ↓       ↑
//	                  disk → read
//
// Track pushes into staged, a queue of its own. The goroutine write takes the
// events out, appends them to the disk and passes them on to ready, the queue that
// flushLoop takes them from; where memory is short they are left to the disk, and
// the goroutine read brings them in their turn, and those of dead processes beside
// them. staged holds the bytes of all that is in memory; ready has no bound.
//
// The ledger says which events are settled. They are known by their number in
// ready, and to the disk by a Ref: runs has the one for the other.
type spooler struct {
	disk       *spool.Spool
	staged     *queue
	ready      *queue
	report     *reporter
	ledger     *ledger
	reuseKeys  bool
	dir        string
	groupBytes int // bytes

	isHalted atomic.Bool   // write is to begin no other group
	room     chan struct{} // size 1: memory may have been freed
	stopped  chan struct{} // closed by close
	written  chan struct{} // closed when write has ended
	finished chan struct{} // closed when read has ended

	mu      sync.Mutex
	runs    []refRun            // of events in ready or in flight, by number
	used    int64               // size of the events in ready or in flight
	unsaved int64               // events in ready or in flight that the disk does not have
	saving  int64               // events that write holds
	waits   map[spool.Ref]*wait // of events that the disk alone has
	passed  uint64              // tracked events that went to ready, or were lost on the way, in their order
	moved   chan struct{}       // closed and made anew when passed grows
}

// refRun is events that follow one another in ready, and on disk.
type refRun struct {
	number uint64
	ref    spool.Ref
	events int // 0: all are settled
	left   int // of them unsettled
}

const (
	// spoolGroupBytes and spoolGroupEvents bound what is written at once. It is a
	// 16th of Spool.MaxBytes at most, for a group finds room as a whole or not at all.
	spoolGroupBytes  = 1 << 20
	spoolGroupEvents = 4096
	// spoolLinger is how long the first event of a group waits for others before
	// it is written: a write costs several times what an event does.
	spoolLinger = time.Millisecond
	// spoolChunkBytes is about what is read at once.
	spoolChunkBytes = 256 << 10
	// spoolRetry is how long write waits before it tries again.
	spoolRetry = 100 * time.Millisecond
	// spoolLastWrite is how long Close waits, beyond its deadline, for events that
	// are not on disk yet: a disk that is well takes all that memory holds in less.
	spoolLastWrite = time.Second
)

func openSpool(cfg *Config, staged *queue, ledger *ledger, report *reporter) (*spooler, error) {
	s := &spooler{
		staged:     staged,
		ready:      newQueue(math.MaxInt),
		report:     report,
		ledger:     ledger,
		reuseKeys:  cfg.ReuseKeys,
		dir:        cfg.Spool.Dir,
		groupBytes: int(min(spoolGroupBytes, cfg.Spool.MaxBytes/16)),
		room:       make(chan struct{}, 1),
		stopped:    make(chan struct{}),
		written:    make(chan struct{}),
		finished:   make(chan struct{}),
		waits:      make(map[spool.Ref]*wait),
		moved:      make(chan struct{}),
	}
	label := "envelope"
	if cfg.Format == FormatFlat {
		label = "flat"
	}
	var err error
	s.disk, err = spool.Open(spool.Options{
		Dir: cfg.Spool.Dir, Label: label, MaxBytes: cfg.Spool.MaxBytes, SyncInterval: cfg.Spool.SyncInterval,
		Report: s.trouble,
	})
	if err != nil {
		return nil, fmt.Errorf("causality: Config.Spool.Dir: %w", err)
	}
	return s, nil
}

// trouble reports what goes wrong on the disk.
func (s *spooler) trouble(err error) {
	var damage *spool.DamageError
	if errors.As(err, &damage) {
		s.report.say(sayDamaged, max(damage.Events, 1), damage.File, nil)
		return
	}
	s.report.say(saySpool, 1, "", err)
}

// write is the goroutine that brings events from staged to the disk.
func (s *spooler) write(closing <-chan struct{}, flush func()) {
	defer close(s.written)
	var group *batch
	for isClosing := false; ; {
		s.staged.wakeWhen(1, math.MaxInt64)
		select {
		case <-s.staged.wake:
			s.sleep(spoolLinger, closing)
		case <-closing:
			isClosing = true
		}
		for !s.isHalted.Load() {
			group = s.staged.take(spoolGroupEvents, s.groupBytes, group)
			if group == nil {
				break
			}
			s.save(group, closing, flush)
			if cap(group.body) > 2*spoolGroupBytes {
				group = nil
			}
		}
		if isClosing {
			return
		}
	}
}

// save writes a group to the disk and passes it on, if memory has room. While the
// disk cannot take it, it goes on through memory alone, or waits.
func (s *spooler) save(group *batch, closing <-chan struct{}, flush func()) {
	events := make([][]byte, group.len())
	for i := range events {
		events[i] = group.event(i)
	}
	var bytes int64
	for _, event := range events {
		bytes += sizeOf(len(event))
	}
	s.mu.Lock()
	s.saving = int64(len(events))
	s.mu.Unlock()
	for {
		hasRoom := s.usedBytes()+bytes <= s.staged.maxBytes/2
		first, passed, err := s.disk.Append(events, hasRoom)
		switch {
		case err == nil && passed:
			s.staged.setFull(false)
			s.pass(group, first, flush)
			return
		case err == nil:
			s.staged.setFull(false)
			s.leave(group, first)
			s.staged.free(bytes)
			notify(s.room)
			return
		}
		isFull := errors.Is(err, spool.ErrFull)
		s.staged.setFull(isFull)
		if !isFull {
			s.trouble(err)
		}
		if isClosed(closing) || !isFull && !s.disk.HasBacklog() {
			s.pass(group, 0, flush)
			return
		}
		s.sleep(spoolRetry, closing)
	}
}

// usedBytes is the size of the events that flushLoop has to send or has sent.
func (s *spooler) usedBytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// pass hands a group over to flushLoop. first is 0 if the disk does not have it.
func (s *spooler) pass(group *batch, first spool.Ref, flush func()) {
	s.mu.Lock()
	for i := range group.len() {
		ref := first
		if first != 0 {
			ref += spool.Ref(i)
		}
		s.pushLocked(group.event(i), ref, group.waits[group.marks[i].number])
	}
	s.saving = 0
	s.passedLocked(uint64(group.len()))
	s.mu.Unlock()
	if len(group.waits) > 0 {
		flush() // a Send waits
	}
}

// leave notes that the disk alone has a group.
func (s *spooler) leave(group *batch, first spool.Ref) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saving = 0
	for i, m := range group.marks {
		if w := group.waits[m.number]; w != nil {
			s.waits[first+spool.Ref(i)] = w
		}
	}
}

// pushLocked pushes an event into ready.
func (s *spooler) pushLocked(event []byte, ref spool.Ref, w *wait) {
	number := s.ready.count()
	s.used += sizeOf(len(event))
	if ref == 0 {
		s.unsaved++
	} else if last := len(s.runs) - 1; last >= 0 && s.runs[last].number+uint64(s.runs[last].events) == number && s.runs[last].ref+spool.Ref(s.runs[last].events) == ref {
		s.runs[last].events++
		s.runs[last].left++
	} else {
		s.runs = append(s.runs, refRun{number, ref, 1, 1})
	}
	s.ready.push(event, w) // never closed, and never full:
	s.ready.free(sizeOf(len(event)))
}

func (s *spooler) passedLocked(events uint64) {
	s.passed += events
	close(s.moved)
	s.moved = make(chan struct{})
}

// bytes is what the spool takes on the disk.
func (s *spooler) bytes() int64 {
	if s == nil {
		return 0
	}
	return s.disk.Bytes()
}

// start starts write and read.
func (s *spooler) start(b *batcher) {
	if s == nil {
		return
	}
	flush := func() {
		select {
		case b.flushes <- flushRequest{}:
		case <-b.done:
		}
	}
	go s.write(b.closing, flush)
	go s.read(flush)
}

// hurry says that the client is being closed: what dead processes left waits for
// the next one.
func (s *spooler) hurry() {
	if s != nil {
		s.disk.OwnOnly()
	}
}

// finishWriting waits until all events are on disk, once no more come. What a disk
// that hangs has not by then is not written any more: it counts as lost.
func (s *spooler) finishWriting() {
	if s == nil {
		return
	}
	select {
	case <-s.written:
	case <-time.After(spoolLastWrite):
		s.isHalted.Store(true)
	}
}

// close leaves what is on disk to the next process. It waits until ctx ends, or a
// moment longer, for a disk that hangs.
func (s *spooler) close(ctx context.Context) {
	if s == nil {
		return
	}
	close(s.stopped)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		<-s.written
		if err := s.disk.Close(); err != nil {
			s.trouble(err)
		}
		<-s.finished
	}()
	select {
	case <-closed:
		return
	case <-ctx.Done():
	}
	select {
	case <-closed:
	case <-time.After(lastWords):
	}
}

func (s *spooler) sleep(d time.Duration, closing <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-closing:
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
