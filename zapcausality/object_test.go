package zapcausality_test

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

type (
	objectFunc = zapcore.ObjectMarshalerFunc
	arrayFunc  = zapcore.ArrayMarshalerFunc
)

// user is a marshaler as zap's documentation has it.
type user struct {
	name  string
	roles []string
	home  *address
}

type address struct{ city string }

func (u *user) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("name", u.name)
	zap.Strings("roles", u.roles).AddTo(enc)
	return enc.AddObject("home", u.home)
}

func (a *address) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("city", a.city) // panics on nil
	return nil
}

func TestAnObjectIsAGroup(t *testing.T) {
	ada := &user{"Ada", []string{"admin", "ops"}, &address{"Paris"}}
	flat := props{"user_name": "Ada", "user_roles": `["admin","ops"]`, "user_home_city": "Paris"}
	for _, tt := range []struct {
		name  string
		field zap.Field
		want  props
	}{
		{"of a marshaler", zap.Object("user", ada), flat},
		{"of anything that marshals", zap.Any("user", ada), flat},
		{"of a Dict", zap.Dict("user", zap.String("name", "Ada"), zap.Strings("roles", []string{"admin", "ops"}),
			zap.Dict("home", zap.String("city", "Paris"))), flat},
		{"of a slice of fields", zap.Any("user", []zap.Field{zap.Int("n", 1)}), props{"user_n": int64(1)}},
		{"of a nil member", zap.Object("user", &user{name: "Ada"}), props{"user_name": "Ada"}},
		{"of nil", zap.Object("user", nil), props{}},
		{"of a nil pointer", zap.Object("user", (*user)(nil)), props{}},
		{"of a nil function", zap.Object("user", objectFunc(nil)), props{}},
		{"of a nil pointer, inline", zap.Inline((*user)(nil)), props{}},
		{"of a marshaler that adds nothing", zap.Object("user", objectFunc(func(enc zapcore.ObjectEncoder) error {
			return errors.Join(enc.AddObject("a", nil), enc.AddArray("b", nil), enc.AddReflected("c", nil))
		})), props{}},
		{"without members", zap.Dict("user"), props{}},
		{"whose key has dots", zap.Dict("a.b", zap.Int("c.d", 1)), props{"a_b_c_d": int64(1)}},
		{"with a namespace in it", zap.Dict("user", zap.Int("a", 1), zap.Namespace("n"), zap.Int("b", 2), zap.Namespace("m"), zap.Int("c", 3)),
			props{"user_a": int64(1), "user_n_b": int64(2), "user_n_m_c": int64(3)}},
		{"with something inline", zap.Dict("user", zap.Inline(&address{"Paris"}), zap.Int("n", 1)), props{"user_city": "Paris", "user_n": int64(1)}},
		{"with an error in it", zap.Dict("user", zap.Error(rich{})), props{"user_error": "short"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := props{"last": int64(1)}
			for k, v := range tt.want {
				want[k] = v
			}
			wantProps(t, propsOf(t, tt.field, zap.Int("last", 1)), want)
		})
	}
}

func TestEveryMethodOfAnObjectEncoder(t *testing.T) {
	scratch := []byte("text")
	reflected := map[string]any{"a": 1}
	everything := objectFunc(func(enc zapcore.ObjectEncoder) error {
		enc.AddBinary("binary", scratch)
		enc.AddByteString("bytes", scratch)
		enc.AddBool("bool", true)
		enc.AddComplex128("complex128", 1+2i)
		enc.AddComplex64("complex64", 1-2i)
		enc.AddDuration("duration", 1500*time.Microsecond)
		enc.AddFloat64("float64", 0.1)
		enc.AddFloat32("float32", 0.5)
		enc.AddFloat64("nan", math.NaN())
		enc.AddInt("int", -1)
		enc.AddInt64("int64", -2)
		enc.AddInt32("int32", -3)
		enc.AddInt16("int16", -4)
		enc.AddInt8("int8", -5)
		enc.AddString("string", "s")
		enc.AddTime("time", noon)
		enc.AddUint("uint", 1)
		enc.AddUint64("uint64", math.MaxUint64)
		enc.AddUint32("uint32", 3)
		enc.AddUint16("uint16", 4)
		enc.AddUint8("uint8", 5)
		enc.AddUintptr("uintptr", 6)
		// What is passed may be used again at once.
		copy(scratch, "XXXX")
		err := enc.AddReflected("reflected", reflected)
		reflected["a"] = 2
		enc.OpenNamespace("ns")
		enc.AddInt("inner", 1)
		return errors.Join(err,
			enc.AddReflected("chan", make(chan int)),
			enc.AddReflected("nil", nil),
			enc.AddArray("array", arrayFunc(func(enc zapcore.ArrayEncoder) error { enc.AppendInt(1); return nil })),
			enc.AddObject("object", objectFunc(func(enc zapcore.ObjectEncoder) error { enc.AddInt("n", 1); return nil })))
	})
	wantProps(t, propsOf(t, zap.Object("o", everything), zap.Int("last", 1)), props{
		"o_binary": "dGV4dA==", "o_bytes": "text", "o_bool": true,
		"o_complex128": "(1+2i)", "o_complex64": "(1-2i)",
		"o_duration": 1.5, "o_float64": 0.1, "o_float32": 0.5, "o_nan": "NaN",
		"o_int": int64(-1), "o_int64": int64(-2), "o_int32": int64(-3), "o_int16": int64(-4), "o_int8": int64(-5),
		"o_string": "s", "o_time": "2026-11-23T11:00:00.123456789Z",
		"o_uint": int64(1), "o_uint64": "18446744073709551615", "o_uint32": int64(3), "o_uint16": int64(4), "o_uint8": int64(5), "o_uintptr": int64(6),
		"o_reflected_a": int64(1), "o_ns_inner": int64(1), "o_ns_chan": "!ERROR: json: unsupported type: chan int",
		"o_ns_array": "[1]", "o_ns_object_n": int64(1), "last": int64(1),
	})
}

func TestAMarshalerThatFailsKeepsWhatItHasAdded(t *testing.T) {
	half := func(fail func() error) objectFunc {
		return func(enc zapcore.ObjectEncoder) error {
			enc.AddInt("a", 1)
			if err := fail(); err != nil {
				return err
			}
			enc.AddInt("b", 2)
			return nil
		}
	}
	failing := half(func() error { return errors.New("boom") })
	panicking := half(func() error { panic("boom") })
	for _, tt := range []struct {
		name  string
		field zap.Field
		want  props
	}{
		{"an object that fails", zap.Object("k", failing), props{"k_a": int64(1), "kError": "!ERROR: boom"}},
		{"an object that panics", zap.Object("k", panicking), props{"k_a": int64(1), "kError": "!PANIC: boom"}},
		{"an object that fails with an error that panics", zap.Object("k", half(func() error { return stringer(func() string { panic("twice") }) })),
			props{"k_a": int64(1), "kError": "!ERROR: !PANIC: twice"}},
		{"an object that fails with a nil of an error type", zap.Object("k", half(func() error { return (*fragile)(nil) })),
			props{"k_a": int64(1), "kError": "!ERROR: <nil>"}},
		{"an object in a Dict that fails", zap.Dict("d", zap.Object("k", failing), zap.Int("n", 1)),
			props{"d_k_a": int64(1), "d_kError": "!ERROR: boom", "d_n": int64(1)}},
		{"an object in a marshaler that fails", zap.Object("d", objectFunc(func(enc zapcore.ObjectEncoder) error {
			if err := enc.AddObject("k", failing); err != nil {
				return err
			}
			enc.AddInt("unseen", 1)
			return nil
		})), props{"d_k_a": int64(1), "dError": "!ERROR: boom"}},
		{"an object in a marshaler that panics", zap.Object("d", objectFunc(func(enc zapcore.ObjectEncoder) error {
			enc.OpenNamespace("n")
			if err := enc.AddObject("k", panicking); err != nil {
				return err
			}
			enc.AddInt("seen", 1)
			return nil
		})), props{"d_n_k_a": int64(1), "d_n_kError": "!PANIC: boom", "d_n_seen": int64(1)}},
		{"something inline that fails", zap.Inline(failing), props{"a": int64(1), "Error": "!ERROR: boom"}},
		{"something inline that panics", zap.Inline(panicking), props{"a": int64(1), "Error": "!PANIC: boom"}},
		{"an array that fails", zap.Array("k", arrayFunc(func(enc zapcore.ArrayEncoder) error {
			enc.AppendInt(1)
			return errors.New("boom")
		})), props{"k": "[1]", "kError": "!ERROR: boom"}},
		{"an array that panics", zap.Array("k", arrayFunc(func(enc zapcore.ArrayEncoder) error {
			enc.AppendInt(1)
			panic("boom")
		})), props{"k": "[1]", "kError": "!PANIC: boom"}},
		{"an array with an object that fails", zap.Objects("k", []zapcore.ObjectMarshaler{&address{"Paris"}, failing, &address{"Rome"}}),
			props{"k": `[{"city":"Paris"},{"a":1}]`, "kError": "!ERROR: boom"}},
		{"an array with an object that panics", zap.Objects("k", []zapcore.ObjectMarshaler{&address{"Paris"}, panicking, &address{"Rome"}}),
			props{"k": `[{"city":"Paris"},{"a":1}]`, "kError": "!PANIC: boom"}},
		{"an array in an array that panics", zap.Array("k", arrayFunc(func(enc zapcore.ArrayEncoder) error {
			enc.AppendInt(1)
			return enc.AppendArray(arrayFunc(func(enc zapcore.ArrayEncoder) error {
				enc.AppendInt(2)
				return enc.AppendObject(panicking)
			}))
		})), props{"k": `[1,[2,{"a":1}]]`, "kError": "!PANIC: boom"}},
		{"an array with an object whose member panics", zap.Objects("k", []zapcore.ObjectMarshaler{
			zap.DictObject(zap.Object("o", panicking), zap.Int("n", 1)), zap.DictObject(zap.Int("n", 2))}),
			props{"k": `[{"o":{"a":1},"oError":"!PANIC: boom","n":1},{"n":2}]`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.want["last"] = int64(1)
			wantProps(t, propsOf(t, tt.field, zap.Int("last", 1)), tt.want)
		})
	}
}

// self contains itself, as often as it says.
type self int

func (s self) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	for range s {
		if err := enc.AddObject("s", s); err != nil {
			return err
		}
	}
	return nil
}

func (s self) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for range s {
		_ = enc.AppendArray(s)
	}
	return nil
}

type alternating struct{}

func (a alternating) MarshalLogArray(enc zapcore.ArrayEncoder) error { return enc.AppendObject(a) }
func (a alternating) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	return enc.AddArray("a", a)
}

func TestAnObjectThatContainsItselfEnds(t *testing.T) {
	for _, tt := range []struct {
		name  string
		field zap.Field
	}{
		{"once", zap.Object("k", self(1))},
		{"twice", zap.Object("k", self(2))},
		{"as an array", zap.Array("k", self(1))},
		{"as an array in an object in an array", zap.Array("k", alternating{})},
		{"as an array, twice, and goes on after an error", zap.Array("k", self(2))},
		{"as a Dict", func() zap.Field {
			fields := make([]zap.Field, 1)
			fields[0] = zap.Dict("k", fields...)
			return fields[0]
		}()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := propsOf(t, zap.Int("first", 1), tt.field, zap.Int("last", 1))
			if got["first"] != int64(1) || got["last"] != int64(1) {
				t.Errorf("the other fields are lost: %v", got)
			}
			if text, ok := got["kError"].(string); ok && !strings.HasPrefix(text, "!ERROR: ") {
				t.Errorf("kError = %q", text)
			}
		})
	}
}

func TestWhatIsInlineIsTheEntrysOwn(t *testing.T) {
	inline := objectFunc(func(enc zapcore.ObjectEncoder) error {
		enc.AddString("event", "signed_up")
		enc.AddString("user_id", "u-1")
		enc.AddString("plan", "pro")
		return nil
	})
	got := logged(t, func(l *zap.Logger) {
		l.Info("", zap.Inline(inline))
		l.Info("", zap.Inline(zap.DictObject(zapcausality.Event("left", zap.Int("n", 1)))), zap.Int("x", 1))
		l.With(zap.Inline(inline)).Info("", zap.Int("n", 1))
		l.Info("", zap.Inline(zap.DictObject(zap.String("plan", "pro")))) // no event
	})
	wantEvents(t, got,
		event("signed_up", props{"plan": "pro"}, user1),
		event("left", props{"n": int64(1)}),
		event("signed_up", props{"plan": "pro", "n": int64(1)}, user1))
}

func TestANamespaceIsAGroupForAllThatFollows(t *testing.T) {
	e := zap.String("event", "e")
	n := func(key string) zap.Field { return zap.Int(key, 1) }
	for _, tt := range []struct {
		name string
		log  func(l *zap.Logger)
		want props
	}{
		{"in the call", func(l *zap.Logger) { l.Info("", e, n("a"), zap.Namespace("x"), n("b"), n("c")) },
			props{"a": int64(1), "x_b": int64(1), "x_c": int64(1)}},
		{"in a namespace of the call", func(l *zap.Logger) { l.Info("", zap.Namespace("x"), n("a"), zap.Namespace("y"), n("b"), e) },
			props{"x_a": int64(1), "x_y_b": int64(1)}},
		{"bound with With", func(l *zap.Logger) { l.With(n("a"), zap.Namespace("x"), n("b")).Info("", e, n("c")) },
			props{"a": int64(1), "x_b": int64(1), "x_c": int64(1)}},
		{"bound alone", func(l *zap.Logger) { l.With(zap.Namespace("x")).Info("", e, n("a")) },
			props{"x_a": int64(1)}},
		{"on and on", func(l *zap.Logger) {
			l.With(zap.Namespace("x"), n("a")).With(n("b"), zap.Namespace("y")).With(n("c")).
				Info("", n("d"), zap.Namespace("z"), n("f"), e)
		}, props{"x_a": int64(1), "x_b": int64(1), "x_y_c": int64(1), "x_y_d": int64(1), "x_y_z_f": int64(1)}},
		{"opened by what is inline", func(l *zap.Logger) {
			l.Info("", e, n("a"), zap.Inline(zap.DictObject(n("b"), zap.Namespace("x"), n("c"))), n("d"))
		}, props{"a": int64(1), "b": int64(1), "x_c": int64(1), "x_d": int64(1)}},
		{"without members", func(l *zap.Logger) { l.Info("", e, n("a"), zap.Namespace("x")) },
			props{"a": int64(1)}},
		{"without a name", func(l *zap.Logger) { l.Info("", e, zap.Namespace(""), n("a")) },
			props{"a": int64(1)}},
		{"around an object", func(l *zap.Logger) { l.Info("", e, zap.Namespace("x"), zap.Dict("d", n("a")), n("b")) },
			props{"x_d_a": int64(1), "x_b": int64(1)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantProps(t, loggedOne(t, tt.log).Properties, tt.want)
		})
	}
}

func TestAnEntryMayHaveManyObjectsSideBySide(t *testing.T) {
	var objects, arrays []zap.Field
	want := props{}
	for i := range 200 {
		key := "k" + strconv.Itoa(i)
		objects, want[key+"_n"] = append(objects, zap.Dict(key, zap.Int("n", i))), int64(i)
		key = "a" + strconv.Itoa(i)
		arrays, want[key] = append(arrays, zap.Ints(key, []int{i})), "["+strconv.Itoa(i)+"]"
	}
	wantProps(t, propsOf(t, append(objects, arrays...)...), want)
}

func TestAnArrayThatTakesItsEncoderForAnObjectsCostsNothingElse(t *testing.T) {
	array := arrayFunc(func(enc zapcore.ArrayEncoder) error {
		enc.AppendInt(1)
		if object, ok := enc.(zapcore.ObjectEncoder); ok { // zap's own is both too
			object.OpenNamespace("n")
		}
		enc.AppendInt(2)
		return nil
	})
	wantProps(t, propsOf(t, zap.Dict("d", zap.Array("k", array), zap.Int("n", 1)), zap.Int("last", 1)),
		props{"d_k": "[1,2]", "d_n": int64(1), "last": int64(1)})
}

func TestAnEntryMayHaveManyFields(t *testing.T) {
	fields, want := make([]zap.Field, 3000), props{}
	for i := range fields {
		key := "k" + strconv.Itoa(i)
		fields[i], want["d_"+key] = zap.Int(key, i), int64(i)
	}
	for range 2 {
		wantProps(t, propsOf(t, zap.Dict("d", fields...)), want)
	}
}
