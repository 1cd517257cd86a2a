package fakegateway

import (
	"math"
	"math/bits"
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// scalar is a value that is not an object: which member holds it depends on
// the field's kind.
type scalar struct {
	text  []byte  // stringKind
	int   int64   // the integer kinds and enumKind; 1 for true
	float float64 // the float kinds
}

// readScalar reads a value of a kind, or reports false for one that the
// gateway refuses.
func readScalar(k catalogue.Kind, enum *catalogue.Enum, t token) (s scalar, ok bool) {
	switch k {
	case catalogue.StringKind:
		return scalar{text: t.text}, t.kind == stringToken
	case catalogue.BoolKind:
		if t.raw[0] == 't' {
			s.int = 1
		}
		return s, t.kind == boolToken
	case catalogue.Int32Kind:
		s.int, ok = parseInt(t, 32)
	case catalogue.Int64Kind:
		s.int, ok = parseInt(t, 64)
	case catalogue.FloatKind:
		s.float, ok = parseFloat(t, 32)
	case catalogue.DoubleKind:
		s.float, ok = parseFloat(t, 64)
	case catalogue.EnumKind:
		// gateway: by its exact name, or by any number, known or not.
		if t.kind == stringToken {
			i := slices.Index(enum.Names, string(t.text))
			return scalar{int: int64(i)}, i >= 0
		}
		s.int, ok = parseInt(t, 32)
	}
	return s, ok
}

// value is the scalar in the form of Event.Properties.
func (s scalar) value(f *field) any {
	switch f.Kind {
	case catalogue.StringKind:
		return string(s.text)
	case catalogue.BoolKind:
		return s.int != 0
	case catalogue.FloatKind, catalogue.DoubleKind:
		return s.float
	case catalogue.EnumKind:
		if 0 <= s.int && s.int < int64(len(f.Enum.Names)) {
			return f.Enum.Names[s.int]
		}
	}
	return s.int
}

// size is what the scalar takes in protobuf's binary form, which is what the
// limit of NATS counts. Zero takes nothing unless it is explicit: an element of
// a list or map.
func (s scalar) size(f *field, explicit bool) int {
	n := 0
	switch f.Kind {
	case catalogue.StringKind:
		if len(s.text) > 0 || explicit {
			n = sizeOfText(len(s.text))
		}
	case catalogue.FloatKind, catalogue.DoubleKind:
		if math.Float64bits(s.float) != 0 || explicit {
			n = 8
			if f.Kind == catalogue.FloatKind {
				n = 4
			}
		}
	default:
		if s.int != 0 || explicit {
			n = sizeOfVarint(uint64(s.int))
		}
	}
	if n == 0 {
		return 0
	}
	if f.Form == catalogue.Map {
		return 1 + n // the value's own tag; dict adds the entry's
	}
	return tagSize(f) + n
}

func tagSize(f *field) int { return sizeOfVarint(uint64(f.Number) << 3) }

func sizeOfText(n int) int { return sizeOfVarint(uint64(n)) + n }

func sizeOfVarint(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
