package envelope

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// source makes values of a fuzzer's bytes.
type source struct{ data []byte }

func (s *source) byte() byte {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return b
}

func (s *source) string() string {
	n := min(int(s.byte()%24), len(s.data))
	text := string(s.data[:n])
	s.data = s.data[n:]
	return text
}

func (s *source) number() uint64 {
	var n uint64
	for range s.byte() % 9 {
		n = n<<8 | uint64(s.byte())
	}
	return n
}

type textValuer struct{ v slog.Value }

func (v textValuer) LogValue() slog.Value { return v.v }

func (s *source) value(depth int) any {
	kinds := byte(20)
	if depth > 8 {
		kinds = 12 // nothing that nests
	}
	switch s.byte() % kinds {
	case 0:
		return nil
	case 1, 2:
		return s.string()
	case 3:
		return int64(s.number())
	case 4:
		return s.number()
	case 5:
		return math.Float64frombits(s.number())
	case 6:
		return s.byte()%2 == 0
	case 7:
		return time.Duration(s.number())
	case 8:
		return time.Unix(int64(s.number()), 0)
	case 9:
		return []byte(s.string())
	case 10:
		return errors.New(s.string())
	case 11:
		return json.RawMessage(s.string())
	case 12, 13:
		return s.attrs(depth + 1)
	case 14:
		return textValuer{slog.AnyValue(s.value(depth + 1))}
	case 15:
		return []any{s.value(depth + 1), s.value(depth + 1)}
	case 16:
		return struct {
			A string
			B any `json:"b.c"`
		}{s.string(), s.value(depth + 1)}
	default:
		m := map[string]any{}
		for range s.byte() % 5 {
			m[s.string()] = s.value(depth + 1)
		}
		return m
	}
}

func (s *source) attrs(depth int) []slog.Attr {
	var attrs []slog.Attr
	for range s.byte() % 6 {
		attrs = append(attrs, slog.Any(s.string(), s.value(depth)))
	}
	return attrs
}

// FuzzEncode encodes an event of arbitrary form: what comes out is one line of
// JSON in UTF-8, whose objects have each key once.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("\x05type\x00"), "purchase_complete", byte(0))
	f.Add([]byte(strings.Repeat("\x05\x03a.b\x12\x03\x01a\x03\x08\xff\xff\xff\xff\xff\xff\xff\xff", 5)), "screen_view", byte(1))
	f.Add([]byte(strings.Repeat("\x04\x02\xff\xfe\x11\x03\x01\n\x0b\x09{\"a\":1e9}", 5)), "e", byte(2))
	f.Add([]byte(strings.Repeat("\x03\x07user_id\x01\x03abc\x0d_server_hosts\x0c\x02", 9)), "user_login", byte(3))
	f.Fuzz(func(t *testing.T, data []byte, eventType string, mode byte) {
		o := Options{
			AppID: "checkout", TypedPayloads: mode&1 != 0, IsFlat: mode&2 != 0,
			Server: Server{Hostname: "h\xff\n", GoVersion: "go", SDKVersion: "0.1.0"},
		}
		if mode&4 != 0 {
			o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
				if len(a.Key) == 3 {
					a.Key = strings.Join(append(groups[:len(groups):len(groups)], "replaced"), ".")
				}
				return a
			}
		}
		env := New(o)
		s := &source{data}
		ev := &Event{AppID: "checkout", EventType: eventType, DeviceID: "d", TimestampMs: minTimestampMs + int64(s.byte()), UserID: s.string(), SessionID: s.string()}
		ev.Properties, _ = s.value(0).(map[string]any)
		ev.Attrs = s.attrs(0)
		e := Get()
		defer e.Release()
		if err := e.Encode(env, ev); err != nil {
			if eventType != "" && !errors.Is(err, ErrTooLarge) {
				t.Errorf("it is invalid: %v", err)
			}
			return
		}
		if !utf8.Valid(e.buf) || !json.Valid(e.buf) {
			t.Fatalf("no JSON in UTF-8: %q", e.buf)
		}
		if i := bytes.IndexFunc(e.buf, func(c rune) bool { return c < ' ' }); i >= 0 {
			t.Fatalf("a raw control character at %d: %q", i, e.buf)
		}
		if err := eachKeyOnce(json.NewDecoder(bytes.NewReader(e.buf))); err != nil {
			t.Fatalf("%v: %s", err, e.buf)
		}
	})
}

// eachKeyOnce reads one value and fails if an object in it has a key twice.
func eachKeyOnce(dec *json.Decoder) error {
	token, err := dec.Token()
	delim, nests := token.(json.Delim)
	if err != nil || !nests {
		return err
	}
	keys := map[any]bool{}
	for dec.More() {
		if delim == '{' {
			key, err := dec.Token()
			if err != nil || keys[key] {
				return fmt.Errorf("key %q twice (%v)", key, err)
			}
			keys[key] = true
		}
		if err := eachKeyOnce(dec); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

// TestEachByteInEachPlace compares the code that looks at eight bytes at a time with
// the result for each byte.
func TestEachByteInEachPlace(t *testing.T) {
	for length := 1; length <= 25; length++ {
		for at := range length {
			for c := range 256 {
				text := []byte(strings.Repeat("~", length))
				text[at] = byte(c)
				want := string([]rune(string(text))) // each bad byte is one U+FFFD
				if got := decoded(t, value.AppendString(nil, string(text))); got != want {
					t.Fatalf("%q becomes %q, want %q", text, got, want)
				}
				wantKey := strings.ReplaceAll(want, ".", "_")
				if got := decoded(t, append(value.AppendKey([]byte{'"'}, string(text)), '"')); got != wantKey {
					t.Fatalf("the key %q becomes %q, want %q", text, got, wantKey)
				}
				if got, want := decoded(t, appendEventType(nil, string(text))), CleanType(string(text)); got != want {
					t.Fatalf("the type %q becomes %q, want %q", text, got, want)
				}
			}
		}
	}
}

func decoded(t *testing.T, text []byte) (s string) {
	t.Helper()
	if !utf8.Valid(text) {
		t.Fatalf("%q is not UTF-8", text)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return s
}
