// Package needle finds short texts in JSON faster than bytes.Index does, which
// looks for the first byte of a text: mostly a quote, and JSON is full of those.
package needle

import (
	"bytes"
	"slices"
)

// Needle is a text to be found. Make it with [New].
type Needle struct {
	text []byte
	at   int // which of its bytes is looked for
}

// New returns a Needle that looks for the byte of text which JSON has least of.
func New(text string) Needle {
	n := Needle{text: []byte(text)}
	for i, c := range n.text {
		if rarity(c) > rarity(n.text[n.at]) {
			n.at = i
		}
	}
	return n
}

// commonFirst is the bytes of log lines and of replies, the most frequent first.
const commonFirst = `":,0123456789_etaoinsrhldcumfpgwyb.-/kvxjqz`

// rarity is higher for a byte that JSON has less of.
func rarity(c byte) int {
	if at := bytes.IndexByte([]byte(commonFirst), c); at >= 0 {
		return at
	}
	return len(commonFirst)
}

// IsIn reports whether text contains the needle.
func (n Needle) IsIn(text []byte) bool { return n.next(text) >= 0 }

// Count counts the needles in text that do not overlap.
func (n Needle) Count(text []byte) (count int) {
	for {
		end := n.next(text)
		if end < 0 {
			return count
		}
		count++
		text = text[end:]
	}
}

// next returns the end of the first needle in text, or -1.
func (n Needle) next(text []byte) int {
	for at := n.at; at < len(text); at++ {
		found := bytes.IndexByte(text[at:], n.text[n.at])
		if found < 0 {
			return -1
		}
		at += found
		if start := at - n.at; text[start] == n.text[0] && bytes.HasPrefix(text[start:], n.text) {
			return start + len(n.text)
		}
	}
	return -1
}

// Set is several needles, any of which will do.
type Set struct {
	needles []Needle
	// together says that all look for the same byte, so that one search serves
	// them.
	together bool
}

// Any returns a Set of texts. Where one byte is in all of them, and rare, it is
// the one that each looks for.
func Any(texts ...string) Set {
	var s Set
	for _, text := range texts {
		s.needles = append(s.needles, New(text))
	}
	if len(texts) < 2 {
		return s
	}
	shared, best := byte(0), rarity('_')
	for _, c := range s.needles[0].text {
		inAll := !slices.ContainsFunc(s.needles, func(n Needle) bool { return bytes.IndexByte(n.text, c) < 0 })
		if inAll && rarity(c) > best {
			shared, best = c, rarity(c)
		}
	}
	if best > rarity('_') {
		s.together = true
		for i := range s.needles {
			s.needles[i].at = bytes.IndexByte(s.needles[i].text, shared)
		}
	}
	return s
}

// IsIn reports whether text contains one of the needles.
func (s Set) IsIn(text []byte) bool {
	if !s.together {
		return slices.ContainsFunc(s.needles, func(n Needle) bool { return n.IsIn(text) })
	}
	c := s.needles[0].text[s.needles[0].at]
	for at := 0; at < len(text); at++ {
		found := bytes.IndexByte(text[at:], c)
		if found < 0 {
			return false
		}
		at += found
		for i := range s.needles {
			n := &s.needles[i]
			if start := at - n.at; start >= 0 && text[start] == n.text[0] && bytes.HasPrefix(text[start:], n.text) {
				return true
			}
		}
	}
	return false
}
