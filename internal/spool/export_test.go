package spool

import (
	"encoding/binary"
	"time"
)

// LaterHeader is the header of a version to come.
func LaterHeader() []byte {
	b := binary.LittleEndian.AppendUint32([]byte(fileMagic), version+1)
	return binary.LittleEndian.AppendUint32(b, checksum(0, b))
}

// OnSync calls f with each file that was flushed, and how much of it.
func (s *Spool) OnSync(f func(path string, size int64)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onSync = f
}

// Scan makes Next look at the directory.
func (s *Spool) Scan() {
	s.mu.Lock()
	s.nextScan = time.Time{}
	s.mu.Unlock()
	notify(s.readable)
}
