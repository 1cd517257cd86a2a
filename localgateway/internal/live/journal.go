package live

import "sync"

// journal keeps the newest records within two bounds: their number and their
// bytes. Records are read by their number, so whoever watches keeps only the
// number of the last one seen, and a slow watcher costs no memory.
type journal struct {
	maxRecords, maxBytes int

	mu      sync.Mutex
	records []*Record // in order, without gaps
	bytes   int
	last    uint64             // the newest record's number
	byKey   map[string]*Record // the first kept record of each key
	resets  uint64
	changed chan struct{} // closed at the next record or reset
}

func newJournal(maxRecords, maxBytes int) *journal {
	return &journal{
		maxRecords: maxRecords,
		maxBytes:   maxBytes,
		byKey:      make(map[string]*Record),
		changed:    make(chan struct{}),
	}
}

// add numbers records and keeps them. The last one is kept whatever its size.
func (j *journal) add(records ...*Record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, r := range records {
		j.last++
		r.Seq = j.last
		if first := j.byKey[r.Key]; r.Outcome == Duplicate && first != nil {
			r.First = &First{first.Seq, first.Outcome}
		} else if r.Key != "" && (r.Outcome == Stored || r.Outcome == Rejected) {
			j.byKey[r.Key] = r
		}
		j.records = append(j.records, r)
		j.bytes += r.size()
		for len(j.records) > 1 && (len(j.records) > j.maxRecords || j.bytes > j.maxBytes) {
			j.dropOldest()
		}
	}
	j.wake()
}

func (j *journal) dropOldest() {
	old := j.records[0]
	j.records[0] = nil
	j.records = j.records[1:]
	j.bytes -= old.size()
	if j.byKey[old.Key] == old {
		delete(j.byKey, old.Key)
	}
}

func (j *journal) wake() {
	close(j.changed)
	j.changed = make(chan struct{})
}

// view is what the journal holds after a number.
type view struct {
	records []*Record // oldest first
	missed  uint64    // that were dropped before they could be read
	last    uint64
	resets  uint64
	changed <-chan struct{} // closed when there is more
}

func (j *journal) after(seq uint64) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := view{last: j.last, resets: j.resets, changed: j.changed}
	oldest := j.last - uint64(len(j.records)) + 1
	switch {
	case seq == j.last:
		return v
	case seq > j.last: // a number of another run
		seq = 0
	}
	if seq+1 < oldest {
		v.missed = oldest - seq - 1
		seq = oldest - 1
	}
	v.records = append(v.records, j.records[seq-oldest+1:]...)
	return v
}

// find returns the record of a number, or nil.
func (j *journal) find(seq uint64) *Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	oldest := j.last - uint64(len(j.records)) + 1
	if seq < oldest || seq > j.last {
		return nil
	}
	return j.records[seq-oldest]
}

func (j *journal) size() (records, bytes int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.records), j.bytes
}

// reset forgets all records. Their numbers are not used again.
func (j *journal) reset() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.records, j.bytes = nil, 0
	clear(j.byKey)
	j.resets++
	j.wake()
}
