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
	stringKind: `"string_params":{`,
	intKind:    `"int_params":{`,
	floatKind:  `"float_params":{`,
	boolKind:   `"bool_params":{`,
}

// property is one encoded "key":value in an encoder's arena.
type property struct {
	start, value, end int // arena[start:value] is the key with its colon
	hash              uint64
	kind              kind
	isDuration        bool
	used              bool // by a field of a typed payload
}

// tableFrom is how many properties are searched one by one before a hash table
// pays: beyond it a hostile event with thousands of keys would take quadratic
// time.
const tableFrom = 32

var hashSeed = maphash.MakeSeed()

// insert adds p; an earlier property with the same key dies.
func (e *encoder) insert(p property) {
	key := e.arena[p.start:p.value]
	p.hash = maphash.Bytes(hashSeed, key)
	if i := e.find(p.hash, key); i >= 0 {
		e.props[i].kind = deadKind
	}
	e.props = append(e.props, p)
	switch n := len(e.props); {
	case n <= tableFrom:
	case n*2 > len(e.table):
		e.grow()
	default:
		e.place(n - 1)
	}
}

// find returns the index of the living property with this encoded key, or -1.
func (e *encoder) find(hash uint64, key []byte) int {
	if len(e.props) <= tableFrom {
		for i := range e.props {
			if e.same(i, hash, key) {
				return i
			}
		}
		return -1
	}
	mask := uint64(len(e.table) - 1)
	for at := hash & mask; e.table[at] >= 0; at = (at + 1) & mask {
		if i := int(e.table[at]); e.same(i, hash, key) {
			return i
		}
	}
	return -1
}

func (e *encoder) same(i int, hash uint64, key []byte) bool {
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
		e.place(i)
	}
}

func (e *encoder) place(i int) {
	mask := uint64(len(e.table) - 1)
	at := e.props[i].hash & mask
	for e.table[at] >= 0 {
		at = (at + 1) & mask
	}
	e.table[at] = int32(i)
}
