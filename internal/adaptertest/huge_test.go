package adaptertest_test

import (
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

// A value that does not fit an event is read until that is known: an event of ten
// million numbers took 3.6 s and 1.2 GB on the goroutine that logs.
func TestAHugeValueIsBoundedWhileItIsRead(t *testing.T) {
	ints, text := make([]int, 10_000_000), strings.Repeat("x", 100_000_000)
	list, lists := make([]int, 400_000), map[int]any{}
	for i := range 100_000 {
		lists[i] = list
	}
	texts := make([]string, 2_000_000)
	for i := range texts {
		texts[i] = "some text"
	}
	// These have little memory of their own: a text may be in them many times.
	shared := strings.Repeat("x", 900_000)
	object, keys, attrs := map[int]string{}, map[string]bool{}, make([]slog.Attr, 300)
	for i := range 300 {
		object[i], attrs[i] = shared, slog.String(strconv.Itoa(i), shared)
		keys[strconv.Itoa(i)+shared] = true
	}
	type tree struct{ A, B, C, D any }
	leaf := tree{shared, shared, shared, shared}
	branch := tree{leaf, leaf, leaf, leaf}
	for name, v := range map[string]any{
		"a text many times in an object of a list":  []any{object},
		"a text many times in objects of a list":    []map[int]string{object, object},
		"a text many times in attributes of a list": []any{attrs},
		"a text many times in structs of a list":    []any{tree{branch, branch, branch, branch}},
		"long keys in an object of a list":          []any{keys},
		"numbers":                                   ints,
		"texts":                                     texts,
		"numbers in a list":                         []any{ints},
		"numbers in a struct":                       struct{ N []int }{ints},
		"bytes":                                     make([]byte, 100_000_000),
		"floats":                                    make([]float32, 10_000_000),
		"structs":                                   make([]struct{ A, B int }, 5_000_000),
		"pointers":                                  make([]*int, 10_000_000),
		"one list many times":                       lists,
		"a text":                                    text,
		"a text in a list":                          []any{text},
		"a key":                                     map[string]int{text: 1},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec := adaptertest.NewClient(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			slogOnly(client).Info("m", "event", "x", "k", v)
			zapOnly(client).Info("m", zap.String("event", "x"), zap.Reflect("k", v))
			client.Track(causality.Event{EventType: "x", Properties: props{"k": v}})
			runtime.ReadMemStats(&after)
			if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(200<<20); got > limit {
				t.Errorf("three events cost %d bytes, want at most %d", got, limit)
			}
			if s := client.Stats(); s.Dropped.Invalid != 3 {
				t.Errorf("%d events are Invalid, want 3", s.Dropped.Invalid)
			}
			adaptertest.WantEvents(t, adaptertest.Stored(t, client, rec))
		})
	}
	t.Run("what says whom it is about", func(t *testing.T) {
		client, rec := adaptertest.NewClient(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		slogOnly(client).Info("m", "event", "x", "user_id", text)
		slogOnly(client).WithGroup(text).Info("m", "event", "x", "k", 1)
		slogOnly(client).Info("m", "event", text)
		zapOnly(client).Info("m", zap.String("event", text+"\n"), zap.String("k", strings.Repeat("\xff", 100)))
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(150<<20); got > limit {
			t.Errorf("four events cost %d bytes, want at most %d", got, limit)
		}
		if s := client.Stats(); s.Dropped.Invalid != 2 {
			t.Errorf("%d events are Invalid, want the first 2", s.Dropped.Invalid)
		}
		for _, e := range adaptertest.Stored(t, client, rec) {
			if e.EventType != text[:256] {
				t.Errorf("the type is %q", e.EventType)
			}
		}
	})
	t.Run("a list of zap's", func(t *testing.T) {
		client, _ := adaptertest.NewClient(t)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		zapOnly(client).Info("m", zap.String("event", "x"), zap.Ints("k", ints))
		zapOnly(client).Info("m", zap.String("event", "x"), zap.Strings("k", texts))
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(300<<20); got > limit {
			t.Errorf("two events cost %d bytes, want at most %d", got, limit)
		}
		if s := client.Stats(); s.Dropped.Invalid != 2 {
			t.Errorf("%d events are Invalid, want 2", s.Dropped.Invalid)
		}
	})
	bytes := []byte(shared)
	for name, field := range map[string]zap.Field{
		"objects": zap.Objects("k", []zapcore.ObjectMarshalerFunc{func(e zapcore.ObjectEncoder) error {
			for i := range 300 {
				e.AddString(strconv.Itoa(i), shared)
			}
			return nil
		}}),
		"arrays": zap.Array("k", zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) (err error) {
			for range 300 {
				err = e.AppendArray(zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error {
					e.AppendString(shared)
					return nil
				}))
			}
			return err
		})),
		"values": zap.Object("k", zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) (err error) {
			for i := range 300 {
				err = e.AddReflected(strconv.Itoa(i), []string{shared})
			}
			return err
		})),
		"bytes": zap.Object("k", zapcore.ObjectMarshalerFunc(func(e zapcore.ObjectEncoder) error {
			for i := range 300 {
				e.AddByteString(strconv.Itoa(i), bytes)
				e.AddBinary(strconv.Itoa(-i), bytes)
			}
			return nil
		})),
	} {
		t.Run("zap's "+name+" with a text many times", func(t *testing.T) {
			client, _ := adaptertest.NewClient(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			zapOnly(client).Info("m", field, zap.String("event", "x"))
			runtime.ReadMemStats(&after)
			if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(50<<20); got > limit {
				t.Errorf("the event cost %d bytes, want at most %d", got, limit)
			}
			if s := client.Stats(); s.Dropped.Invalid != 1 {
				t.Errorf("%d events are Invalid, want 1", s.Dropped.Invalid)
			}
			// What one marshaler has added counts for no other.
			zapOnly(client).Info("m", zap.Objects("k", []zapcore.ObjectMarshalerFunc{func(e zapcore.ObjectEncoder) error {
				e.AddByteString("s", []byte(shared[:400_000]))
				return nil
			}}), nestedThrice(shared[:400_000]), zap.String("event", "x"))
			if s := client.Stats(); s.Dropped.Invalid != 1 || s.Queued != 1 {
				t.Errorf("an event that fits: %+v", s.Dropped)
			}
		})
	}
}

func nestedThrice(text string) zap.Field {
	return zap.Array("l", zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error {
		return e.AppendArray(zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error {
			return e.AppendArray(zapcore.ArrayMarshalerFunc(func(e zapcore.ArrayEncoder) error {
				e.AppendString(text) // in three lists, and counted once
				return nil
			}))
		}))
	}))
}
