package zerologcausality

import (
	"log/slog"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// scanner reads the JSON of one log line from left to right, once. Keys, strings
// without an escape and lists are pieces of the line, so that only an escape
// costs memory.
//
// It is as strict as encoding/json but for the holes that zerolog itself writes:
// a member or an element without a value ("err":, for a typed nil error in Fields,
// [1,] for an empty RawJSON in an Array), which is null, and nothing between two
// commas of an object (after EmbedObject of an object without fields).
type scanner struct {
	text string
	pos  int

	// stack holds the members of the objects around pos, attrs those of the
	// objects before it. What is in attrs stays where it is.
	stack, attrs []slog.Attr
	// scratch is memory for a string that is being unescaped.
	scratch []byte
	// open holds the closing brackets that verbatim has still to find.
	open []byte
	// spaced says that white space has been skipped, holed that a hole has.
	spaced, holed bool
}

// end is what peek returns behind the last byte. A zero byte in the line, which
// is not JSON, is not at its end.
const end = 0

func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return end
}

func (s *scanner) atEnd() bool { return s.pos >= len(s.text) }

func (s *scanner) accept(c byte) bool {
	if s.pos >= len(s.text) || s.text[s.pos] != c {
		return false
	}
	s.pos++
	return true
}

func (s *scanner) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
			s.spaced = true
		default:
			return
		}
	}
}

// member reads one member of an object that lies depth objects deep, up to the
// comma, brace or end of line behind it.
func (s *scanner) member(depth int) (key string, v slog.Value, ok bool) {
	if key, ok = s.key(); !ok {
		return key, v, false
	}
	if !s.atDelimiter() {
		if v, ok = s.value(depth); !ok {
			return key, v, false
		}
		s.space()
	}
	return key, v, s.atDelimiter()
}

func (s *scanner) atDelimiter() bool {
	c := s.peek()
	return c == ',' || c == '}' || s.atEnd()
}

// key reads a key and its colon.
func (s *scanner) key() (string, bool) {
	key, ok := s.quoted()
	if !ok {
		return "", false
	}
	s.space()
	if !s.accept(':') {
		return "", false
	}
	s.space()
	return key, true
}

// value reads a value as value.OfJSON does.
func (s *scanner) value(depth int) (slog.Value, bool) {
	switch s.peek() {
	case '"':
		text, ok := s.quoted()
		return slog.StringValue(text), ok
	case '{':
		if depth < value.MaxDepth {
			return s.object(depth)
		}
		return s.verbatim()
	case '[':
		return s.verbatim()
	case 't':
		return slog.BoolValue(true), s.word("true")
	case 'f':
		return slog.BoolValue(false), s.word("false")
	case 'n':
		return slog.Value{}, s.word("null")
	default:
		if n, ok := s.integer(); ok {
			return slog.Int64Value(n), true
		}
		start := s.pos
		if !s.number() {
			return slog.Value{}, false
		}
		return value.Number(s.text[start:s.pos]), true
	}
}

func (s *scanner) word(word string) bool {
	if !strings.HasPrefix(s.text[s.pos:], word) {
		return false
	}
	s.pos += len(word)
	return true
}

// object reads an object as a group, in the order it is written.
func (s *scanner) object(depth int) (slog.Value, bool) {
	s.pos++ // the brace
	start := len(s.stack)
	for s.commas(); !s.accept('}'); s.commas() {
		key, v, ok := s.member(depth + 1)
		if !ok || s.atEnd() {
			return slog.Value{}, false
		}
		s.stack = append(s.stack, slog.Attr{Key: key, Value: v})
	}
	// Objects inside this one have put their members into attrs meanwhile; its
	// own must lie side by side.
	first := len(s.attrs)
	s.attrs = append(s.attrs, s.stack[start:]...)
	clear(s.stack[start:])
	s.stack = s.stack[:start]
	return slog.GroupValue(s.attrs[first:len(s.attrs):len(s.attrs)]...), true
}

// verbatim reads an array or object as its compact text.
func (s *scanner) verbatim() (slog.Value, bool) {
	start, spaced := s.pos, s.spaced
	s.spaced, s.holed = false, false
	if !s.skip() {
		return slog.Value{}, false
	}
	text := s.text[start:s.pos]
	if s.spaced || s.holed {
		text = compact(text)
	}
	s.spaced = spaced
	return slog.AnyValue(value.JSON(text)), true
}

// skip passes over one value of any depth without recursion: a hostile line must
// not cost a stack.
func (s *scanner) skip() bool {
	s.open = s.open[:0]
	for {
		switch s.peek() {
		case '{':
			s.pos++
			s.open = append(s.open, '}')
			if s.commas(); s.peek() != '}' {
				if !s.skipKey() {
					return false
				}
				continue
			}
		case '[':
			s.pos++
			s.open = append(s.open, ']')
			if s.space(); s.peek() != ']' {
				continue
			}
		case ',', ']', '}':
			if len(s.open) == 0 {
				return false
			}
			s.holed = true
		default:
			if !s.skipScalar() {
				return false
			}
		}
		// Behind a value, or before the end of an empty one.
		for {
			s.space()
			if len(s.open) == 0 {
				return true
			}
			last := len(s.open) - 1
			if s.accept(s.open[last]) {
				if s.open = s.open[:last]; last == 0 {
					return true
				}
				continue
			}
			if !s.accept(',') {
				return false
			}
			if s.open[last] == '}' {
				if s.commas(); s.peek() == '}' {
					continue
				}
				if !s.skipKey() {
					return false
				}
			}
			s.space()
			break
		}
	}
}

// commas passes over what is between two members.
func (s *scanner) commas() {
	for s.space(); s.accept(','); s.space() {
		s.holed = true
	}
}

func (s *scanner) skipKey() bool {
	if !s.skipString() {
		return false
	}
	s.space()
	if !s.accept(':') {
		return false
	}
	s.space()
	return true
}

func (s *scanner) skipScalar() bool {
	switch s.peek() {
	case '"':
		return s.skipString()
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	default:
		return s.number()
	}
}

// compact returns JSON without the white space between its tokens, and with null in
// its holes.
func compact(text string) string {
	b := make([]byte, 0, len(text))
	var open []byte
	last := byte(0) // the token before, by its first byte
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ' ' || c == '\t' || c == '\n' || c == '\r' {
			continue
		}
		inList := len(open) > 0 && open[len(open)-1] == '['
		switch c {
		case ',', ']', '}':
			isEmpty := last == ',' || last == '[' || last == '{'
			switch {
			case last == ':', inList && isEmpty && !(c == ']' && last == '['):
				b = append(b, "null"...)
			case isEmpty && c == ',':
				continue // one comma is enough
			case last == ',' && c == '}':
				b = b[:len(b)-1]
			}
			if c != ',' {
				open = open[:len(open)-1]
			}
		case '[', '{':
			open = append(open, c)
		case '"':
			end := i + 1
			for ; text[end] != '"'; end++ {
				if text[end] == '\\' {
					end++ // what is escaped is not the end of the string
				}
			}
			b = append(b, text[i:end]...)
			i = end
		}
		b = append(b, c)
		last = c
	}
	return string(b)
}
