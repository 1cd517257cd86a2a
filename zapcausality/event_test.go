package zapcausality_test

import (
	"bytes"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var (
	user1 = causality.Identity{UserID: "u-1"}
	ada   = causality.Identity{UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}
)

// event is the event that must arrive.
func event(eventType string, properties props, id ...causality.Identity) causality.Event {
	e := causality.Event{EventType: eventType}
	if len(properties) > 0 {
		e.Properties = properties
	}
	for _, id := range id {
		e.UserID, e.SessionID, e.DeviceID, e.CorrelationID = id.UserID, id.SessionID, id.DeviceID, id.CorrelationID
	}
	return e
}

func TestWhichEntriesAreEvents(t *testing.T) {
	type named string
	for _, tt := range []struct {
		name   string
		fields []zap.Field
		want   []causality.Event
	}{
		{"a line without the key", []zap.Field{zap.String("a", "x"), zap.Error(nil), zap.Skip()}, nil},
		{"a line without fields", nil, nil},
		{"the plain key", []zap.Field{zap.String("event", "e"), zap.String("a", "x")}, []causality.Event{event("e", props{"a": "x"})}},
		{"the plain key, last", []zap.Field{zap.String("a", "x"), zap.String("event", "e")}, []causality.Event{event("e", props{"a": "x"})}},
		{"the plain key as bytes", []zap.Field{zap.ByteString("event", []byte("e"))}, []causality.Event{event("e", nil)}},
		{"the plain key as a named string", []zap.Field{zap.Any("event", named("e"))}, []causality.Event{event("e", nil)}},
		{"the plain key as a pointer", []zap.Field{zap.Stringp("event", ptr("e"))}, []causality.Event{event("e", nil)}},
		{"the plain key, twice", []zap.Field{zap.String("event", "e"), zap.String("event", "f")}, []causality.Event{event("f", nil)}},
		{"no type", []zap.Field{zap.Stringp("event", nil)}, nil},
		{"a number", []zap.Field{zap.Int("event", 1)}, nil},
		{"a Stringer", []zap.Field{zap.Stringer("event", level(1))}, []causality.Event{event("level-1", nil)}},
		{"an error", []zap.Field{zap.NamedError("event", rich{})}, []causality.Event{event("short", nil)}},
		{"an array", []zap.Field{zap.Strings("event", []string{"e"})}, nil},
		{"a string, then a number", []zap.Field{zap.String("event", "e"), zap.Int("event", 1)}, []causality.Event{event("e", props{"event": int64(1)})}},
		{"the object form", []zap.Field{zapcausality.Event("e", zap.Int("a", 1)), zap.Int("b", 2)}, []causality.Event{event("e", props{"a": int64(1)})}},
		{"the object form, alone", []zap.Field{zapcausality.Event("e")}, []causality.Event{event("e", nil)}},
		{"the object form of a Dict", []zap.Field{zap.Dict("event", zap.Int("a", 1), zap.String("event_type", "e"))}, []causality.Event{event("e", props{"a": int64(1)})}},
		{"the object form of a marshaler", []zap.Field{zap.Object("event", objectFunc(func(enc zapcore.ObjectEncoder) error {
			enc.AddString("event_type", "e")
			enc.AddInt("a", 1)
			return nil
		}))}, []causality.Event{event("e", props{"a": int64(1)})}},
		{"the object form of a map", []zap.Field{zap.Any("event", map[string]any{"event_type": "e", "a": 1})}, []causality.Event{event("e", props{"a": int64(1)})}},
		{"the object form of a struct", []zap.Field{zap.Any("event", struct {
			Type string `json:"event_type"`
			A    int    `json:"a"`
		}{"e", 1})}, []causality.Event{event("e", props{"a": int64(1)})}},
		{"an object without a type", []zap.Field{zap.Dict("event", zap.Int("a", 1))}, nil},
		{"an object whose type is no string", []zap.Field{zap.Dict("event", zap.Int("event_type", 1))}, nil},
		{"an object under another key", []zap.Field{zap.Dict("events", zap.String("event_type", "e"))}, nil},
		{"the key in an object", []zap.Field{zap.Dict("d", zap.String("event", "e"))}, nil},
		{"the object form's nested members", []zap.Field{zapcausality.Event("e", zap.Dict("d", zap.Int("a", 1)), zap.Namespace("n"), zap.Strings("s", []string{"x"}))},
			[]causality.Event{event("e", props{"d_a": int64(1), "n_s": `["x"]`})}},
		{"the object form's own error", []zap.Field{zapcausality.Event("e", zap.Error(rich{}))}, []causality.Event{event("e", props{"error": "short"})}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantEvents(t, logged(t, func(l *zap.Logger) { l.Info("", tt.fields...) }), tt.want...)
			t.Run("bound with With", func(t *testing.T) {
				wantEvents(t, logged(t, func(l *zap.Logger) { l.With(tt.fields...).Info("") }), tt.want...)
			})
			t.Run("bound with WithLazy", func(t *testing.T) {
				wantEvents(t, logged(t, func(l *zap.Logger) { l.WithLazy(tt.fields...).Info("") }), tt.want...)
			})
			t.Run("in a namespace", func(t *testing.T) {
				got := logged(t, func(l *zap.Logger) { l.With(zap.Namespace("n")).Info("", tt.fields...) })
				if len(got) != len(tt.want) {
					t.Fatalf("%d events arrived, want %d: %+v", len(got), len(tt.want), got)
				}
			})
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestABoundEventKeyMakesEveryLineAnEvent(t *testing.T) {
	got := logged(t, func(l *zap.Logger) {
		bound := l.With(zap.String("event", "seen"), zap.String("page", "home"))
		bound.Info("")
		bound.Info("", zap.Int("n", 1))
		bound.Info("", zap.String("event", "left"))                     // the call's wins
		bound.Info("", zapcausality.Event("clicked", zap.Int("id", 7))) // in either form
		l.Info("", zap.Int("n", 1))                                     // the parent is as before
		l.With(zapcausality.Event("seen", zap.Int("id", 7)), zap.Int("a", 1)).Info("", zap.Int("n", 1))
	})
	wantEvents(t, got,
		event("seen", props{"page": "home"}),
		event("seen", props{"page": "home", "n": int64(1)}),
		event("left", props{"page": "home"}),
		event("clicked", props{"id": int64(7)}),
		event("seen", props{"id": int64(7)}))
}

func TestWithEventKeysChangesThePlainKeysAlone(t *testing.T) {
	got := logged(t, func(l *zap.Logger) {
		l.Info("", zap.String("track", "e"), zap.String("event", "conference"))
		l.Info("", zap.String("event", "conference"))
		l.Info("", zapcausality.Event("f"))
		l.Info("", zap.Dict("track", zap.String("event_type", "e")))
	}, zapcausality.WithEventKeys("track"))
	wantEvents(t, got, event("e", props{"event": "conference"}), event("f", nil))
}

func TestTheLineShowsTheEvent(t *testing.T) {
	var out bytes.Buffer
	client, rec := newClient(t)
	enc := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg"})
	log := zap.New(zapcore.NewCore(enc, zapcore.AddSync(&out), zap.InfoLevel), zapcausality.Tee(client))
	log.Info("hello", zapcausality.Event("e", zap.Int("a", 1), zap.Error(rich{})), zap.Int("b", 2))
	const want = `{"msg":"hello","event":{"event_type":"e","a":1,"error":"short","errorVerbose":"short\nand a stack"},"b":2}` + "\n"
	if out.String() != want {
		t.Errorf("line\n got %s\nwant %s", out.String(), want)
	}
	wantEvents(t, stored(t, client, rec), event("e", props{"a": int64(1), "error": "short"}))
}

func TestSugarIsTheSame(t *testing.T) {
	got := logged(t, func(l *zap.Logger) {
		s := l.Sugar()
		s.Infow("", "event", "e", "n", 1, "tags", []string{"a"}, zap.Bool("b", true))
		s.With("event", "f", "user_id", 42).Info("a ", "message")
		s.With("a", 1).WithLazy("b", 2).Named("x").Infow("", "event", "g")
		s.Infow("", zapcausality.Event("h", zap.Int("n", 1)))
		s.Infof("no %s", "event")
		s.Desugar().Info("", zap.String("event", "i"))
	})
	wantEvents(t, got,
		event("e", props{"n": int64(1), "tags": `["a"]`, "b": true}),
		event("f", nil, causality.Identity{UserID: "42"}),
		event("g", props{"a": int64(1), "b": int64(2)}),
		event("h", props{"n": int64(1)}),
		event("i", nil))
}
