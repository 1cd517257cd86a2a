package fakegateway

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A scanner reads JSON token by token, as strictly as the gateway, and says of
// every mistake what the gateway says, with the same line and column. It knows
// the grammar, so it returns only tokens that are allowed at their place,
// and no commas or colons.
type scanner struct {
	in     []byte
	pos    int
	open   []tokenKind // the objects and arrays around pos, innermost last
	expect expectation
}

type token struct {
	kind tokenKind
	pos  int    // where it begins
	raw  []byte // its bytes in the input
	text []byte // of a string or name: without quotes and escapes
}

type tokenKind uint8

const (
	endToken tokenKind = iota
	nullToken
	boolToken
	numberToken
	stringToken
	nameToken // of an object's member
	objectOpen
	objectClose
	arrayOpen
	arrayClose
	commaToken
)

// expectation is what the grammar allows next.
type expectation uint8

const (
	aValue        expectation = iota // at the beginning, after a name, after a comma in an array
	aValueOrClose                    // after [
	aName                            // after a comma in an object
	aNameOrClose                     // after {
	aCommaOrClose                    // after a value in an object or array
	theEnd                           // after the outermost value
)

// gateway: every parse error begins so. The space is U+00A0 in the recorded
// replies; protobuf chooses it or a plain one when a binary is built.
const parseErrorPrefix = "proto:\u00a0"

var errUnexpectedEnd = errors.New(parseErrorPrefix + "unexpected EOF")

// errorAt is an error of what was said at pos.
func (s *scanner) errorAt(pos int, format string, args ...any) error {
	return errors.New(parseErrorPrefix + s.place(pos) + fmt.Sprintf(format, args...))
}

// syntaxError is an error of how it was said.
func (s *scanner) syntaxError(pos int, format string, args ...any) error {
	return errors.New(parseErrorPrefix + "syntax error " + s.place(pos) + fmt.Sprintf(format, args...))
}

func (s *scanner) unexpected(t token) error {
	return s.syntaxError(t.pos, "unexpected token %s", t.raw)
}

// place names a position; a column is a rune, not a byte.
func (s *scanner) place(pos int) string {
	before := s.in[:pos]
	line := 1 + bytes.Count(before, []byte{'\n'})
	column := 1 + utf8.RuneCount(before[1+bytes.LastIndexByte(before, '\n'):])
	return fmt.Sprintf("(line %d:%d): ", line, column)
}

// next returns the next token, or the error that the gateway would report. The
// end of the input is a token only where the grammar allows it.
func (s *scanner) next() (token, error) {
	for {
		t, err := s.lex()
		if err != nil {
			return token{}, err
		}
		inObject := len(s.open) > 0 && s.open[len(s.open)-1] == objectOpen
		switch t.kind {
		case endToken:
			if len(s.open) > 0 {
				return token{}, errUnexpectedEnd
			}
			return t, nil
		case commaToken:
			if s.expect != aCommaOrClose {
				return token{}, s.unexpected(t)
			}
			s.expect = aValue
			if inObject {
				s.expect = aName
			}
			continue
		case objectClose:
			if !inObject || s.expect != aNameOrClose && s.expect != aCommaOrClose {
				return token{}, s.unexpected(t)
			}
			s.open = s.open[:len(s.open)-1]
			s.afterValue()
			return t, nil
		case arrayClose:
			if len(s.open) == 0 || inObject || s.expect != aValueOrClose && s.expect != aCommaOrClose {
				return token{}, s.unexpected(t)
			}
			s.open = s.open[:len(s.open)-1]
			s.afterValue()
			return t, nil
		case stringToken:
			if s.expect == aName || s.expect == aNameOrClose {
				t.kind = nameToken
				return t, s.colon()
			}
		}
		if s.expect != aValue && s.expect != aValueOrClose {
			return token{}, s.unexpected(t)
		}
		switch t.kind {
		case objectOpen:
			s.open, s.expect = append(s.open, t.kind), aNameOrClose
		case arrayOpen:
			s.open, s.expect = append(s.open, t.kind), aValueOrClose
		default:
			s.afterValue()
		}
		return t, nil
	}
}

func (s *scanner) afterValue() {
	s.expect = aCommaOrClose
	if len(s.open) == 0 {
		s.expect = theEnd
	}
}

func (s *scanner) colon() error {
	s.skipSpace()
	if s.pos == len(s.in) {
		return errUnexpectedEnd
	}
	if c := s.in[s.pos]; c != ':' {
		return s.syntaxError(s.pos, `unexpected character %s, missing ":" after field name`, string(rune(c)))
	}
	s.pos++
	s.expect = aValue
	return nil
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.in) {
		switch s.in[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

// lex returns the next token without regard to the grammar.
func (s *scanner) lex() (token, error) {
	s.skipSpace()
	if s.pos == len(s.in) {
		return token{pos: s.pos}, nil
	}
	rest := s.in[s.pos:]
	switch c := rest[0]; c {
	case '{':
		return s.take(objectOpen, 1), nil
	case '}':
		return s.take(objectClose, 1), nil
	case '[':
		return s.take(arrayOpen, 1), nil
	case ']':
		return s.take(arrayClose, 1), nil
	case ',':
		return s.take(commaToken, 1), nil
	case '"':
		return s.lexString()
	case 'n':
		if isWord(rest, "null") {
			return s.take(nullToken, len("null")), nil
		}
	case 't':
		if isWord(rest, "true") {
			return s.take(boolToken, len("true")), nil
		}
	case 'f':
		if isWord(rest, "false") {
			return s.take(boolToken, len("false")), nil
		}
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if n := numberLen(rest); n > 0 {
			return s.take(numberToken, n), nil
		}
	}
	return token{}, s.syntaxError(s.pos, "invalid value %s", excerpt(rest))
}

func (s *scanner) take(kind tokenKind, n int) token {
	t := token{kind: kind, pos: s.pos, raw: s.in[s.pos : s.pos+n]}
	s.pos += n
	return t
}

// lexString reads a string. Its text shares memory with the input unless it
// has an escape.
func (s *scanner) lexString() (token, error) {
	var unescaped []byte
	i := s.pos + 1
	done := i // what of the string is in unescaped already
	for {
		for i < len(s.in) && isPlain[s.in[i]] {
			i++
		}
		if i == len(s.in) {
			return token{}, errUnexpectedEnd
		}
		switch c := s.in[i]; {
		case c == '"':
			text := s.in[done:i]
			if unescaped != nil {
				text = append(unescaped, text...)
			}
			t := s.take(stringToken, i+1-s.pos)
			t.text = text
			return t, nil
		case c == '\\':
			r, n, err := s.escape(s.in[i:])
			if err != nil {
				return token{}, err
			}
			unescaped = utf8.AppendRune(append(unescaped, s.in[done:i]...), r)
			i += n
			done = i
		case c < ' ':
			return token{}, s.syntaxError(s.pos, "invalid character %q in string", rune(c))
		default:
			r, n := utf8.DecodeRune(s.in[i:])
			if r == utf8.RuneError && n == 1 {
				return token{}, s.syntaxError(s.pos, "invalid UTF-8 in string")
			}
			i += n
		}
	}
}

// isPlain is true for the bytes that need no escape in a string.
var isPlain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()

// escape reads the escape that in begins with and returns its rune and length.
func (s *scanner) escape(in []byte) (rune, int, error) {
	if len(in) < 2 {
		return 0, 0, errUnexpectedEnd
	}
	switch in[1] {
	case '"', '\\', '/':
		return rune(in[1]), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
	default:
		return 0, 0, s.syntaxError(s.pos, "invalid escape code %q in string", in[:2])
	}
	if len(in) < 6 {
		return 0, 0, errUnexpectedEnd
	}
	r, ok := hexRune(in)
	if !ok {
		return 0, 0, s.syntaxError(s.pos, "invalid escape code %q in string", in[:6])
	}
	if !utf16.IsSurrogate(r) {
		return r, 6, nil
	}
	// gateway: half of a surrogate pair is refused; the error shows what stands
	// where the other half should.
	if in = in[6:]; len(in) < 6 {
		return 0, 0, errUnexpectedEnd
	}
	low, ok := hexRune(in)
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0, s.syntaxError(s.pos, "invalid escape code %q in string", in[:6])
	}
	return r, 12, nil
}

// hexRune reads \uXXXX, six bytes.
func hexRune(in []byte) (rune, bool) {
	if in[0] != '\\' || in[1] != 'u' {
		return 0, false
	}
	v, err := strconv.ParseUint(string(in[2:6]), 16, 16)
	return rune(v), err == nil
}

// isWord reports whether in begins with word and does not go on like a word.
func isWord(in []byte, word string) bool {
	return len(in) >= len(word) && string(in[:len(word)]) == word &&
		(len(in) == len(word) || !isWordByte(in[len(word)]))
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '+' || c == '.' || c == '_'
}

// excerpt is how an error shows what is no value: up to 32 bytes of a word, or
// one character.
func excerpt(in []byte) []byte {
	n := 0
	for n < len(in) && n < 32 && isWordByte(in[n]) {
		n++
	}
	if n == 0 {
		_, n = utf8.DecodeRune(in)
	}
	return in[:n]
}
