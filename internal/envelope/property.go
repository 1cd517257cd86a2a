package envelope

import (
	"bytes"
	"hash/maphash"
	"log/slog"
	"math"
	"slices"
	"strconv"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// The param map that a property belongs to.
type kind uint8

const (
	stringKind kind = iota
	intKind
	floatKind
	boolKind
	kinds
)

var paramMaps = [kinds]string{
	stringKind: `,"string_params":{`,
	intKind:    `,"int_params":{`,
	floatKind:  `,"float_params":{`,
	boolKind:   `,"bool_params":{`,
}

// property is one encoded "key":value in an encoder's arena for its kind.
type property struct {
	start, value, end int32  // arena[start:value] is the key with its colon
	hash              uint32 // see encoder.hash
	path              uint32 // of the groups and the key as they were given; 0: as it is encoded
	kind              kind
	isDuration        bool
	isDead            bool // the same key came again
	used              bool // by a field of a typed payload
}

// key is the encoded key of p, with its colon.
func (e *Encoder) key(p *property) []byte { return e.arena[p.kind][p.start:p.value] }

// text is the encoded value of p.
func (e *Encoder) text(p *property) []byte { return e.arena[p.kind][p.value:p.end] }

// tableFrom is how many properties are searched one by one before a hash table
// pays: beyond it a hostile event with thousands of keys would take quadratic
// time.
const tableFrom = 32

var hashSeed = maphash.MakeSeed()

// scalar encodes a plain value under the open groups.
func (e *Encoder) scalar(key string, v slog.Value, form slog.Kind) {
	kind, text := stringKind, ""
	isDuration := form == slog.KindDuration
	if form != slog.KindString {
		v, form, kind = represent(v, form)
	}
	if form == slog.KindString {
		text = v.String()
	}
	if max(len(key), len(text)) > MaxBytes {
		e.tooLarge = true
		return
	}
	arena := &e.arena[kind]
	start := len(*arena)
	b := append(*arena, '"')
	if len(e.prefix) > 0 {
		b = append(b, e.prefix...)
	}
	b, n := value.AppendPlain(b, key, '.')
	path := uint32(0)
	if n < len(key) || e.path != 0 {
		b = value.AppendKey(b, key[n:])
		path = pathOf(e.path, key)
	}
	b = append(b, '"', ':')
	middle := len(b)
	if form == slog.KindString {
		b = value.AppendString(b, text)
	} else {
		b = value.AppendJSON(b, v)
	}
	end := len(b)
	b = append(b, ',')
	*arena = b
	// Checked as it grows, so that a hostile event costs not much more than an
	// event may.
	if end > MaxBytes {
		e.tooLarge = true
		return
	}
	p := e.next()
	p.start, p.value, p.end = int32(start), int32(middle), int32(end)
	p.path, p.kind, p.isDuration = path, kind, isDuration
	e.insert(p, b[start:middle])
}

// represent returns a plain value in the form of a param map, and which map that is.
func represent(v slog.Value, form slog.Kind) (slog.Value, slog.Kind, kind) {
	switch form {
	case slog.KindInt64:
		return v, form, intKind
	case slog.KindUint64:
		// gateway: an int above MaxInt64 refuses the whole request.
		if u := v.Uint64(); u > math.MaxInt64 {
			return slog.StringValue(strconv.FormatUint(u, 10)), slog.KindString, stringKind
		}
		return v, form, intKind
	case slog.KindFloat64:
		// gateway: with a float that is not finite all properties of the event
		// are stored as nothing.
		if f := v.Float64(); math.IsNaN(f) || math.IsInf(f, 0) {
			return slog.StringValue(strconv.FormatFloat(f, 'g', -1, 64)), slog.KindString, stringKind
		}
		return v, form, floatKind
	case slog.KindDuration:
		return v, form, floatKind
	case slog.KindBool:
		return v, form, boolKind
	default:
		return v, form, stringKind
	}
}

// next returns the property behind the last, to be filled in and inserted. It is
// built in its place: a copy would have to wait for it.
func (e *Encoder) next() *property {
	n := len(e.props)
	if n == cap(e.props) {
		e.props = slices.Grow(e.props, 1)
	}
	p := &e.props[:n+1][n]
	*p = property{}
	return p
}

// insert adds the next property, whose key is given; an earlier one with the same key dies and leaves
// its place in the table to it, so that a key which comes a thousand times has one
// place.
func (e *Encoder) insert(p *property, key []byte) {
	p.hash = mark(key)
	old, seen := -1, uint64(1)<<(p.hash%64)
	if len(e.props) > tableFrom {
		p.hash = e.hash(key)
	}
	if e.seen&seen != 0 {
		old = e.find(p.hash, key)
	}
	if old >= 0 {
		e.props[old].isDead, e.gaps = true, true
		if e.props[old].path != p.path {
			// Not the same name twice, but two that are one when they are flattened.
			if e.Collided++; e.Collided == 1 {
				e.CollidedKey = string(key[1 : len(key)-len(`":`)])
			}
		}
	}
	e.seen |= seen
	e.initials |= 1 << (key[1] & 63)
	n := len(e.props) + 1
	e.props = e.props[:n]
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

// pathOf is the hash of a key and of the groups around it as they were given, which
// are flattened to one name. It is never 0.
func pathOf(groups uint32, name string) uint32 {
	return uint32(maphash.String(hashSeed, name))*31 + groups | 1
}

// hash is the hash of a key where there is a table, else its mark.
func (e *Encoder) hash(key []byte) uint32 {
	if len(e.props) <= tableFrom {
		return mark(key)
	}
	return uint32(maphash.Bytes(hashSeed, key))
}

// mark tells most encoded keys from one another: by the length and by the first and
// the last byte of the name, which is the third from the end.
func mark(key []byte) uint32 {
	return uint32(len(key)) + 7*uint32(key[1]) + 11*uint32(key[len(key)-3])
}

// trace is one bit for an encoded key: while no key has left the same one in
// encoder.seen, a key is new, as most are.
func trace(key []byte) uint64 { return 1 << (mark(key) % 64) }

// find returns the index of the living property with this encoded key, or -1.
func (e *Encoder) find(hash uint32, key []byte) int {
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
func (e *Encoder) slot(hash uint32, i int32) uint32 {
	mask := uint32(len(e.table) - 1)
	at := hash & mask
	for e.table[at] >= 0 && e.table[at] != i {
		at = (at + 1) & mask
	}
	return at
}

func (e *Encoder) same(i int, hash uint32, key []byte) bool {
	p := &e.props[i]
	return p.hash == hash && !p.isDead && bytes.Equal(e.key(p), key)
}

// grow makes the table four times as large as there are properties and places
// them anew.
func (e *Encoder) grow() {
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
		if p := &e.props[i]; !p.isDead {
			p.hash = e.hash(e.key(p))
			e.place(i)
		}
	}
}

func (e *Encoder) place(i int) { e.table[e.slot(e.props[i].hash, -1)] = int32(i) }

// appendParams appends the param maps: the surviving properties by kind, then
// the identity and the server context among the strings.
func (e *Encoder) appendParams(b []byte, env *Envelope, ev *Event) []byte {
	if e.initials&reservedInitials != 0 {
		for i := range e.props {
			if p := &e.props[i]; !p.isDead && reserved(e.key(p), ev) {
				e.rename(i)
			}
		}
	}
	for kind, open := range paramMaps {
		before := len(b)
		b = append(b, open...)
		if e.gaps {
			b = e.appendSurvivors(b, kind)
		} else {
			b = append(b, e.arena[kind]...)
		}
		if kind == int(stringKind) {
			if ev.UserID != "" {
				b = append(value.AppendString(append(b, `"user_id":`...), ev.UserID), ',')
			}
			if ev.SessionID != "" {
				b = append(value.AppendString(append(b, `"session_id":`...), ev.SessionID), ',')
			}
			b = append(append(b, env.server...), ',')
		}
		if len(b) == before+len(open) {
			b = b[:before] // there is none
		} else {
			b[len(b)-1] = '}' // in place of the last comma
		}
	}
	return b
}

// appendSurvivors appends the members of a param map that are still properties.
func (e *Encoder) appendSurvivors(b []byte, kind int) []byte {
	for i := range e.props {
		if p := &e.props[i]; int(p.kind) == kind && !p.isDead {
			b = append(b, e.arena[kind][p.start:p.end+1]...)
		}
	}
	return b
}

// reservedInitials is where encoder.initials has a reserved key's.
const reservedInitials = 1<<('u'&63) | 1<<('s'&63) | 1<<('_'&63)

// reserved reports whether the event itself uses an encoded key.
func reserved(key []byte, ev *Event) bool {
	switch string(key) {
	case `"user_id":`:
		return ev.UserID != ""
	case `"session_id":`:
		return ev.SessionID != ""
	case `"_server_hostname":`, `"_server_go_version":`, `"_server_sdk_version":`:
		return true
	}
	return false
}

// rename gives the i-th property the first free name of the form user_id_2.
func (e *Encoder) rename(i int) {
	p := &e.props[i]
	base := e.key(p)[:len(e.key(p))-len(`":`)]
	text := e.text(p)
	arena := e.arena[p.kind]
	start := len(arena)
	for n := int64(2); ; n++ {
		b := append(append(arena[:start], base...), '_')
		arena = append(strconv.AppendInt(b, n, 10), '"', ':')
		p.hash = e.hash(arena[start:])
		if e.find(p.hash, arena[start:]) < 0 {
			break
		}
	}
	middle := len(arena)
	arena = append(append(arena, text...), ',')
	e.arena[p.kind], e.gaps = arena, true
	p.start, p.value, p.end = int32(start), int32(middle), int32(len(arena)-1)
	e.seen |= trace(e.key(p))
	if e.Renamed++; e.Renamed == 1 {
		e.RenamedKey = string(base[1:])
	}
	if len(e.props) > tableFrom {
		e.place(i)
	}
}
