package zerologcausality

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// needle is a key with its colon as zerolog writes it: what is looked for on every
// line.
type needle struct {
	text []byte
	// rarest is the index of the byte that lines have least of. bytes.Index looks
	// for the first, which is a quote, and a line is full of those.
	rarest int
}

// needleOf returns the needle for a key. One that needs an escape is looked for by
// what every key has, which costs a closer look at every line.
func needleOf(key string) needle {
	text := `"` + key + `":`
	for i := range len(key) {
		if c := key[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			text = `":`
		}
	}
	if !utf8.ValidString(key) {
		text = `":`
	}
	n := needle{text: []byte(text)}
	for i := range len(text) {
		if rarity(text[i]) > rarity(text[n.rarest]) {
			n.rarest = i
		}
	}
	return n
}

// rarity is higher the less of a byte lines have.
func rarity(c byte) int {
	const common = `":,0123456789_etaoinsrhldcumfpgwyb.-/kvxjqz`
	if at := strings.IndexByte(common, c); at >= 0 {
		return at
	}
	return len(common)
}

func (n needle) isIn(line []byte) bool {
	for at := n.rarest; at < len(line); at++ {
		next := bytes.IndexByte(line[at:], n.text[n.rarest])
		if next < 0 {
			return false
		}
		at += next
		if bytes.HasPrefix(line[at-n.rarest:], n.text) {
			return true
		}
	}
	return false
}
