package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// keep writes down what is settled, and removes what nobody needs.
func (s *Spool) keep() {
	defer s.running.Done()
	var again <-chan time.Time
	for {
		isIdle := false
		select {
		case <-s.settled:
		case <-again:
			isIdle = true
		case <-s.closing:
			return
		}
		if again = nil; s.tidy(isIdle) {
			again = time.After(retryInterval)
		}
	}
}

// tidy brings the files up to what is settled. It reports whether it is to be
// called again in a while: after an error, or when the active segment has only
// settled events, which are removed if isIdle.
func (s *Spool) tidy(isIdle bool) (again bool) {
	var errs []error
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = make(map[*segment]bool)
	s.mu.Unlock()
	for seg := range dirty {
		errs = append(errs, s.writeSettled(seg))
	}

	var done, cut []*segment
	var out *os.File
	s.mu.Lock()
	if own := s.own; own != nil && own.active != nil {
		if seg := own.active; !seg.isBusy && seg.size > idleBytes && seg.settledCount == seg.count {
			if again = !isIdle; isIdle {
				out = s.retireLocked(own)
			}
		}
	}
	for _, p := range append(s.dead, s.own) {
		if p == nil {
			continue
		}
		n := 0
		for n < len(p.segments) && p.segments[n].isDone() {
			n++
		}
		done = append(done, p.segments[:n]...)
		for _, seg := range p.segments[n:] {
			if seg.isDone() && seg.size > 0 && !seg.isDamaged {
				cut = append(cut, seg)
			}
		}
	}
	s.mu.Unlock()

	if out != nil {
		out.Close()
	}
	failed := make(map[*part]bool)
	for _, seg := range done {
		if failed[seg.part] {
			continue // the one before it must go first
		}
		if err := s.removeSegment(seg); err != nil {
			failed[seg.part] = true
			errs = append(errs, err)
		}
	}
	for _, seg := range cut {
		err := os.Truncate(seg.path(eventsSuffix), 0)
		if errs = append(errs, err); err == nil {
			s.mu.Lock()
			s.used -= seg.size
			seg.size = 0
			s.mu.Unlock()
		}
	}
	for _, p := range s.endedParts() {
		p.remove()
		notify(s.readable) // for the next part
	}
	if err := errors.Join(errs...); err != nil {
		s.report(fmt.Errorf("cannot write down which events of the spool are settled: %w", err))
		return true
	}
	return again
}

// writeSettled appends what is pending to the segment's file of settled events.
func (s *Spool) writeSettled(seg *segment) (err error) {
	s.mu.Lock()
	pending := seg.pending
	seg.pending = nil
	s.mu.Unlock()
	var records []byte
	for _, r := range pending {
		records = appendSettled(records, seg.seed, r)
	}
	if seg.log == nil {
		seg.log, err = os.OpenFile(seg.path(settledSuffix), os.O_WRONLY|os.O_CREATE, 0o600)
	}
	if err == nil {
		_, err = seg.log.WriteAt(records, seg.logBytes)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // somebody removed all of it
	case err != nil:
		seg.pending = append(pending, seg.pending...)
		s.dirty[seg] = true
		return err
	}
	seg.logBytes += int64(len(records))
	s.used += int64(len(records))
	if s.opts.SyncInterval > 0 {
		s.unsynced[seg] = true
	}
	return nil
}

// removeSegment removes the first segment of a part and its files, or puts a
// damaged one aside. Where that fails the segment stays, and what is settled of it
// is still known.
func (s *Spool) removeSegment(seg *segment) error {
	path := seg.path(eventsSuffix)
	var err error
	if seg.isDamaged {
		aside := s.damagedPath(seg)
		if err = os.Mkdir(filepath.Dir(aside), 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			err = os.Rename(path, aside)
		}
		if most := s.opts.MaxBytes / damagedShare; seg.size > most && err == nil {
			err = os.Truncate(aside, most) // else it would leave no room, for ever
		}
		s.pruneDamaged()
	} else {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if seg.log != nil {
		seg.log.Close()
		seg.log = nil
	}
	if err = os.Remove(seg.path(settledSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seg.part.segments = seg.part.segments[1:]
	delete(s.segments, seg.id)
	delete(s.dirty, seg)
	delete(s.unsynced, seg)
	s.used -= seg.size + seg.logBytes
	return nil
}

// endedParts returns the parts of dead processes that have no segment left, and
// forgets them.
func (s *Spool) endedParts() (ended []*part) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = slices.DeleteFunc(slices.Clone(s.dead), func(p *part) bool {
		if len(p.segments) == 0 {
			ended = append(ended, p)
		}
		return len(p.segments) == 0
	})
	if len(ended) > 0 && len(s.dead)+len(ended) >= maxDead {
		s.nextScan = time.Time{}
	}
	return ended
}

func (s *Spool) damagedPath(seg *segment) string {
	return filepath.Join(s.dir, damagedName, seg.part.name+"-"+segmentName(seg.base)+eventsSuffix)
}

// pruneDamaged removes the oldest damaged files beyond their share of MaxBytes.
func (s *Spool) pruneDamaged() {
	dir := filepath.Join(s.dir, damagedName)
	entries, _ := os.ReadDir(dir) // by name, so about by age
	for left := directoryBytes(dir); len(entries) > 1 && left > s.opts.MaxBytes/damagedShare; entries = entries[1:] {
		if info, err := entries[0].Info(); err == nil && os.Remove(filepath.Join(dir, info.Name())) == nil {
			left -= info.Size()
		}
	}
}

// syncLoop flushes what was written, every SyncInterval.
func (s *Spool) syncLoop() {
	defer s.running.Done()
	ticker := time.NewTicker(s.opts.SyncInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := s.sync(); err != nil {
				s.report(fmt.Errorf("cannot flush the spool to the disk: %w", err))
			}
		case <-s.closing:
			return
		}
	}
}

// sync flushes all that was written since the last time. What fails is tried again
// the next time.
func (s *Spool) sync() error {
	type file struct {
		path string
		size int64
	}
	var files []file
	s.mu.Lock()
	unsynced, dir := s.unsynced, ""
	s.unsynced = make(map[*segment]bool)
	for seg := range unsynced {
		files = append(files, file{seg.path(eventsSuffix), seg.size})
		files = append(files, file{seg.path(settledSuffix), 0})
	}
	if s.newFiles && s.own != nil {
		dir = s.own.dir
	}
	s.newFiles = false
	s.mu.Unlock()
	var errs []error
	for _, f := range files {
		errs = append(errs, syncFile(f.path))
	}
	if dir != "" {
		errs = append(errs, syncDir(dir), syncDir(filepath.Dir(dir)))
	}
	err := errors.Join(errs...)
	for _, f := range files {
		if err == nil && s.onSync != nil {
			s.onSync(f.path, f.size)
		}
	}
	if err != nil {
		s.mu.Lock()
		for seg := range unsynced {
			if s.segments[seg.id] == seg {
				s.unsynced[seg] = true
			}
		}
		s.newFiles = s.newFiles || dir != ""
		s.mu.Unlock()
	}
	return err
}

// syncFile flushes a file, unless it is gone. Windows wants it open for writing.
func syncFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
