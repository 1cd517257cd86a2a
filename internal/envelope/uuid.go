package envelope

import (
	"encoding/binary"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"
)

// uuidBits is the 128 bits of a UUID. As two words they stay in registers.
type uuidBits struct{ high, low uint64 }

// version sets the version and the variant (RFC 9562).
func (id uuidBits) version(v uint64) uuidBits {
	return uuidBits{id.high&^0xf000 | v<<12, id.low&^(3<<62) | 2<<62}
}

// newKey returns a random (version 4) UUID for an event of this time. It need not be
// hard to guess, and a random number of the system's would take a seventh of Track.
// The time tells apart the keys of two copies of a process, such as a snapshot of a
// virtual machine makes: both go on with the same random numbers.
func newKey(timestampMs int64) uuidBits {
	return uuidBits{mathrand.Uint64(), mathrand.Uint64() ^ uint64(timestampMs)}.version(4)
}

// lastID is the time and the counter of the newest ID: milliseconds since the Unix
// epoch, and counterBits more. clockMs is when the clock was last read for one.
var (
	lastID  atomic.Uint64
	clockMs atomic.Int64
)

const (
	counterBits = 12 // what a UUIDv7 has between its version and its variant
	// maxStepMs is how far the time of an event may be ahead of the last reading
	// of the clock, which costs more than all the rest, and be taken for the next.
	maxStepMs = 1000
)

// newID returns a UUID of version 7 whose time and counter are greater than those
// of all before (RFC 9562, 6.2), so that IDs sort in the order in which they are
// made. The time of an event is nearly always the clock's, or an earlier one. The
// random rest need not be hard to guess.
func newID(timestampMs int64) uuidBits {
	if timestampMs > clockMs.Load()+maxStepMs {
		timestampMs = time.Now().UnixMilli()
		clockMs.Store(timestampMs)
	}
	for {
		last := lastID.Load()
		next := max(last+1, uint64(timestampMs)<<counterBits)
		if lastID.CompareAndSwap(last, next) {
			return uuidBits{next>>counterBits<<16 | next&(1<<counterBits-1), mathrand.Uint64()}.version(7)
		}
	}
}

// put writes the text of id to the beginning of b, over another one.
func (id uuidBits) put(b []byte) {
	text := (*[len(noUUID)]byte)(b)
	groups := [...]uint64{hex8(id.high >> 32), hex8(id.high), hex8(id.low >> 32), hex8(id.low)}
	binary.BigEndian.PutUint64(text[0:], groups[0])
	binary.BigEndian.PutUint32(text[9:], uint32(groups[1]>>32))
	binary.BigEndian.PutUint32(text[14:], uint32(groups[1]))
	binary.BigEndian.PutUint32(text[19:], uint32(groups[2]>>32))
	binary.BigEndian.PutUint32(text[24:], uint32(groups[2]))
	binary.BigEndian.PutUint64(text[28:], groups[3])
}

// hex8 returns the eight digits of the lower half of v, all at once: two UUIDs in
// every event are worth it.
func hex8(v uint64) uint64 {
	const ones = 0x0101010101010101
	v &= 0xffffffff
	// One digit in each byte.
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & (ones * 0x0f)
	isLetter := (v + ones*6) >> 4 & ones
	return v + ones*'0' + isLetter*('a'-'9'-1)
}
