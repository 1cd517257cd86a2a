package spool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Options is what [Open] needs to know.
type Options struct {
	Dir string
	// Label says what the events are, in a word of letters. Only parts with the
	// same label are taken over.
	Label string
	// MaxBytes bounds what all files in Dir take together.
	MaxBytes int64
	// SyncInterval is how often what was written is flushed to the disk; 0 leaves
	// that to the operating system.
	SyncInterval time.Duration
	// Report is called with what goes wrong behind the caller's back, a
	// [*DamageError] among it, from goroutines of the Spool and of the caller. The
	// same trouble is reported again while it lasts.
	Report func(error)
}

var (
	// ErrFull says that Options.MaxBytes are taken.
	ErrFull = errors.New("the spool is full")
	// ErrClosed says that Close was called.
	ErrClosed = errors.New("the spool is closed")

	errHeld = errors.New("locked by another process")
)

// DamageError says that a file lost events.
type DamageError struct {
	File string // its name in Dir/damaged, where it is kept once the rest of it is sent
	// Events is how many are lost: exactly, unless the end of the last file of a
	// process is missing, which counts as one.
	Events int
}

func (e *DamageError) Error() string {
	return fmt.Sprintf("%d events in a damaged file of the spool are lost; the file is kept as %s", e.Events, e.File)
}

// Ref is where an event is on the disk: a segment, and a place in it. 0 is
// nowhere.
type Ref uint64

func makeRef(seg *segment, number uint64) Ref { return Ref(seg.id)<<32 | Ref(number-seg.base) }

const (
	scanInterval  = 10 * time.Second // between looks at the directory
	maxDead       = 64               // parts that are taken over at a time: each has files open
	retryInterval = time.Second      // after an error of the disk
	idleBytes     = 4 << 10          // what an idle spool may keep of settled events
	damagedShare  = 16               // of MaxBytes, what damaged files may take: one 16th
	// A segment holds a 64th of MaxBytes, within these.
	minSegmentBytes = 64 << 10
	topSegmentBytes = 8 << 20
	usualGroupBytes = 2 << 20 // the writer keeps so much memory for the next group
)

// Spool is one process' share of a directory of events. See the package for who
// may call what.
type Spool struct {
	opts         Options
	dir          string
	segmentBytes int64

	// The writer's.
	frame    []byte
	failure  error // why the last write failed
	failedAt time.Time

	reader // the reader's

	mu       sync.Mutex
	own      *part   // nil after somebody removed it
	dead     []*part // taken over, or once the own one
	segments map[uint32]*segment
	lastID   uint32
	dirty    map[*segment]bool // have pending runs
	used     int64             // bytes of own and dead
	others   int64             // bytes of the rest of the directory when last looked at
	unsynced map[*segment]bool
	newFiles bool // since the last flush
	nextScan time.Time
	isClosed bool
	ownOnly  bool

	readable chan struct{} // size 1: there may be something to read
	settled  chan struct{} // size 1: there is something in dirty
	closing  chan struct{}
	running  sync.WaitGroup // keeper and syncer

	onSync func(path string, size int64) // for tests: so much is on the disk
}

// Open makes the directory and a part of its own in it. It fails where nothing
// can be written there, unless that is because of what dead processes left: as that
// is sent there will be room. Parts of dead processes are looked for by Next.
func Open(opts Options) (*Spool, error) {
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	s := &Spool{
		opts:         opts,
		dir:          dir,
		segmentBytes: min(max(opts.MaxBytes/64, minSegmentBytes), topSegmentBytes),
		segments:     make(map[uint32]*segment),
		dirty:        make(map[*segment]bool),
		unsynced:     make(map[*segment]bool),
		readable:     make(chan struct{}, 1),
		settled:      make(chan struct{}, 1),
		closing:      make(chan struct{}),
	}
	s.reader.finished, s.reader.refused = make(map[string]bool), make(map[string]string)
	if err = s.begin(); err != nil {
		if !isNoSpace(err) || !s.hasParts() {
			return nil, err
		}
		s.report(err)
	}
	s.running.Add(1)
	go s.keep()
	if opts.SyncInterval > 0 {
		s.running.Add(1)
		go s.syncLoop()
	}
	return s, nil
}

// begin makes the own part and a segment in it: whether there is room shows only
// when something is written.
func (s *Spool) begin() error {
	own, err := s.newPart()
	if err != nil {
		return err
	}
	s.own = own
	first, err := s.newSegment(own)
	if err != nil {
		own.remove()
		s.own = nil
		return err
	}
	first.isBusy = false
	return nil
}

// hasParts reports whether the directory has parts that this Spool would take over.
func (s *Spool) hasParts() bool {
	entries, _ := os.ReadDir(s.dir)
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		label, isPart := partLabel(e.Name())
		return isPart && label == s.opts.Label
	})
}

// Bytes is what the own part and those that were taken over take on the disk.
func (s *Spool) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.used
}

// HasBacklog reports whether there are own events that only the disk has.
func (s *Spool) HasBacklog() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.own != nil && s.own.backlog > 0
}

// OwnOnly makes Next return own events alone from now on.
func (s *Spool) OwnOnly() {
	s.mu.Lock()
	s.ownOnly = true
	s.mu.Unlock()
}

// Settle says that the events need not be kept. It may be called from any
// goroutine; what is no ref, or was settled before, is ignored.
func (s *Spool) Settle(refs []Ref) {
	s.mu.Lock()
	var seg *segment
	for _, r := range refs {
		if id := uint32(r >> 32); seg == nil || seg.id != id {
			if seg = s.segments[id]; seg == nil {
				continue
			}
		}
		s.settleLocked(seg, seg.base+uint64(uint32(r)))
	}
	s.mu.Unlock()
	notify(s.settled)
}

// settleLocked settles an event, and reports whether it was not settled yet.
func (s *Spool) settleLocked(seg *segment, number uint64) bool {
	if !seg.settled.add(number - seg.base) {
		return false
	}
	seg.settledCount++
	seg.pending = addRun(seg.pending, number)
	s.dirty[seg] = true
	return true
}

// Close leaves what is not settled to the next process, and releases the locks.
// Append must have returned; Next returns false from now on.
func (s *Spool) Close() error {
	s.mu.Lock()
	wasClosed := s.isClosed
	s.isClosed = true
	s.mu.Unlock()
	if wasClosed {
		return nil
	}
	close(s.closing)
	s.running.Wait()
	s.reader.mu.Lock() // Next has returned
	defer s.reader.mu.Unlock()
	s.reader.close()

	s.mu.Lock()
	own, dead := s.own, s.dead
	var err error
	if own != nil && own.active != nil {
		if out := s.retireLocked(own); out != nil {
			err = out.Close()
		}
	}
	s.mu.Unlock()
	// The keeper has ended: what it did is done here once more.
	s.tidy(true)
	if s.opts.SyncInterval > 0 {
		err = errors.Join(err, s.sync())
	}
	for _, p := range append(dead, own) {
		switch {
		case p == nil:
		case p == own && len(p.segments) == 0:
			p.remove()
		case len(p.segments) > 0: // else tidy removed it
			p.close()
		}
	}
	return err
}

func (s *Spool) report(err error) {
	if err != nil && s.opts.Report != nil {
		s.opts.Report(err)
	}
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// isAt reports whether path still names the open file.
func isAt(file *os.File, path string) bool {
	is, err := file.Stat()
	if err != nil {
		return false
	}
	want, err := os.Stat(path)
	return err == nil && os.SameFile(is, want)
}
