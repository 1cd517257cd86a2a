package slogcausality_test

import (
	"context"
	"log/slog"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// The four identity attributes, at each place where they are allowed.
func TestIdentityIsLifted(t *testing.T) {
	ids := []any{"user_id", "u-1", "session_id", "s-1", "device_id", "d-1", "correlation_id", "c-1"}
	want := causality.Event{
		EventType: "x", UserID: "u-1", SessionID: "s-1", DeviceID: "d-1", CorrelationID: "c-1",
		Properties: props{"a": int64(1)},
	}
	for _, tc := range []struct {
		name string
		log  func(l *slog.Logger)
	}{
		{"from the record", func(l *slog.Logger) { l.Info("m", append([]any{"event", "x", "a", 1}, ids...)...) }},
		{"from the logger", func(l *slog.Logger) { l.With(ids...).Info("m", "event", "x", "a", 1) }},
		{"from an outer logger", func(l *slog.Logger) { l.With(ids...).With("a", 1).Info("m", "event", "x") }},
		{"from the members of the group form", func(l *slog.Logger) {
			l.Info("m", slog.Group("event", append([]any{"event_type", "x", "a", 1}, ids...)...))
		}},
		{"from beside the group form", func(l *slog.Logger) {
			l.Info("m", append([]any{slogcausality.Event("x", slog.Int("a", 1))}, ids...)...)
		}},
		{"from a bound group form", func(l *slog.Logger) {
			l.With(slog.Group("event", append([]any{"event_type", "x", "a", 1}, ids...)...)).Info("m")
		}},
		{"from a map under the event key", func(l *slog.Logger) {
			l.Info("m", "event", map[string]any{
				"event_type": "x", "a": 1, "user_id": "u-1", "session_id": "s-1", "device_id": "d-1", "correlation_id": "c-1",
			})
		}},
		{"from a group without a name", func(l *slog.Logger) { l.Info("m", "event", "x", "a", 1, slog.Group("", ids...)) }},
		{"from the context", func(l *slog.Logger) {
			ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-1", SessionID: "s-1", DeviceID: "d-1", CorrelationID: "c-1"})
			l.InfoContext(ctx, "m", "event", "x", "a", 1)
		}},
	} {
		t.Run(tc.name, func(t *testing.T) { wantEvent(t, loggedOne(t, tc.log), want) })
	}

	t.Run("from the record inside WithGroup, whose attributes it does not join", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.WithGroup("g").Info("m", append([]any{"event", "x", "a", 1}, ids...)...) })
		in := want
		in.Properties = props{"g_a": int64(1)}
		wantEvent(t, got, in)
	})
	t.Run("bound inside WithGroup", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.WithGroup("g").With(ids...).WithGroup("h").Info("m", "event", "x", "a", 1) })
		in := want
		in.Properties = props{"g_h_a": int64(1)}
		wantEvent(t, got, in)
	})
	t.Run("not from a Group value", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", "x", slog.Group("g", "user_id", "u-1")) })
		wantEvent(t, got, causality.Event{EventType: "x", Properties: props{"g_user_id": "u-1"}})
	})
}

// Each place says another user and leaves out one more: what is left must come
// from the first that says something.
func TestOrderOfIdentity(t *testing.T) {
	member, own, bound, outer := slog.String("user_id", "member"), slog.String("user_id", "record"), slog.String("user_id", "bound"), slog.String("user_id", "outer")
	ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "context"})

	for _, tc := range []struct {
		want string
		log  func(l *slog.Logger)
	}{
		{"member", func(l *slog.Logger) {
			l.With(outer).With(bound).InfoContext(ctx, "m", slogcausality.Event("x", member), own)
		}},
		{"member", func(l *slog.Logger) { // of a bound group form
			l.With(slogcausality.Event("x", member)).InfoContext(ctx, "m", own)
		}},
		{"record", func(l *slog.Logger) {
			l.With(outer).With(bound).InfoContext(ctx, "m", slogcausality.Event("x"), own)
		}},
		{"bound", func(l *slog.Logger) {
			l.With(outer).With(bound).InfoContext(ctx, "m", "event", "x")
		}},
		{"outer", func(l *slog.Logger) {
			l.With(outer).With("a", 1).InfoContext(ctx, "m", slogcausality.Event("x"))
		}},
		{"context", func(l *slog.Logger) { l.InfoContext(ctx, "m", "event", "x") }},
		{"", func(l *slog.Logger) { l.Info("m", "event", "x") }},
	} {
		t.Run("the user is that of "+tc.want, func(t *testing.T) {
			if got := loggedOne(t, tc.log).UserID; got != tc.want {
				t.Errorf("UserID = %q, want %q", got, tc.want)
			}
		})
	}

	t.Run("each field is filled from the first place that has it", func(t *testing.T) {
		ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "context", SessionID: "context", DeviceID: "context", CorrelationID: "context"})
		got := loggedOne(t, func(l *slog.Logger) {
			l.With("user_id", "bound", "session_id", "bound").InfoContext(ctx, "m", "event", "x", "user_id", "record")
		})
		wantEvent(t, got, causality.Event{EventType: "x", UserID: "record", SessionID: "bound", DeviceID: "context", CorrelationID: "context"})
	})
}

// What an identity attribute may hold.
func TestValueOfIdentity(t *testing.T) {
	for _, tc := range []struct {
		name  string
		value any
		want  causality.Event
	}{
		{"an int is its digits", 42, causality.Event{UserID: "42"}},
		{"a negative int is its digits", -42, causality.Event{UserID: "-42"}},
		{"a large uint is its digits", uint64(1<<64 - 1), causality.Event{UserID: "18446744073709551615"}},
		{"a named string is a string", eventName("u-1"), causality.Event{UserID: "u-1"}},
		{"a Stringer is its text, as a UUID is", shown{"u-1"}, causality.Event{UserID: "u-1"}},
		{"a LogValuer is what it gives", valuer(func() slog.Value { return slog.IntValue(42) }), causality.Event{UserID: "42"}},
		{"an empty string says nothing", "", causality.Event{UserID: "bound"}},
		{"nil says nothing", nil, causality.Event{UserID: "bound"}},
		{"a bool stays a property", true, causality.Event{UserID: "bound", Properties: props{"user_id_2": true}}},
		{"a float stays a property", 1.5, causality.Event{UserID: "bound", Properties: props{"user_id_2": 1.5}}},
		{"an array stays a property", []int{1}, causality.Event{UserID: "bound", Properties: props{"user_id_2": "[1]"}}},
		{"a group stays a property", slog.GroupValue(slog.Int("a", 1)), causality.Event{UserID: "bound", Properties: props{"user_id_a": int64(1)}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.want.EventType = "x"
			got := loggedOne(t, func(l *slog.Logger) { l.With("user_id", "bound").Info("m", "event", "x", "user_id", tc.value) })
			wantEvent(t, got, tc.want)
		})
	}

	t.Run("of two on one line the last wins", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", "x", "user_id", "first", "user_id", "last") })
		wantEvent(t, got, causality.Event{EventType: "x", UserID: "last"})
	})
	t.Run("an empty one does not undo the one before it", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", "x", "user_id", "u-1", "user_id", "") })
		wantEvent(t, got, causality.Event{EventType: "x", UserID: "u-1"})
	})
	t.Run("a property that flattens to its name steps aside", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.Info("m", "event", "x", "user_id", "u-1", slog.Group("user", "id", 7)) })
		wantEvent(t, got, causality.Event{EventType: "x", UserID: "u-1", Properties: props{"user_id_2": int64(7)}})
	})
}

func TestOddContexts(t *testing.T) {
	t.Run("a nil context is none", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) {
			//lint:ignore SA1012 a caller may get this wrong, and logging must survive it
			l.InfoContext(nil, "m", "event", "x", "a", 1)
		})
		wantEvent(t, got, causality.Event{EventType: "x", Properties: props{"a": int64(1)}})
	})
	t.Run("a context that panics is none, as a nil *gin.Context does", func(t *testing.T) {
		got := loggedOne(t, func(l *slog.Logger) { l.InfoContext((*nilContext)(nil), "m", "event", "x", "a", 1) })
		wantEvent(t, got, causality.Event{EventType: "x", Properties: props{"a": int64(1)}})
	})
}

// nilContext is a type of context that takes a nil pointer badly.
type nilContext struct{ context.Context }
