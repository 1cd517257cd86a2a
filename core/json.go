package causality

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// gateway: invalid UTF-8, a raw control character or a lone surrogate anywhere
// refuses the whole request. What is appended here has none of them.

const hexDigits = "0123456789abcdef"

// safe is the bytes that stand for themselves in a JSON string.
var safe = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// safeInKey is safe without the dot.
var safeInKey = func() (table [256]bool) {
	table = safe
	table['.'] = false
	return table
}()

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	return append(appendEscaped(append(b, '"'), s, &safe), '"')
}

// appendKey appends s as a part of a JSON string, with "_" for each dot.
// platform: an alert rule cannot address a key that has a dot in it.
func appendKey(b []byte, s string) []byte {
	return appendEscaped(b, s, &safeInKey)
}

func appendEscaped(b []byte, s string, safe *[256]bool) []byte {
	unsafe := byte('"')
	if !safe['.'] {
		unsafe = '.'
	}
	done := 0
	for i := plainWords(s, unsafe); i < len(s); {
		c := s[i]
		if safe[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			if r, size := utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		b = append(b, s[done:i]...)
		switch {
		case c == '.':
			b = append(b, '_')
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\t':
			b = append(b, '\\', 't')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		default: // a byte that is not UTF-8
			b = utf8.AppendRune(b, utf8.RuneError)
		}
		i++
		done = i
		i += plainWords(s[i:], unsafe)
	}
	return append(b, s[done:]...)
}

// isPlain reports whether s is ASCII without a control character, a quote or a
// backslash.
func isPlain(s string) bool {
	const del = 0x7f // needs no escape, but is a control character
	for i := plainWords(s, del); i < len(s); i++ {
		if !safe[s[i]] || s[i] == del {
			return false
		}
	}
	return true
}

// plainWords returns how many bytes at the beginning of s, taken eight at a time,
// need no second look: none is other than ASCII, below ' ', a quote, a backslash
// or unsafe. It may stop at one that is plain and follows another.
func plainWords(s string, unsafe byte) int {
	if len(s) < 8 {
		return 0
	}
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	const quotes, backslashes = ones * '"', ones * '\\'
	others := ones * uint64(unsafe)
	for i := 0; ; i = min(i+8, len(s)-8) { // the last eight may be looked at in part before
		v := s[i : i+8]
		// The compiler makes one load of it.
		w := uint64(v[0]) | uint64(v[1])<<8 | uint64(v[2])<<16 | uint64(v[3])<<24 |
			uint64(v[4])<<32 | uint64(v[5])<<40 | uint64(v[6])<<48 | uint64(v[7])<<56
		// The top bit of a byte of these is set where it is one of those.
		if (w|(w-ones*' ')|((w^quotes)-ones)|((w^backslashes)-ones)|((w^others)-ones))&tops != 0 {
			return i
		}
		if i+8 == len(s) {
			return len(s)
		}
	}
}

// appendFloat appends a finite float as encoding/json writes it: the shortest
// digits that read back as f, with an exponent only where it is large.
func appendFloat(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(b, f, format, -1, 64)
}
