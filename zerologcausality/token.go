package zerologcausality

import (
	"math/bits"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// number passes over a number.
func (s *scanner) number() bool {
	s.accept('-')
	if !s.accept('0') && !s.digits() {
		return false
	}
	if s.accept('.') && !s.digits() {
		return false
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('+') {
			s.accept('-')
		}
		return s.digits()
	}
	return true
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

// quoted reads a string.
func (s *scanner) quoted() (string, bool) {
	if s.peek() != '"' {
		return "", false
	}
	start := s.pos + 1
	text := s.text[start:]
	switch i := inside(text); {
	case i == len(text):
		return "", false
	case text[i] == '"':
		s.pos = start + i + 1
		return text[:i], true
	case text[i] == '\\':
		return s.unescape(start, start+i)
	}
	return "", false
}

// inside returns how many bytes at the beginning of text neither end a string nor
// need a closer look in it: a quote, a backslash or a control character does.
func inside(text string) int {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 0
	for ; i+8 <= len(text); i += 8 {
		b := text[i : i+8]
		// The compiler makes one load of it.
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
			uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		quote, backslash := w^ones*'"', w^ones*'\\'
		// The lowest top bit is that of the first such byte; above it they may be
		// wrong.
		found := ((quote-ones)&^quote | (backslash-ones)&^backslash | (w-ones*' ')&^w) & tops
		if found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' {
			break
		}
	}
	return i
}

// integer reads a number of at most 18 digits that is nothing but digits, as most
// are. It returns false, where it began, for any other.
func (s *scanner) integer() (n int64, ok bool) {
	text := s.text[s.pos:]
	i := 0
	for ; i < len(text) && i <= 18 && '0' <= text[i] && text[i] <= '9'; i++ {
		n = n*10 + int64(text[i]-'0')
	}
	if i == 0 || i > 18 || i > 1 && text[0] == '0' {
		return 0, false
	}
	if i < len(text) && (text[i] == '.' || text[i] == 'e' || text[i] == 'E') {
		return 0, false
	}
	s.pos += i
	return n, true
}

// unescape reads the string that begins at start and has its first escape at
// pos.
func (s *scanner) unescape(start, pos int) (string, bool) {
	b := append(s.scratch[:0], s.text[start:pos]...)
	for s.pos = pos; s.pos < len(s.text); {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			s.scratch = b
			return string(b), true
		case c == '\\':
			r, ok := s.escape()
			if !ok {
				return "", false
			}
			b = utf8.AppendRune(b, r)
		case c < ' ':
			return "", false
		default:
			b = append(b, c)
			s.pos++
		}
	}
	return "", false
}

// skipString passes over a string.
func (s *scanner) skipString() bool {
	if !s.accept('"') {
		return false
	}
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return true
		case c == '\\':
			if _, ok := s.escape(); !ok {
				return false
			}
		case c < ' ':
			return false
		default:
			s.pos++
		}
	}
	return false
}

// escape reads one escape, or two that are a surrogate pair. A surrogate alone
// is U+FFFD, as for encoding/json.
func (s *scanner) escape() (rune, bool) {
	if s.pos+1 >= len(s.text) {
		return 0, false
	}
	c := s.text[s.pos+1]
	if c == 'u' {
		r, ok := s.hex4(s.pos + 2)
		if !ok {
			return 0, false
		}
		s.pos += len(`\u0000`)
		if !utf16.IsSurrogate(r) {
			return r, true
		}
		if strings.HasPrefix(s.text[s.pos:], `\u`) {
			if low, ok := s.hex4(s.pos + 2); ok {
				if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
					s.pos += len(`\u0000`)
					return pair, true
				}
			}
		}
		return utf8.RuneError, true
	}
	s.pos += 2
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	}
	return 0, false
}

func (s *scanner) hex4(at int) (r rune, ok bool) {
	if at+4 > len(s.text) {
		return 0, false
	}
	for _, c := range []byte(s.text[at : at+4]) {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
