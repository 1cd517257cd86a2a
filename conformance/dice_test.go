package conformance

import (
	"math/rand/v2"
	"strings"
)

// dice makes the choices of a generator: by the bytes of a fuzzer, or at random.
// Where the bytes end every choice is the first one, so a generator offers its
// plainest choice first, and ends.
type dice struct {
	data   []byte
	random *rand.Rand // nil: data alone
	thrown []byte     // what the random ones threw; as data it repeats them

	// isWild lets go of what keeps an event within what is documented.
	isWild bool
}

func diceOf(data []byte) *dice { return &dice{data: data} }

// seededDice are the dice of the n-th event of a run.
func seededDice(seed, n uint64) *dice {
	return &dice{random: rand.New(rand.NewPCG(seed, n))}
}

func (d *dice) next() byte {
	if len(d.data) == 0 {
		if d.random == nil {
			return 0
		}
		word := d.random.Uint64()
		d.data = append(d.data, byte(word), byte(word>>8), byte(word>>16), byte(word>>24),
			byte(word>>32), byte(word>>40), byte(word>>48), byte(word>>56))
	}
	b := d.data[0]
	d.data = d.data[1:]
	if d.random != nil {
		d.thrown = append(d.thrown, b)
	}
	return b
}

// upTo returns a number below n.
func (d *dice) upTo(n int) int {
	number := int(d.next())
	for limit := 256; limit < n; limit *= 256 {
		number = number<<8 | int(d.next())
	}
	return number % n
}

// oneIn is true once in n times, and never at the end of the bytes.
func (d *dice) oneIn(n int) bool { return d.upTo(n) == n-1 }

func (d *dice) uint64() (bits uint64) {
	for range 8 {
		bits = bits<<8 | uint64(d.next())
	}
	return bits
}

func (d *dice) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = d.next()
	}
	return b
}

func pickOf[T any](d *dice, from []T) T { return from[d.upTo(len(from))] }

// words are keys that mean something to somebody, also once they are joined,
// repaired or cut.
var words = []string{
	"a", "b", "A", "a.b", "a_b", "a.b.", "_", ".", "", "order_id", "total.cents", "user", "id", "user_id", "user_id_2", "user.id",
	"session_id", "session_id_2", "device_id", "correlation_id", "USER_ID", "event_type", "event", "event_name", "track",
	"_server_hostname", "_server.hostname", "_server", "server_hostname", "hostname", "_server_go_version", "_server_sdk_version",
	"message", "level", "msg", "error", "x", "y", "0", "null", "true", "idempotency_key", "timestamp_ms", "string_params", "custom_event",
	"params", "coordinates", "items", "constructor", "__proto__", "$.a", "a/b", "a b", "user_id\x00", "user_id ", "usеr_id",
}

// pieces are what hostile text is made of.
var pieces = []string{
	"a", "B", "7", " ", ".", "_", "-", "/", ":", "=", "*", ">", `"`, `\`, "'", "`", "\x00", "\x01", "\b", "\t", "\n", "\v", "\f", "\r", "\r\n", "\x1b", "\x1f", "\x7f",
	"\u0080", "\u0085", "\u009f", "\u00a0", "\u00ad", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff", "\ufffd", "\uffff", "\ufdd0", "é", "e\u0301", "ß", "İ", "漢", "😀", "👩‍👩‍👧", "\U0010ffff",
	"\xff", "\xfe\xff", "\x80", "\xc3", "\xc0\xaf", "\xe2\x82", "\xed\xa0\x80", "\xed\xb0\x80", "\xed\xa0\xbd\xed\xb8\x80", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
	`\u0061`, `\ud800`, `\n`, `\"`, `\\`, "&amp;", "</script>", "{", "}", "[", "]", ",", `":1,"x":"`, "]}\n", `"}}`, "null", "NaN", "-Infinity", "1e999", "%s%n", "${a}",
}

// text is any string: mostly short, seldom harmless, now and then huge.
func (d *dice) text() string {
	switch d.upTo(8) {
	case 0, 1:
		return pickOf(d, words)
	case 2:
		return string(d.bytes(d.upTo(24)))
	case 3, 4:
		return d.longText()
	default:
		var b strings.Builder
		for range d.upTo(6) {
			b.WriteString(pickOf(d, pieces))
		}
		return b.String()
	}
}

// The sizes at which something may go wrong: the limit of a name, a long name,
// a key of 64 KiB, and more than an event may hold.
var (
	longSizes = []int{1, 2, 3, 250, 255, 256, 257, 258, 300, 1024, 4000, 5000}
	hugeSizes = []int{64 << 10, 1<<16 - 1, 200_000, 1_100_000}
)

func (d *dice) longText() string {
	if !d.oneIn(8) {
		return d.name()
	}
	size := pickOf(d, longSizes)
	if d.oneIn(40) {
		size = pickOf(d, hugeSizes)
	}
	// Pieces of several bytes lie across every limit that counts bytes.
	piece := pickOf(d, pieces)
	return d.name() + strings.Repeat(piece, 1+size/len(piece))
}

// name is an innocent string.
func (d *dice) name() string {
	name := []byte("p")
	for range d.upTo(6) {
		name = append(name, "abcdefghijklmnopqrstuvwxyz_0123456789"[d.upTo(37)])
	}
	return string(name)
}

// valid is a string as it arrives: each byte that is not UTF-8 is U+FFFD.
func valid(s string) string { return string([]rune(s)) }
