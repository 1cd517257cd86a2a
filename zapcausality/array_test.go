package zapcausality_test

import (
	"errors"
	"log/slog"
	"math"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestAnArrayIsTheJSONThatItIsUnderSlog(t *testing.T) {
	type point struct {
		X float32       `json:"x"`
		D time.Duration `json:"d"`
		T string        `json:"t"`
	}
	points := []point{{0.1, time.Second, "<a> & \"b\""}, {2, 0, "ü\u2028"}}
	asObjects := zap.Array("k", arrayFunc(func(enc zapcore.ArrayEncoder) error {
		for _, p := range points {
			err := enc.AppendObject(objectFunc(func(enc zapcore.ObjectEncoder) error {
				enc.AddFloat32("x", p.X)
				enc.AddDuration("d", p.D)
				enc.AddString("t", p.T)
				return nil
			}))
			if err != nil {
				return err
			}
		}
		return nil
	}))
	errs := []error{errors.New("one"), nil, rich{}, (*fragile)(nil)}
	for _, tt := range []struct {
		name string
		zap  zap.Field
		slog any
		want any
	}{
		{"of bools", zap.Bools("k", []bool{true, false}), []bool{true, false}, `[true,false]`},
		{"of ints", zap.Ints("k", []int{1, -2}), []int{1, -2}, `[1,-2]`},
		{"of int64s", zap.Int64s("k", []int64{math.MinInt64}), []int64{math.MinInt64}, `[-9223372036854775808]`},
		{"of int8s", zap.Int8s("k", []int8{-1}), []int8{-1}, `[-1]`},
		{"of uint64s", zap.Uint64s("k", []uint64{math.MaxUint64}), []uint64{math.MaxUint64}, `[18446744073709551615]`},
		{"of float64s", zap.Float64s("k", []float64{0.1, 1e21, 1e-7, 5}), []float64{0.1, 1e21, 1e-7, 5}, `[0.1,1e+21,1e-7,5]`},
		{"of float32s", zap.Float32s("k", []float32{0.1, 3.4e38}), []float32{0.1, 3.4e38}, `[0.1,3.4e+38]`},
		{"of strings", zap.Strings("k", []string{"a", "<&>", "\"\\\n\x00", "ü", "\xff"}), []string{"a", "<&>", "\"\\\n\x00", "ü", "\xff"}, `["a","<&>","\"\\\n\u0000","ü","` + "\ufffd" + `"]`},
		{"of times", zap.Times("k", []time.Time{noon}), []time.Time{noon}, `["2026-11-23T11:00:00.123456789Z"]`},
		{"of durations", zap.Durations("k", []time.Duration{time.Second}), []time.Duration{time.Second}, `[1000]`},
		{"of Stringers that are text", zap.Stringers("k", []netip.Addr{netip.IPv6Loopback()}), []netip.Addr{netip.IPv6Loopback()}, `["::1"]`},
		{"of errors", zap.Errors("k", errs), errs, `["one",null,"short",null]`},
		{"of anything", zap.Any("k", []any{1, "a", nil, map[string]any{"x": 1}, []int{2}}), []any{1, "a", nil, map[string]any{"x": 1}, []int{2}}, `[1,"a",null,{"x":1},[2]]`},
		{"of structs", zap.Any("k", points), points, `[{"x":0.1,"d":1000,"t":"<a> & \"b\""},{"x":2,"d":0,"t":"ü` + "\u2028" + `"}]`},
		{"of objects", asObjects, points, `[{"x":0.1,"d":1000,"t":"<a> & \"b\""},{"x":2,"d":0,"t":"ü` + "\u2028" + `"}]`},
		{"that is empty", zap.Strings("k", []string{}), []string{}, `[]`},
		{"that is nil", zap.Strings("k", nil), []string(nil), nil},
		{"of no errors", zap.Errors("k", nil), []error(nil), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := props{}
			if tt.want != nil {
				want["k"] = tt.want
			}
			wantProps(t, slogPropsOf(t, slog.Any("k", tt.slog)), want)
			wantProps(t, propsOf(t, tt.zap), want)
		})
	}
}

// What zap has arrays for and JSON has no form for.
func TestAnArrayOfWhatJSONLacksHoldsText(t *testing.T) {
	for _, tt := range []struct {
		name  string
		field zap.Field
		want  string
	}{
		{"complex numbers", zap.Complex128s("k", []complex128{1 + 2i}), `["(1+2i)"]`},
		{"small complex numbers", zap.Complex64s("k", []complex64{1 - 2i}), `["(1-2i)"]`},
		{"no numbers", zap.Float64s("k", []float64{1, math.NaN(), math.Inf(1)}), `[1,"NaN","+Inf"]`},
		{"bytes that are text", zap.ByteStrings("k", [][]byte{[]byte("a"), nil}), `["a",""]`},
		{"Stringers of numbers", zap.Stringers("k", []level{1, 2}), `["level-1","level-2"]`},
		{"bytes that are numbers", zap.Uint8s("k", []uint8{1, 2}), `[1,2]`},
		{"a time after the year 9999", zap.Times("k", []time.Time{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}), `["10000-01-01T00:00:00Z"]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantProps(t, propsOf(t, tt.field), props{"k": tt.want})
		})
	}
}

func TestEveryMethodOfAnArrayEncoder(t *testing.T) {
	scratch, reflected := []byte("text"), map[string]any{"a": 1}
	everything := arrayFunc(func(enc zapcore.ArrayEncoder) error {
		enc.AppendBool(true)
		enc.AppendByteString(scratch)
		copy(scratch, "XXXX")
		enc.AppendComplex128(1 + 2i)
		enc.AppendComplex64(1 - 2i)
		enc.AppendDuration(time.Millisecond)
		enc.AppendFloat64(0.1)
		enc.AppendFloat32(0.1)
		enc.AppendInt(-1)
		enc.AppendInt64(-2)
		enc.AppendInt32(-3)
		enc.AppendInt16(-4)
		enc.AppendInt8(-5)
		enc.AppendString("s")
		enc.AppendTime(noon.UTC())
		enc.AppendUint(1)
		enc.AppendUint64(2)
		enc.AppendUint32(3)
		enc.AppendUint16(4)
		enc.AppendUint8(5)
		enc.AppendUintptr(6)
		err := enc.AppendReflected(reflected)
		reflected["a"] = 2
		return errors.Join(err,
			enc.AppendReflected(make(chan int)),
			enc.AppendReflected(nil),
			enc.AppendObject((*user)(nil)),
			enc.AppendArray(arrayFunc(nil)),
			enc.AppendArray(arrayFunc(func(enc zapcore.ArrayEncoder) error { enc.AppendInt(1); return nil })),
			enc.AppendObject(zap.DictObject(
				zap.Error(rich{}), zap.Stringer("level", level(1)), zap.Binary("b", []byte("hi")), zap.Complex128("c", 1i),
				zap.Any("m", map[string]int{"x": 1}), zap.Ints("i", []int{1}), zap.Errors("e", []error{rich{}}),
				zap.Dict("d", zap.Namespace("n"), zap.Bool("t", true)), zap.Any("nil", nil), zap.Float32("f", 0.1),
				zap.Any("secret", secret{"s3cr3t"}), zap.Any("pair", pair{1, 2}), zap.Any("ctx", t.Context()))),
			enc.AppendObject(objectFunc(func(enc zapcore.ObjectEncoder) error {
				enc.AddFloat32("f", 0.1)
				return errors.Join(enc.AddReflected("m", map[string]int{"x": 1}), enc.AddArray("nil", nil), enc.AddReflected("ctx", t.Context()))
			})))
	})
	wantProps(t, propsOf(t, zap.Array("k", everything)), props{"k": `[true,"text","(1+2i)","(1-2i)",1,0.1,0.1,-1,-2,-3,-4,-5,"s",` +
		`"2026-11-23T11:00:00.123456789Z",1,2,3,4,5,6,{"a":1},"!ERROR: json: unsupported type: chan int",null,null,null,[1],` +
		`{"error":"short","level":"level-1","b":"aGk=","c":"(0+1i)","m":{"x":1},"i":[1],"e":["short"],"d":{"n":{"t":true}},"nil":null,"f":0.1,"secret":"[redacted]","pair":{"a":1,"b":2}},{"f":0.1,"m":{"x":1}}]`})
}
