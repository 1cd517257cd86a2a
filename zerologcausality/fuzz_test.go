package zerologcausality_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// FuzzDifferential makes log calls of its input and compares what the adapters
// read in the lines with what encoding/json reads there.
//
//	go test -fuzz FuzzDifferential -fuzztime 10m -parallel 1 ./zerologcausality
func FuzzDifferential(f *testing.F) {
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 0))
		data := make([]byte, 1+random.IntN(300))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		f.Add(data)
	}
	for _, text := range []string{everyByte, deep(5), `{"a":[1,2.5e3,null,"\ud83d\ude00"]}`} {
		f.Add(append([]byte{opRaw, 1, 'k', byte(len(text))}, text...))
		f.Add(append([]byte{opStr, 1, 'k', byte(len(text))}, text...))
	}
	d := newDiffer(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		zerolog.FloatingPointPrecision = -1
		zerolog.TimeFieldFormat = time.RFC3339Nano
		defer func() { zerolog.FloatingPointPrecision, zerolog.TimeFieldFormat = -1, time.RFC3339 }()
		d.check(t, func(l zerolog.Logger) {
			p := tape(data)
			l = p.context(l.With()).Logger()
			p.event(l.Info().Str("event", "e"), 0).Msg(p.text())
		})
	})
}

// tape is the fuzzer's bytes, as the numbers and strings that a program asks of
// it. At its end it is all zeros.
type tape []byte

func (p *tape) byte() byte {
	if len(*p) == 0 {
		return 0
	}
	b := (*p)[0]
	*p = (*p)[1:]
	return b
}

func (p *tape) bytes() []byte {
	n := min(int(p.byte()), len(*p))
	b := (*p)[:n]
	*p = (*p)[n:]
	return b
}

func (p *tape) text() string { return string(p.bytes()) + "m" } // an empty message is none

// key is never one that means something.
func (p *tape) key() string { return "k" + string(p.bytes()) }

func (p *tape) uint64() uint64 {
	var b [8]byte
	n := copy(b[:], *p)
	*p = (*p)[n:]
	return binary.LittleEndian.Uint64(b[:])
}

func (p *tape) float64() float64 { return math.Float64frombits(p.uint64()) }

func (p *tape) time() time.Time {
	return time.Unix(int64(p.uint64()%(1<<38)), int64(p.byte())).In(time.FixedZone("", int(p.byte())*60))
}

// any is a value for Interface.
func (p *tape) any(depth int) any {
	switch p.byte() % 8 {
	case 0:
		return string(p.bytes())
	case 1:
		return p.float64()
	case 2:
		return p.uint64()
	case 3:
		return nil
	case 4:
		return p.bytes()
	case 5:
		m := map[string]any{}
		for n := p.byte() % 4; n > 0 && depth < 5; n-- {
			m[string(p.bytes())] = p.any(depth + 1)
		}
		return m
	case 6:
		var list []any
		for n := p.byte() % 4; n > 0 && depth < 5; n-- {
			list = append(list, p.any(depth+1))
		}
		return list
	default:
		return p.byte()%2 == 0
	}
}

// What a byte of the tape asks for.
const (
	opEnd = iota
	opStr
	opRaw
	opInt
	opUint
	opFloat
	opFloat32
	opBool
	opBytes
	opHex
	opTime
	opDuration
	opInterface
	opDict
	opObject
	opEmbed
	opArray
	opStrs
	opFloats
	opErr
	opErrs
	opFields
	opIP
	opType
	opPrecision
	opFormat
	opNull
	ops
)

// event adds fields until the tape says that it is enough.
func (p *tape) event(e *zerolog.Event, depth int) *zerolog.Event {
	for len(*p) > 0 {
		switch op := p.byte() % ops; op {
		case opEnd:
			return e
		case opStr:
			e.Str(p.key(), string(p.bytes()))
		case opRaw:
			key, raw := p.key(), p.bytes()
			if len(raw) == 0 || p.byte()%8 != 0 && !json.Valid(raw) {
				raw, _ = json.Marshal(p.any(0))
			}
			e.RawJSON(key, raw)
		case opInt:
			e.Int64(p.key(), int64(p.uint64()))
		case opUint:
			e.Uint64(p.key(), p.uint64())
		case opFloat:
			e.Float64(p.key(), p.float64())
		case opFloat32:
			e.Float32(p.key(), math.Float32frombits(uint32(p.uint64())))
		case opBool:
			e.Bool(p.key(), p.byte()%2 == 0)
		case opBytes:
			e.Bytes(p.key(), p.bytes())
		case opHex:
			e.Hex(p.key(), p.bytes())
		case opTime:
			e.Time(p.key(), p.time())
		case opDuration:
			e.Dur(p.key(), time.Duration(p.uint64()))
		case opInterface:
			e.Interface(p.key(), p.any(0))
		case opDict:
			key := p.key()
			if depth < 100 {
				e.Dict(key, p.event(zerolog.Dict(), depth+1))
			}
		case opObject:
			e.Object(p.key(), fields(func(e *zerolog.Event) { p.event(e, depth+1) }))
		case opEmbed:
			e.EmbedObject(fields(func(e *zerolog.Event) { p.event(e, depth+1) }))
		case opArray:
			e.Array(p.key(), array(func(a *zerolog.Array) {
				for n := p.byte() % 5; n > 0; n-- {
					a.Interface(p.any(0)).Str(string(p.bytes())).Float64(p.float64()).Dict(p.event(zerolog.Dict(), depth+1))
				}
			}))
		case opStrs:
			e.Strs(p.key(), []string{string(p.bytes()), string(p.bytes())})
		case opFloats:
			e.Floats64(p.key(), []float64{p.float64(), p.float64()})
		case opErr:
			e.AnErr(p.key(), errors.New(string(p.bytes())))
		case opErrs:
			e.Errs(p.key(), []error{errors.New(string(p.bytes())), nil})
		case opFields:
			e.Fields([]any{p.key(), p.any(0), p.key(), p.float64(), p.key(), p.bytes()})
		case opIP:
			e.IPAddr(p.key(), net.IP(p.bytes()))
		case opType:
			e.Type(p.key(), p.any(0))
		case opPrecision:
			zerolog.FloatingPointPrecision = int(p.byte()%20) - 1
		case opFormat:
			zerolog.TimeFieldFormat = []string{time.RFC3339, time.Kitchen, zerolog.TimeFormatUnix, zerolog.TimeFormatUnixMs,
				zerolog.TimeFormatUnixMicro, zerolog.TimeFormatUnixNano}[p.byte()%6]
		case opNull:
			e.Interface(p.key(), nil)
		}
	}
	return e
}

// context binds some fields.
func (p *tape) context(c zerolog.Context) zerolog.Context {
	for n := p.byte() % 4; n > 0; n-- {
		switch p.byte() % 6 {
		case 0:
			c = c.Str(p.key(), string(p.bytes()))
		case 1:
			c = c.Object(p.key(), fields(func(e *zerolog.Event) { p.event(e, 1) }))
		case 2:
			c = c.EmbedObject(fields(func(e *zerolog.Event) { p.event(e, 1) }))
		case 3:
			c = c.Float64(p.key(), p.float64())
		case 4:
			c = c.Interface(p.key(), p.any(0))
		case 5:
			c = c.Dict(p.key(), p.event(zerolog.Dict(), 1))
		}
	}
	return c
}

// FuzzScan gives the scanner JSON that zerolog would not write.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		``, `"a":1`, `"a":{"b":[1,{"c":null}],"d":"\u00e9\ud83d\ude00\ud83d"},"e":-1.5E+10`, ` "a" : [ ] , "b" : { } `, deep(70)[1:],
		`"a":01`, `"a":"` + "\x00" + `"`, `"a":,"b":1`, `,,"a":1,`, `"a":[[[[[[[[]]]]]]]]`, `"a":{"a":{}},"a":"\"","\\":1e400`, `"a":1}{`, `"":{"":""}`,
	} {
		f.Add(text)
	}
	var got [][]string
	client, _ := causalitytest.New(f, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			got = append(got, flatten(nil, "", e.Attrs))
			return e, false
		}
	}))
	w := zerologcausality.NewWriter(client)
	f.Fuzz(func(t *testing.T, text string) {
		line := []byte(`{"level":"info","event":"e",` + text + `,"message":"m"}`)
		if strings.TrimSpace(text) == "" {
			line = []byte(`{"level":"info","event":"e","message":"m"}`)
		}
		got = got[:0]
		_, _ = w.WriteLevel(zerolog.InfoLevel, line)
		if len(got) > 1 {
			t.Fatalf("%d events came of %s", len(got), line)
		}
		want, err := readBack(line)
		if err != nil {
			return
		}
		keys, _, _ := members(line)
		for _, key := range keys[2 : len(keys)-1] {
			switch key {
			case "", "event", "user_id", "session_id", "device_id", "correlation_id", "time", "caller":
				return // more than a property
			}
		}
		if len(got) != 1 {
			t.Fatalf("no event came of %s", line)
		}
		if strings.Join(got[0], "\n") != strings.Join(want, "\n") {
			t.Fatalf("of the line %s\n got %q\nwant %q", line, got[0], want)
		}
	})
}
