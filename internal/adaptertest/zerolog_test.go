package adaptertest_test

import (
	"errors"
	"io"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

type nilError struct{}

func (*nilError) Error() string { return "called on nil" }

type nothing struct{}

func (nothing) MarshalZerologObject(*zerolog.Event) {}

// zerolog writes nothing where it has no value, also inside a list or an object. The
// line is read all the same, and so is every line of a logger that has it bound.
func TestAHoleThatZerologWritesItself(t *testing.T) {
	for _, tc := range []struct {
		name string
		add  func(e *zerolog.Event)
		bind func(c zerolog.Context) zerolog.Context
		want props
	}{
		{"a typed nil error in a list of Fields", func(e *zerolog.Event) {
			e.Fields(map[string]any{"k": []error{(*nilError)(nil), errors.New("a")}})
		}, func(c zerolog.Context) zerolog.Context {
			return c.Fields(map[string]any{"k": []error{(*nilError)(nil), errors.New("a")}})
		}, props{"k": `[null,"a"]`}},
		{"typed nil errors alone", func(e *zerolog.Event) {
			e.Fields(map[string]any{"k": []error{(*nilError)(nil), (*nilError)(nil)}})
		}, nil, props{"k": `[null,null]`}},
		{"a typed nil error in Fields", func(e *zerolog.Event) {
			e.Fields(map[string]any{"k": (*nilError)(nil)})
		}, nil, props{}},
		{"an empty RawJSON in an Array", func(e *zerolog.Event) {
			e.Array("k", zerolog.Arr().Int(1).RawJSON(nil))
		}, func(c zerolog.Context) zerolog.Context {
			return c.Array("k", zerolog.Arr().Int(1).RawJSON(nil))
		}, props{"k": `[1,null]`}},
		{"an empty RawJSON", func(e *zerolog.Event) { e.RawJSON("k", nil) },
			func(c zerolog.Context) zerolog.Context { return c.RawJSON("k", nil) }, props{}},
		{"one in a Dict", func(e *zerolog.Event) {
			e.Dict("d", zerolog.Dict().RawJSON("k", nil).Int("n", 1))
		}, func(c zerolog.Context) zerolog.Context {
			return c.Dict("d", zerolog.Dict().RawJSON("k", nil).Int("n", 1))
		}, props{"d_n": int64(1)}},
		{"one in a Dict of an Array", func(e *zerolog.Event) {
			e.Array("k", zerolog.Arr().Dict(zerolog.Dict().Int("a", 1).RawJSON("b", nil)).Int(2))
		}, nil, props{"k": `[{"a":1,"b":null},2]`}},
		{"an object without fields", func(e *zerolog.Event) { e.EmbedObject(nothing{}) },
			func(c zerolog.Context) zerolog.Context { return c.EmbedObject(nothing{}) }, props{}},
		{"one in a Dict", func(e *zerolog.Event) {
			e.Dict("d", zerolog.Dict().Int("a", 1).EmbedObject(nothing{}).Int("b", 2))
		}, nil, props{"d_a": int64(1), "d_b": int64(2)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := props{"after": int64(9)}
			for k, v := range tc.want {
				want[k] = v
			}
			calls{zerolog: func(l zerolog.Logger) {
				e := l.Info().Str("event", "x")
				tc.add(e)
				e.Int("after", 9).Msg("m")
			}}.want(t, one("x", want))
			if tc.bind == nil {
				return
			}
			calls{zerolog: func(l zerolog.Logger) {
				l = tc.bind(l.With()).Logger()
				for range 2 {
					l.Info().Str("event", "x").Int("after", 9).Msg("m")
				}
			}}.want(t, []causality.Event{one("x", want)[0], one("x", want)[0]})
		})
	}
}

// The time that zerolog puts on a line is no property, also where the line is sent a
// while after.
func TestALineThatIsSentLate(t *testing.T) {
	before := zerolog.TimestampFunc
	defer func() { zerolog.TimestampFunc = before }()
	for _, format := range []string{zerolog.TimeFieldFormat, zerolog.TimeFormatUnixMs, time.RFC3339Nano} {
		t.Run(format, func(t *testing.T) {
			usual := zerolog.TimeFieldFormat
			zerolog.TimeFieldFormat = format
			defer func() { zerolog.TimeFieldFormat = usual }()
			calls{zerolog: func(l zerolog.Logger) {
				at := time.Now()
				zerolog.TimestampFunc = func() time.Time { return at }
				e := l.Info().Timestamp().Str("event", "x")
				at = at.Add(1500 * time.Millisecond)
				e.Msg("m")
				e = l.Info().Timestamp().Str("event", "y")
				at = at.Add(59 * time.Second)
				e.Msg("m")
			}}.want(t, []causality.Event{{EventType: "x"}, {EventType: "y"}})
		})
	}
	// A time of the user's own is a property, as before.
	at := time.Now()
	zerolog.TimestampFunc = func() time.Time { return at }
	client, rec := adaptertest.NewClient(t)
	l := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
	l.Info().Time("time", at.Add(-time.Hour)).Str("event", "x").Send()
	got := adaptertest.Stored(t, client, rec)
	if len(got) != 1 || got[0].Properties["time"] == nil {
		t.Errorf("a time of the user's is no property: %+v", got)
	}
}
