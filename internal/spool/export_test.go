package spool

import "encoding/binary"

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

// Scan makes the next call of Next look at the directory.
func (s *Spool) Scan() {
	s.reader.mu.Lock()
	defer s.reader.mu.Unlock()
	s.nextScan = s.nextScan.Add(-scanInterval)
}
