package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

// part is the directory of one process: the own one, or that of a dead process
// that was taken over.
type part struct {
	name, dir string
	lock      *os.File
	isOwn     bool

	// Under Spool.mu.
	segments []*segment // oldest first
	active   *segment   // of the own part: what is appended to; nil: none yet
	next     uint64     // of the own part: the number of the next event
	backlog  uint64     // of the own part: events that only the disk has
	at       cursor     // up to where it is read
	retryAt  time.Time  // reading failed: not before
	failures int        // of reading, in a row
}

// segment is a file of events, and the file that says which are settled.
type segment struct {
	part *part
	id   uint32
	base uint64 // number of the first event
	seed uint32

	out *os.File // while it is active; who retires it closes it

	// The keeper's.
	log      *os.File // the file of settled events, once something is written to it
	logBytes int64

	// Under Spool.mu.
	size         int64  // of the file of events
	count        uint64 // events
	isFinal      bool   // count will not change
	isBusy       bool   // Append writes to it
	isDamaged    bool
	settled      bitmap
	settledCount uint64
	pending      []run  // settled, which no file says yet
	minCount     uint64 // of a dead process: what the next segment says
	isForeign    bool   // it does not begin like one of ours
	lost         int    // events of it that could not be read
}

func (seg *segment) path(suffix string) string {
	return filepath.Join(seg.part.dir, segmentName(seg.base)+suffix)
}

// isDone reports whether nobody needs it any more.
func (seg *segment) isDone() bool {
	return seg.isFinal && !seg.isBusy && seg.settledCount == seg.count
}

func (s *Spool) newPart() (*part, error) {
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return nil, err
	}
	for try := 0; ; try++ {
		name := partName(s.opts.Label, time.Now(), rand.Uint64())
		p := &part{name: name, dir: filepath.Join(s.dir, name), isOwn: true, next: 1}
		if err := os.Mkdir(p.dir, 0o700); err != nil {
			return nil, err
		}
		var err error
		if p.lock, err = acquire(filepath.Join(p.dir, lockName), true); err == nil {
			return p, nil
		}
		os.Remove(p.dir)
		// Another process may have taken it for that of a dead one, in the moment
		// before it was locked.
		if try == 9 || !errors.Is(err, errHeld) && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
}

// remove removes a part without segments. Foreign files in it stay.
func (p *part) remove() {
	removeLock(p.lock)
	os.Remove(p.dir)
}

// close leaves a part to others.
func (p *part) close() {
	for _, seg := range p.segments {
		if seg.log != nil {
			seg.log.Close()
		}
	}
	p.lock.Close()
}

// newSegment starts the next segment of the own part, busy. Only the writer calls
// it.
func (s *Spool) newSegment(p *part) (*segment, error) {
	seg := &segment{part: p, base: p.next, seed: segmentSeed(p.name, p.next), size: int64(headerBytes), isBusy: true}
	out, err := os.OpenFile(seg.path(eventsSuffix), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if _, err := out.Write(appendHeader(nil)); err != nil {
		out.Close()
		os.Remove(out.Name())
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != p {
		out.Close()
		return nil, fs.ErrNotExist // it was removed meanwhile
	}
	seg.out, p.active = out, seg
	p.segments = append(p.segments, seg)
	s.registerLocked(seg)
	s.newFiles = true
	return seg, nil
}

// registerLocked gives a segment the id that its Refs have.
func (s *Spool) registerLocked(seg *segment) {
	s.lastID++
	seg.id = s.lastID
	s.segments[seg.id] = seg
	s.used += seg.size + seg.logBytes
}

// retireLocked ends the active segment, and returns its file to be closed.
func (s *Spool) retireLocked(p *part) *os.File {
	seg := p.active
	out := seg.out
	seg.isFinal, seg.out, p.active = true, nil, nil
	return out
}

// scan looks at the directory, if that is due, and takes over the oldest part of a
// dead process.
func (s *Spool) scan() error {
	if len(s.listed) == 0 || time.Since(s.lookedAt) >= scanInterval {
		if err := s.look(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	hasRoom := len(s.dead) < maxDead
	s.mu.Unlock()
	for hasRoom && len(s.listed) > 0 {
		name := s.listed[0]
		s.listed = s.listed[1:]
		taken, err := s.takeOver(name)
		if err != nil && s.refused[name] != err.Error() {
			s.refused[name] = err.Error()
			s.report(fmt.Errorf("cannot take over %s: %w", filepath.Join(s.dir, name), err))
		}
		if taken == nil {
			continue
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, seg := range taken.segments {
			s.registerLocked(seg)
			s.others = max(0, s.others-seg.size-seg.logBytes)
		}
		s.dead = append(s.dead, taken)
		break
	}
	return nil
}

// look measures the directory, lists the parts of others in it, and looks whether
// the own one is still there.
func (s *Spool) look() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.lookedAt, s.listed = time.Now(), nil
	s.checkOwn()
	s.mu.Lock()
	ours := make(map[string]bool)
	if s.own != nil {
		ours[s.own.name] = true
	}
	for _, p := range s.dead {
		ours[p.name] = true
	}
	s.mu.Unlock()
	others := directoryBytes(filepath.Join(s.dir, damagedName))
	for _, entry := range entries { // sorted, so the oldest is first
		name := entry.Name()
		label, isPart := partLabel(name)
		switch {
		case !isPart || !entry.IsDir() || ours[name]:
			continue
		case label != s.opts.Label:
			s.reportLeft(name, label)
		case !s.finished[name]:
			s.listed = append(s.listed, name)
		}
		others += directoryBytes(filepath.Join(s.dir, name))
	}
	s.mu.Lock()
	s.others = others
	s.mu.Unlock()
	return nil
}

// reportLeft reports once that a dead process with another label left a part.
func (s *Spool) reportLeft(name, label string) {
	if s.refused[label] != "" {
		return
	}
	lock, err := acquire(filepath.Join(s.dir, name, lockName), false)
	if err != nil {
		return // its process lives
	}
	lock.Close()
	s.refused[label] = "another label"
	s.report(fmt.Errorf("%s holds events in the format %s, and waits for a process that has it, too", filepath.Join(s.dir, name), label))
}

// checkOwn gives the own part up if somebody removed it. The writer makes another.
func (s *Spool) checkOwn() {
	s.mu.Lock()
	own := s.own
	var active *segment
	if own != nil {
		active = own.active
	}
	s.mu.Unlock()
	if own == nil {
		return
	}
	_, err := os.Stat(own.dir)
	if active != nil && err == nil {
		_, err = os.Stat(active.path(eventsSuffix))
	}
	if err == nil && !isAt(own.lock, own.lock.Name()) {
		var lock *os.File
		if lock, err = acquire(own.lock.Name(), true); err == nil {
			own.lock.Close()
			own.lock = lock
		}
	}
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errHeld) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if own.active != active || active != nil && active.isBusy {
		return // it changed meanwhile: the next look will show
	}
	if active != nil {
		s.retireLocked(own).Close()
	}
	// What only the disk had is missed when it is read.
	s.own, s.dead = nil, append(s.dead, own)
	go s.report(fmt.Errorf("somebody removed %s while it was in use", own.dir))
}

func directoryBytes(dir string) (size int64) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	return size
}

// takeOver returns the part of a dead process, or nil if it is alive. A part of
// a later version is left as it is.
func (s *Spool) takeOver(name string) (p *part, err error) {
	p = &part{name: name, dir: filepath.Join(s.dir, name)}
	p.lock, err = acquire(filepath.Join(p.dir, lockName), false)
	if errors.Is(err, fs.ErrNotExist) {
		if os.Remove(p.dir) == nil {
			return nil, nil // it was empty: its process died as it began or ended
		}
		// Somebody removed the lock, which its owner would notice by then.
		info, gone := os.Stat(p.dir)
		if gone != nil {
			return nil, nil
		}
		if age := time.Since(info.ModTime()); age > 0 && age < 6*scanInterval { // below 0: the clock went back
			return nil, nil
		}
		p.lock, err = acquire(filepath.Join(p.dir, lockName), true)
	}
	if errors.Is(err, errHeld) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := p.load(); err != nil {
		p.lock.Close()
		return nil, err
	}
	if len(p.segments) == 0 {
		p.remove()
		s.finished[name] = true // foreign files may be left in it
		return nil, nil
	}
	return p, nil
}

// load finds the segments of a dead process, and what was settled of them.
func (p *part) load() error {
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		base, ok := parseSegmentName(entry.Name(), eventsSuffix)
		info, err := entry.Info()
		if !ok || err != nil || !info.Mode().IsRegular() {
			continue
		}
		seg := &segment{part: p, base: base, seed: segmentSeed(p.name, base), size: info.Size()}
		header, err := readStart(seg.path(eventsSuffix), headerBytes)
		if err != nil {
			return err
		}
		if isFuture(header) {
			return errors.New("a later version of this package wrote it")
		}
		seg.isForeign = !bytes.HasPrefix(appendHeader(nil), header)
		log, err := readSettled(seg.path(settledSuffix))
		if err != nil {
			return err
		}
		seg.logBytes = int64(len(log) / settledBytes * settledBytes)
		for _, r := range parseSettled(log, seg.seed) {
			for i := r.first - base; r.n > 0 && i < maxSegmentEvents; i, r.n = i+1, r.n-1 {
				if seg.settled.add(i) {
					seg.settledCount++
				}
			}
		}
		if last := len(p.segments) - 1; last >= 0 && !seg.isForeign && base-p.segments[last].base <= maxSegmentEvents {
			p.segments[last].minCount = base - p.segments[last].base
		}
		p.segments = append(p.segments, seg)
	}
	return nil
}

// readSettled returns what a file of settled events holds. Something else of its name
// makes way: opening it might take for ever.
func readSettled(path string) ([]byte, error) {
	if info, err := os.Lstat(path); err == nil && !info.Mode().IsRegular() {
		if err := os.Remove(path); err != nil {
			return nil, err
		}
	}
	log, err := readStart(path, maxGroupBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return log, err
}

// readStart returns the first n bytes of a file, or all if it is shorter.
func readStart(path string, n int) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, int64(n)))
}
