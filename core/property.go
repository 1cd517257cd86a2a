package causality

import (
	"bytes"
	"hash/maphash"
)

// The param map that a property belongs to.
type kind uint8

const (
	stringKind kind = iota
	intKind
	floatKind
	boolKind
	deadKind // the same key came again
)

var paramMaps = [...]string{
	stringKind: `,"string_params":{`,
	intKind:    `,"int_params":{`,
	floatKind:  `,"float_params":{`,
	boolKind:   `,"bool_params":{`,
}

// property is one encoded "key":value in an encoder's arena.
type property struct {
	start, value, end int32  // arena[start:value] is the key with its colon
	hash              uint32 // see encoder.hash
	kind              kind
	isDuration        bool
	used              bool // by a field of a typed payload
}

// tableFrom is how many properties are searched one by one before a hash table
// pays: beyond it a hostile event with thousands of keys would take quadratic
// time.
const tableFrom = 32

var hashSeed = maphash.MakeSeed()

// insert adds p; an earlier property with the same key dies and leaves its place
// in the table to p, so that a key which comes a thousand times has one place.
func (e *encoder) insert(p property) {
	key := e.arena[p.start:p.value]
	p.hash = e.hash(key)
	old, mark := -1, trace(key)
	if e.seen&mark != 0 {
		old = e.find(p.hash, key)
	}
	if old >= 0 {
		e.props[old].kind = deadKind
	}
	e.seen |= mark
	e.props = append(e.props, p)
	n := len(e.props)
	switch {
	case n <= tableFrom:
	case n*2 > len(e.table):
		e.grow()
	case old >= 0:
		e.table[e.slot(p.hash, int32(old))] = int32(n - 1)
	default:
		e.place(n - 1)
	}
}

// hash is the hash of a key where there is a table, else 0.
func (e *encoder) hash(key []byte) uint32 {
	if len(e.props) <= tableFrom {
		return 0
	}
	return uint32(maphash.Bytes(hashSeed, key))
}

// trace is one bit for an encoded key: while no key has left the same one in
// encoder.seen, a key is new, as most are.
func trace(key []byte) uint64 {
	// The last byte of the name is the third from the end.
	return 1 << ((uint(len(key)) + 7*uint(key[1]) + 11*uint(key[len(key)-3])) % 64)
}

// find returns the index of the living property with this encoded key, or -1.
func (e *encoder) find(hash uint32, key []byte) int {
	if e.seen&trace(key) == 0 {
		return -1
	}
	if len(e.props) <= tableFrom {
		for i := range e.props {
			if e.same(i, hash, key) {
				return i
			}
		}
		return -1
	}
	mask := uint32(len(e.table) - 1)
	for at := hash & mask; e.table[at] >= 0; at = (at + 1) & mask {
		if i := int(e.table[at]); e.same(i, hash, key) {
			return i
		}
	}
	return -1
}

// slot returns where the table holds i, or the free place where the search for
// its hash ends.
func (e *encoder) slot(hash uint32, i int32) uint32 {
	mask := uint32(len(e.table) - 1)
	at := hash & mask
	for e.table[at] >= 0 && e.table[at] != i {
		at = (at + 1) & mask
	}
	return at
}

func (e *encoder) same(i int, hash uint32, key []byte) bool {
	p := &e.props[i]
	return p.hash == hash && p.kind != deadKind && bytes.Equal(e.arena[p.start:p.value], key)
}

// grow makes the table four times as large as there are properties and places
// them anew.
func (e *encoder) grow() {
	size := 4 * tableFrom
	for size < 4*len(e.props) {
		size *= 2
	}
	if cap(e.table) < size {
		e.table = make([]int32, size)
	}
	e.table = e.table[:size]
	for at := range e.table {
		e.table[at] = -1
	}
	for i := range e.props {
		if p := &e.props[i]; p.kind != deadKind {
			p.hash = e.hash(e.arena[p.start:p.value])
			e.place(i)
		}
	}
}

func (e *encoder) place(i int) { e.table[e.slot(e.props[i].hash, -1)] = int32(i) }
