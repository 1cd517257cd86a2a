package causality

import (
	"crypto/rand"
	"encoding/binary"
	mathrand "math/rand/v2"
)

// newKey returns a random (version 4) UUID. It is uuid.New without its
// allocation, which every event would pay for.
func newKey() (id [16]byte) {
	_, _ = rand.Read(id[:]) // never fails (crypto/rand)
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return id
}

// newID returns a UUID of version 7 (RFC 9562) for the time of the event: it
// sorts by when things happened. It need not be hard to guess.
func newID(timestampMs int64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], uint64(timestampMs)<<16|mathrand.Uint64()&0xffff)
	binary.BigEndian.PutUint64(id[8:], mathrand.Uint64())
	id[6] = id[6]&0x0f | 0x70
	id[8] = id[8]&0x3f | 0x80
	return id
}

// hexPairs is the two digits of each byte. Two UUIDs in every event make it
// worth its 512 bytes.
var hexPairs = func() (table [256][2]byte) {
	for c := range table {
		table[c] = [2]byte{hexDigits[c>>4], hexDigits[c&0xf]}
	}
	return table
}()

// uuidDigits is where the digits of each byte of a UUID stand in its text.
var uuidDigits = [16]uint8{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// putUUID writes the text of id to the beginning of b, over another one.
func putUUID(b []byte, id [16]byte) {
	text := (*[len(noUUID)]byte)(b)
	for i, at := range uuidDigits {
		pair := &hexPairs[id[i]]
		text[at], text[at+1] = pair[0], pair[1]
	}
}
