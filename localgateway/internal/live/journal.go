package live

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
)

// journal keeps the newest records within two bounds: their number and their
// bytes. Records are read by their number, so a watcher keeps only the
// number of the last one seen, and a slow watcher costs no memory.
type journal struct {
	maxRecords, maxBytes int

	mu      sync.Mutex
	records []*Record // in order, without gaps
	bytes   int
	last    uint64             // the newest record's number
	byKey   map[string]*Record // the first kept record of each key
	bodies  bodies
	emptied uint64        // the number of the last reset; records have higher ones
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
		j.bodies.keep(r)
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
	reset   bool      // a reset has forgotten some of them
	last    uint64
	changed <-chan struct{} // closed when there is more
}

func (j *journal) after(seq uint64) view {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := view{last: j.last, changed: j.changed}
	oldest := j.last - uint64(len(j.records)) + 1
	switch {
	case seq == j.last:
		return v
	case seq > j.last: // a number of another run of the program
		seq = 0
	}
	v.reset = seq < j.emptied
	seq = max(seq, j.emptied)
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

// body is that of a refused request, or nil if it is not kept.
func (j *journal) body(seq uint64) []byte {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.bodies.find(seq)
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
	j.bodies = bodies{}
	j.last++ // a watcher that has seen all records is now behind, too
	j.emptied = j.last
	j.wake()
}

// maxKeptBodies is the memory for the newest bodies of refused requests. Of older
// ones only the lines of their records are left.
const maxKeptBodies = 16 << 20

// bodies are those of refused requests, oldest first. The journal's lock guards
// them.
type bodies struct {
	kept  []keptBody
	bytes int
}

type keptBody struct {
	seq  uint64
	text []byte
}

// keep takes the body out of a record. The newest is kept whatever its size.
func (b *bodies) keep(r *Record) {
	text := r.body
	r.body = nil
	if len(text) == 0 {
		return
	}
	// A client that sends the same bytes again costs nothing more.
	if n := len(b.kept); n > 0 && bytes.Equal(b.kept[n-1].text, text) {
		b.kept = append(b.kept, keptBody{r.Seq, b.kept[n-1].text})
	} else {
		b.kept = append(b.kept, keptBody{r.Seq, bytes.Clone(text)})
		b.bytes += len(text)
	}
	for len(b.kept) > 1 && (b.bytes > maxKeptBodies || len(b.kept) > maxKeptBodies>>10) {
		if &b.kept[0].text[0] != &b.kept[1].text[0] {
			b.bytes -= len(b.kept[0].text)
		}
		b.kept[0].text = nil
		b.kept = b.kept[1:]
	}
}

func (b *bodies) find(seq uint64) []byte {
	at, found := slices.BinarySearchFunc(b.kept, seq, func(k keptBody, seq uint64) int { return cmp.Compare(k.seq, seq) })
	if !found {
		return nil
	}
	return b.kept[at].text
}
