package value

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// gateway: invalid UTF-8, a raw control character or a lone surrogate anywhere
// refuses the whole request. What is appended here has none of them.

const hexDigits = "0123456789abcdef"

// safe is true for the bytes that need no escape in a JSON string.
var safe = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// AppendString appends s as a JSON string.
func AppendString(b []byte, s string) []byte {
	return append(AppendEscaped(append(b, '"'), s, '"'), '"')
}

// AppendKey appends s as a part of a JSON string, with "_" for each dot.
// platform: an alert rule cannot address a key that has a dot in it.
func AppendKey(b []byte, s string) []byte { return AppendEscaped(b, s, '.') }

// AppendEscaped appends s as a part of a JSON string, with "_" for each dot if
// unsafe is one.
func AppendEscaped(b []byte, s string, unsafe byte) []byte {
	b, i := AppendPlain(b, s, unsafe)
	if i == len(s) {
		return b // as it mostly is
	}
	done := i
	for i < len(s) {
		c := s[i]
		if safe[c] && c != unsafe {
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
		case c == '\b':
			b = append(b, '\\', 'b')
		case c == '\f':
			b = append(b, '\\', 'f')
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		default: // a byte that is not UTF-8
			b = utf8.AppendRune(b, utf8.RuneError)
		}
		var n int
		b, n = AppendPlain(b, s[i+1:], unsafe)
		i += 1 + n
		done = i
	}
	return append(b, s[done:]...)
}

// AppendPlain appends the beginning of s, eight bytes at a time, up to one of them
// that is not plain: not ASCII, below ' ', a quote, a backslash or unsafe. It
// returns how many bytes that was, len(s) if all are plain.
func AppendPlain(b []byte, s string, unsafe byte) ([]byte, int) {
	at, n := len(b), len(s)
	if cap(b)-at < n {
		b = slices.Grow(b, n)
	}
	to := b[at : at+n]
	switch {
	case n >= 8:
		for i := 0; ; i = min(i+8, n-8) { // the last eight may be seen in part before
			w := load(s[i : i+8])
			if !isPlainWord(w, unsafe) {
				return b[:at+i], i
			}
			binary.LittleEndian.PutUint64(to[i:i+8], w)
			if i == n-8 {
				break
			}
		}
	case n >= 4: // two halves, which share bytes
		first, last := loadHalf(s[:4]), loadHalf(s[n-4:])
		if !isPlainWord(uint64(first)|uint64(last)<<32, unsafe) {
			return b, 0
		}
		binary.LittleEndian.PutUint32(to[:4], first)
		binary.LittleEndian.PutUint32(to[n-4:], last)
	default:
		for i := range to {
			if c := s[i]; !safe[c] || c == unsafe {
				return b, 0
			}
			to[i] = s[i]
		}
	}
	return b[:at+n], n
}

// load and loadHalf are the bytes of s. The compiler makes one load of each.
func load(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func loadHalf(s string) uint32 {
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// isPlainWord reports whether eight bytes are plain.
func isPlainWord(w uint64, unsafe byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	// The top bit of a byte of these is set where it is one of those.
	return (w|(w-ones*' ')|((w^ones*'"')-ones)|((w^ones*'\\')-ones)|((w^ones*uint64(unsafe))-ones))&tops == 0
}

// AppendFloat appends a finite float as encoding/json writes it: the shortest
// digits that read back as f, with an exponent only where it is large.
func AppendFloat(b []byte, f float64) []byte {
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	b = strconv.AppendFloat(b, f, format, -1, 64)
	// e-09 becomes e-9.
	if n := len(b); format == 'e' && n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' {
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b
}
