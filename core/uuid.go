package causality

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
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

func appendUUID(b []byte, id [16]byte) []byte {
	b = hex.AppendEncode(b, id[:4])
	b = hex.AppendEncode(append(b, '-'), id[4:6])
	b = hex.AppendEncode(append(b, '-'), id[6:8])
	b = hex.AppendEncode(append(b, '-'), id[8:10])
	return hex.AppendEncode(append(b, '-'), id[10:])
}
