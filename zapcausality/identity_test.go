package zapcausality_test

import (
	"context"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Contexts of each kind that zap makes a different field of.
type (
	plainContext     struct{ context.Context } // no String method: zap reflects
	objectContext    struct{ context.Context }
	arrayContext     struct{ context.Context }
	errorContext     struct{ context.Context }
	panickingContext struct{ context.Context }
	pointerContext   struct{ values map[any]any }
)

func (objectContext) MarshalLogObject(zapcore.ObjectEncoder) error { panic("not for an event") }
func (arrayContext) MarshalLogArray(zapcore.ArrayEncoder) error    { panic("not for an event") }
func (errorContext) Error() string                                 { panic("not for an event") }
func (panickingContext) Value(any) any                             { panic("no value") }

func (*pointerContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (*pointerContext) Done() <-chan struct{}       { return nil }
func (*pointerContext) Err() error                  { return nil }
func (c *pointerContext) Value(key any) any         { return c.values[key] } // panics on nil

func TestAContextAmongTheFieldsSuppliesTheIdentity(t *testing.T) {
	var none context.Context
	ctx := causality.ContextWithIdentity(t.Context(), ada)
	with := event("e", props{"n": int64(1)}, ada)
	without := event("e", props{"n": int64(1)})
	for _, tt := range []struct {
		name string
		ctx  zap.Field
		want causality.Event
	}{
		{"as a Context", zapcausality.Context(ctx), with},
		{"as a Context of nil", zapcausality.Context(none), without},
		{"as anything", zap.Any("ctx", ctx), with},
		{"under any key", zap.Any("whatever", ctx), with},
		{"under the event key", zap.Any("event", ctx), with},
		{"under the key of an identity", zap.Any("user_id", ctx), with},
		{"as a Stringer", zap.Stringer("ctx", ctx.(interface{ String() string })), with},
		{"reflected", zap.Reflect("ctx", ctx), with},
		{"without a String method", zap.Any("ctx", plainContext{ctx}), with},
		{"as a marshaler", zap.Any("ctx", objectContext{ctx}), with},
		{"as an array", zap.Any("ctx", arrayContext{ctx}), with},
		{"as an error", zap.Any("ctx", errorContext{ctx}), with},
		{"in a Dict", zap.Dict("d", zap.Any("ctx", ctx)), with},
		{"in a marshaler", zap.Object("d", objectFunc(func(enc zapcore.ObjectEncoder) error { return enc.AddReflected("ctx", ctx) })), with},
		{"inline", zap.Inline(zap.DictObject(zap.Any("ctx", ctx))), with},
		{"that carries none", zap.Any("ctx", t.Context()), without},
		{"that is nil", zap.Any("ctx", none), without},
		{"that is a nil pointer", zap.Any("ctx", (*pointerContext)(nil)), without},
		{"that panics", zap.Any("ctx", panickingContext{ctx}), without},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, n := zap.String("event", "e"), zap.Int("n", 1)
			wantEvents(t, logged(t, func(l *zap.Logger) {
				l.Info("", e, tt.ctx, n)
				l.With(tt.ctx).Info("", e, n)
				l.With(zap.Namespace(""), tt.ctx, e).With(n).Named("x").Info("")
				l.WithLazy(tt.ctx).Info("", e, n)
				l.Info("", zapcausality.Event("e", n), tt.ctx)
			}), tt.want, tt.want, tt.want, tt.want, tt.want)
		})
	}
	t.Run("in an event", func(t *testing.T) {
		wantEvents(t, logged(t, func(l *zap.Logger) {
			l.Info("", zapcausality.Event("e", zap.Any("ctx", ctx), zap.Int("n", 1)))
			l.Info("", zap.Dict("event", zap.String("event_type", "e"), zap.Any("ctx", ctx), zap.Int("n", 1)))
		}), with, with)
	})
}

func TestTheNearestContextCounts(t *testing.T) {
	of := func(user string) zap.Field {
		return zap.Any("ctx", causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: user}))
	}
	e := zap.String("event", "e")
	got := logged(t, func(l *zap.Logger) {
		l.Info("", e, of("first"), of("last"))
		l.With(of("bound")).Info("", e, of("call"))
		l.With(of("outer")).With(of("inner")).Info("", e)
		l.With(of("outer")).With(zap.Int("n", 1)).Info("", e)
		l.With(of("bound")).Info("", e, zap.Any("ctx", (*pointerContext)(nil))) // nil is none
		l.Info("", e)                                                           // what others bound is not the parent's
	})
	for i, want := range []string{"last", "call", "inner", "outer", "bound", ""} {
		if got[i].UserID != want {
			t.Errorf("event %d: UserID = %q, want %q", i, got[i].UserID, want)
		}
	}
}

func TestWhoAnEventIsAbout(t *testing.T) {
	ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-ctx", SessionID: "s-ctx", DeviceID: "d-ctx", CorrelationID: "c-ctx"})
	c := zap.Any("ctx", ctx)
	for _, tt := range []struct {
		name string
		log  func(l *zap.Logger)
		want causality.Identity
	}{
		{"what is bound wins over the context", func(l *zap.Logger) {
			l.With(zap.String("user_id", "u-bound")).Info("", zap.String("event", "e"), c)
		}, causality.Identity{UserID: "u-bound", SessionID: "s-ctx", DeviceID: "d-ctx", CorrelationID: "c-ctx"}},
		{"the entry wins over what is bound", func(l *zap.Logger) {
			l.With(zap.String("user_id", "u-bound"), c).Info("", zap.String("event", "e"), zap.Int64("user_id", 42), zap.String("correlation_id", "c-call"))
		}, causality.Identity{UserID: "42", SessionID: "s-ctx", DeviceID: "d-ctx", CorrelationID: "c-call"}},
		{"the event wins over the entry", func(l *zap.Logger) {
			l.Info("", zapcausality.Event("e", zap.String("user_id", "u-event")), zap.String("user_id", "u-call"), zap.String("device_id", "d-call"), c)
		}, causality.Identity{UserID: "u-event", SessionID: "s-ctx", DeviceID: "d-call", CorrelationID: "c-ctx"}},
		{"in any namespace", func(l *zap.Logger) {
			l.With(zap.Namespace("n")).Info("", zap.String("event", "e"), zap.Namespace("m"), zap.String("user_id", "u-call"))
		}, causality.Identity{UserID: "u-call"}},
		{"an empty one says nothing", func(l *zap.Logger) {
			l.Info("", zap.String("event", "e"), zap.String("user_id", ""), c)
		}, causality.Identity{UserID: "u-ctx", SessionID: "s-ctx", DeviceID: "d-ctx", CorrelationID: "c-ctx"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantEvents(t, logged(t, tt.log), event("e", nil, tt.want))
		})
	}
}

func TestAnIdentityInAnObjectIsAProperty(t *testing.T) {
	got := loggedOne(t, func(l *zap.Logger) {
		l.Info("", zap.String("event", "e"), zap.Dict("owner", zap.String("user_id", "u-2")), zap.String("user_id", "u-1"))
	})
	wantEvents(t, []causality.Event{got}, event("e", props{"owner_user_id": "u-2"}, user1))
}

func TestWithFreezesWhatItIsGiven(t *testing.T) {
	text, bin, scratch := []byte("text"), []byte("bin"), map[string]any{"a": 1}
	name := "Ada"
	got := logged(t, func(l *zap.Logger) {
		fields := []zap.Field{
			zap.ByteString("text", text), zap.Binary("bin", bin), zap.Any("map", scratch),
			zap.Stringer("stringer", stringer(func() string { return name })),
			zap.Object("object", objectFunc(func(enc zapcore.ObjectEncoder) error { enc.AddString("name", name); return nil })),
			zap.Inline(objectFunc(func(enc zapcore.ObjectEncoder) error { enc.AddString("inline", name); return nil })),
			zap.Array("array", arrayFunc(func(enc zapcore.ArrayEncoder) error { enc.AppendString(name); return nil })),
			zapcausality.Event("unused"),
			zap.String("event", "e"),
		}
		bound, lazy := l.With(fields...), l.WithLazy(fields...)
		copy(text, "XXXX")
		copy(bin, "XXX")
		scratch["a"] = 2
		name = "Eve"
		bound.Info("")
		lazy.Info("") // zap's design: evaluated when it is used
		name = "Zoe"
		lazy.Info("")
	})
	late := props{"text": "XXXX", "bin": "WFhY", "map_a": int64(2), "stringer": "Eve", "object_name": "Eve", "inline": "Eve", "array": `["Eve"]`}
	wantEvents(t, got,
		event("e", props{"text": "text", "bin": "Ymlu", "map_a": int64(1), "stringer": "Ada", "object_name": "Ada", "inline": "Ada", "array": `["Ada"]`}),
		event("e", late),
		event("e", late))
}

func TestAnEventKeepsNothingOfItsFields(t *testing.T) {
	client, rec := newClient(t)
	log := zap.New(zapcausality.NewCore(client))
	text, bin, scratch := []byte("text"), []byte("bin"), map[string]any{"a": 1}
	fields := []zap.Field{zap.String("event", "e"), zap.ByteString("text", text), zap.Binary("bin", bin), zap.Any("map", scratch)}
	log.Info("", fields...)
	copy(text, "XXXX")
	copy(bin, "XXX")
	scratch["a"] = 2
	clear(fields)
	wantEvents(t, stored(t, client, rec), event("e", props{"text": "text", "bin": "Ymlu", "map_a": int64(1)}))
}

// Run with -race: loggers derived from one another share nothing that changes.
func TestDerivedLoggersAreConcurrentSafe(t *testing.T) {
	const loggers, lines = 8, 50
	client, rec := newClient(t)
	root := zap.New(zapcausality.NewCore(client)).With(zap.String("event", "e"), zap.Dict("d", zap.Int("a", 1)), zap.Namespace("n"))
	lazy := root.WithLazy(zap.Int("lazy", 1))
	var wg sync.WaitGroup
	for g := range loggers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			derived := root.With(zap.Int("g", g))
			for i := range lines {
				derived.With(zap.Int("i", i)).Info("", zap.Strings("s", []string{"x"}), zap.Namespace("m"), zap.Int("j", i))
				lazy.Info("", zap.Int("i", i))
			}
		}()
	}
	wg.Wait()
	got := stored(t, client, rec)
	if len(got) != 2*loggers*lines {
		t.Fatalf("%d events arrived, want %d", len(got), 2*loggers*lines)
	}
	for _, e := range got {
		if e.Properties["n_lazy"] != nil {
			wantProps(t, e.Properties, props{"d_a": int64(1), "n_lazy": int64(1), "n_i": e.Properties["n_i"]})
			continue
		}
		wantProps(t, e.Properties, props{"d_a": int64(1), "n_g": e.Properties["n_g"], "n_i": e.Properties["n_i"],
			"n_s": `["x"]`, "n_m_j": e.Properties["n_i"]})
	}
}
