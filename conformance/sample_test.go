package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"net"
	"net/url"
	"strconv"
	"time"
)

// sample is a value as it is logged, with what must arrive of it.
type sample struct {
	val  any
	want tree
	// isText: it is text, or has a method that says so, and so may be the type of
	// an event.
	isText bool
	// isFragile: its methods panic, or it is a typed nil. Loggers that call
	// the methods themselves treat those each in a way of their own.
	isFragile bool
}

// maxNesting bounds what a generator nests by chance; on purpose it goes deeper
// under deepKey.
const maxNesting = 3

// sample generates a value of any kind.
func (d *dice) sample(depth int) sample {
	switch d.upTo(9) {
	case 0, 1:
		s := d.text()
		return sample{val: s, want: textTree(s), isText: true}
	case 2, 3:
		return pickOf(d, numbers)(d)
	case 4, 5:
		return pickOf(d, scalars)(d)
	case 6:
		return pickOf(d, oddities)(d)
	default:
		if depth >= maxNesting {
			return pickOf(d, scalars)(d)
		}
		return pickOf(d, composites())(d, depth+1)
	}
}

// Named types count by their kind.
type (
	namedString string
	namedInt    int32
	namedUint   uint64
	namedFloat  float32
	namedBool   bool
	namedBytes  []byte
)

var numbers = []func(d *dice) sample{
	func(d *dice) sample { n := int(d.int64()); return sample{val: n, want: intTree(int64(n))} },
	func(d *dice) sample { n := d.int64(); return sample{val: n, want: intTree(n)} },
	func(d *dice) sample { n := int32(d.int64()); return sample{val: n, want: intTree(int64(n))} },
	func(d *dice) sample { n := int16(d.int64()); return sample{val: n, want: intTree(int64(n))} },
	func(d *dice) sample { n := int8(d.int64()); return sample{val: n, want: intTree(int64(n))} },
	func(d *dice) sample { n := uint64(d.int64()); return sample{val: n, want: uintTree(n)} },
	func(d *dice) sample { n := uint(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { n := uint32(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { n := uint16(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { n := uint8(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { n := uintptr(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { n := namedInt(d.int64()); return sample{val: n, want: intTree(int64(n))} },
	func(d *dice) sample { n := namedUint(d.int64()); return sample{val: n, want: uintTree(uint64(n))} },
	func(d *dice) sample { f := d.float64(); return sample{val: f, want: floatTree(f)} },
	// Of a float32 log/slog makes a float64 itself, with more digits; these have none.
	func(d *dice) sample { f := float32(d.upTo(99)) / 4; return sample{val: f, want: floatTree(float64(f))} },
	func(d *dice) sample {
		f := namedFloat(d.float64())
		return sample{val: f, want: narrowTree(float32(f))}
	},
}

var scalars = []func(d *dice) sample{
	func(d *dice) sample { b := d.oneIn(2); return sample{val: b, want: boolTree(b)} },
	func(d *dice) sample { b := d.oneIn(2); return sample{val: namedBool(b), want: boolTree(b)} },
	func(*dice) sample { return sample{} },
	func(d *dice) sample {
		s := d.text()
		return sample{val: namedString(s), want: textTree(s), isText: true}
	},
	func(d *dice) sample { s := d.text(); return sample{val: &s, want: textTree(s), isText: true} },
	func(d *dice) sample { n := d.int64(); p := &n; return sample{val: &p, want: intTree(n)} },
	func(d *dice) sample {
		t := time.Duration(d.int64())
		return sample{val: t, want: durationTree(t)}
	},
	func(d *dice) sample {
		t := d.time()
		return sample{val: t, want: momentTree(t.UTC().Format(time.RFC3339Nano))}
	},
	func(d *dice) sample {
		t := d.time()
		return sample{val: &t, want: momentTree(t.UTC().Format(time.RFC3339Nano))}
	},
	func(d *dice) sample {
		b := []byte(d.text())
		return sample{val: b, want: textTree(base64.StdEncoding.EncodeToString(b))}
	},
	func(d *dice) sample {
		b := []byte(d.text())
		return sample{val: namedBytes(b), want: textTree(base64.StdEncoding.EncodeToString(b))}
	},
	func(d *dice) sample {
		s := d.text()
		return sample{val: errors.New(s), want: textTree(s), isText: true}
	},
	func(d *dice) sample {
		s := d.text()
		return sample{val: fmt.Errorf("wrapped: %w", errors.New(s)), want: textTree("wrapped: " + s), isText: true}
	},
	func(d *dice) sample { s := d.text(); return sample{val: stringer{s}, want: textTree(s), isText: true} },
	func(d *dice) sample {
		m := time.Month(1 + d.upTo(12))
		return sample{val: m, want: textTree(m.String()), isText: true}
	},
	func(d *dice) sample {
		s := d.text()
		return sample{val: textMarshaler{s, nil}, want: textTree(s), isText: true}
	},
	func(d *dice) sample {
		s := d.text()
		return sample{val: json.Number(s), want: textTree(s), isText: true, isFragile: true}
	},
	func(d *dice) sample {
		n := new(big.Int).Lsh(big.NewInt(d.int64()), uint(d.upTo(99)))
		return sample{val: n, want: textTree(n.String()), isText: true}
	},
	func(d *dice) sample {
		u := &url.URL{Scheme: "https", Host: "example.com", Path: d.text()}
		return sample{val: u, want: textTree(u.String()), isText: true}
	},
	func(d *dice) sample {
		ip := net.IP(d.bytes(4))
		return sample{val: ip, want: textTree(ip.String()), isText: true}
	},
	func(d *dice) sample {
		c := complex(d.float64(), d.float64())
		return sample{val: c, want: textTree(strconv.FormatComplex(c, 'g', -1, 128))}
	},
	func(d *dice) sample {
		c := complex64(complex(d.float64(), 1))
		return sample{val: c, want: textTree(strconv.FormatComplex(complex128(c), 'g', -1, 64))}
	},
}

// narrowTree is a float32 as it is written.
func narrowTree(f float32) tree {
	wide, err := strconv.ParseFloat(strconv.FormatFloat(float64(f), 'g', -1, 32), 64)
	if err != nil {
		wide = float64(f)
	}
	return floatTree(wide)
}

// interesting integers and floats are the limits of some kind.
var (
	interestingInts = []int64{0, 1, -1, 42, math.MaxInt8 + 1, math.MaxInt32, math.MaxInt32 + 1, math.MinInt32, math.MinInt32 - 1,
		1<<53 - 1, 1 << 53, 1<<53 + 1, math.MaxInt64, math.MinInt64, math.MaxInt64 - 1, math.MaxUint32, 1e9, 1795421601849}
	interestingFloats = []float64{0, math.Copysign(0, -1), 1, -1, 0.1, 0.5, -3.25, 1e-6, 9.999999e-7, 1e-9, 1e20, 1e21, 123456789.125, 1 << 53, 1 << 63, -1 << 63, 1 << 31,
		math.MaxFloat32, math.MaxFloat32 * 1.0000001, -math.MaxFloat32 * 2, math.SmallestNonzeroFloat32, math.MaxFloat64, -math.MaxFloat64,
		math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1), math.Inf(-1), 5e-324, 2.2250738585072014e-308}
)

func (d *dice) int64() int64 {
	if d.oneIn(3) {
		return int64(d.uint64())
	}
	return pickOf(d, interestingInts)
}

func (d *dice) float64() float64 {
	if d.oneIn(3) {
		return math.Float64frombits(d.uint64())
	}
	return pickOf(d, interestingFloats)
}

// zones are those of times, one with seconds in it.
var zones = []*time.Location{time.UTC, time.FixedZone("CET", 3600), time.FixedZone("LMT", -12345), time.FixedZone("far", 14*3600)}

func (d *dice) time() time.Time {
	var t time.Time
	switch d.upTo(4) {
	case 0:
		t = time.UnixMilli(1795421601849)
	case 1:
		t = time.Unix(int64(d.uint64()>>26), int64(d.upTo(1e9))) // to the year 10 680
	case 2:
		t = time.Time{}.Add(time.Duration(d.uint64() >> 1))
	default:
		t = time.UnixMicro(d.int64())
	}
	return t.In(pickOf(d, zones))
}

// Types with methods, some of which fail.
type (
	stringer      struct{ text string }
	nilStringer   struct{}
	textMarshaler struct {
		text string
		err  error
	}
	jsonMarshaler struct {
		text   string
		panics bool
	}
	panicker struct{ why string } // of an error
	nilError struct{}
	valuer   struct{ v slog.Value }
	endless  struct{}
	bomb     struct{ why string } // of a LogValuer
	itself   *itself
)

func (s stringer) String() string                    { return s.text }
func (*nilStringer) String() string                  { panic("called on nil") }
func (m textMarshaler) MarshalText() ([]byte, error) { return []byte(m.text), m.err }
func (p panicker) Error() string                     { panic(p.why) }
func (*nilError) Error() string                      { panic("called on nil") }
func (v valuer) LogValue() slog.Value                { return v.v }
func (e endless) LogValue() slog.Value               { return slog.AnyValue(e) }
func (b bomb) LogValue() slog.Value                  { panic(b.why) }

func (m jsonMarshaler) MarshalJSON() ([]byte, error) {
	if m.panics {
		panic("boom")
	}
	return []byte(m.text), nil
}

// oddities are what goes wrong.
var oddities = []func(d *dice) sample{
	func(*dice) sample { return sample{val: (*string)(nil), isFragile: true} },
	func(*dice) sample { return sample{val: (*nilStringer)(nil), isFragile: true} },
	func(*dice) sample { return sample{val: (*nilError)(nil), isFragile: true} },
	func(*dice) sample { return sample{val: error(nil)} },
	func(*dice) sample { return sample{val: []string(nil), isFragile: true} },
	func(*dice) sample { return sample{val: map[string]any(nil), isFragile: true} },
	func(*dice) sample { return sample{val: []byte(nil), isFragile: true} },
	func(*dice) sample { return sample{val: (chan int)(nil), isFragile: true} },
	func(*dice) sample { return sample{val: make(chan int), want: failed()} },
	func(*dice) sample { return sample{val: func() {}, want: failed()} },
	func(*dice) sample {
		return sample{val: []float64{1, math.Inf(1)}, want: listTree(`[1,"+Inf"]`), isFragile: true}
	},
	func(*dice) sample { return sample{val: map[bool]int{true: 1}, want: failed()} },
	func(*dice) sample { return sample{val: endless{}, want: failed(), isFragile: true} },
	func(*dice) sample { var p itself; p = &p; return sample{val: p, want: failed(), isFragile: true} },
	func(d *dice) sample { s := d.name(); return sample{val: bomb{s}, want: panicked(s), isFragile: true} },
	func(d *dice) sample {
		s := d.name()
		return sample{val: panicker{s}, want: panicked(s), isFragile: true}
	},
	func(*dice) sample {
		return sample{val: jsonMarshaler{"", true}, want: panicked("boom"), isFragile: true}
	},
	func(*dice) sample { return sample{val: jsonMarshaler{text: "{"}, want: failed()} },
	func(d *dice) sample {
		return sample{val: json.RawMessage("nope" + d.name()), want: failed(), isFragile: true}
	},
	func(d *dice) sample {
		return sample{val: textMarshaler{"", errors.New(d.name())}, want: failed()}
	},
	func(*dice) sample {
		m := map[string]any{"x": 1}
		m["self"] = m
		return sample{val: m, want: objectTree(member{"self", failed()}, member{"x", intTree(1)}), isFragile: true}
	},
}
