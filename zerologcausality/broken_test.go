package zerologcausality_test

import (
	"errors"
	"io"
	"testing"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// RawJSON writes whatever it is given. What is before it is used, and the
// rest counts once.
func TestALineBrokenByRawJSON(t *testing.T) {
	for name, raw := range map[string]string{
		"an object that is not closed":   `{"x":1`,
		"an array that is not closed":    `[1,2`,
		"an object closed twice":         `{"x":1}}`,
		"an array closed twice":          `[1]]`,
		"a string that is not closed":    `"x`,
		"a string with a raw line feed":  "\"a\nb\"",
		"a string with a bad escape":     `"\x41"`,
		"a string with half an escape":   `"\u00"`,
		"a string that ends in a escape": `"\`,
		"a word":                         `nope`,
		"two values":                     `1 2`,
		"a number with a plus":           `+1`,
		"a number that begins with 0":    `01`,
		"a number without digits":        `-`,
		"a number without a fraction":    `1.`,
		"a number without an exponent":   `1e`,
		"a colon too much":               `:1`,
		"a missing comma":                `{"x":1 "y":2}`,
		"a missing comma in an array":    `[1 2]`,
		"a missing colon":                `{"x" 1}`,
		"a missing colon in an array":    `[{"x" 1}]`,
		"a key that is no string":        `{x:1}`,
		"a key in an array":              `["x":1]`,
		"mixed brackets":                 `[1}`,
		"a NUL":                          "\x00",
		"a NUL behind a value":           "1\x00",
		"a bad word in an array":         `[truth]`,
		"a control character in a list":  "[\"\x01\"]",
		"a bad escape in a list":         `["\x"]`,
		"a string not closed in a list":  `["x`,
	} {
		t.Run(name, func(t *testing.T) {
			for adapter, newLogger := range adapters {
				client, rec := newClient(t)
				l := newLogger(client)
				l.Info().Str("before", "b").Str("event", "e").RawJSON("raw", []byte(raw)).Str("after", "a").Msg("m")
				got := stored(t, client, rec)
				want := props{"before": "b"}
				if name == "an object closed twice" {
					want["raw_x"] = int64(1) // only what follows is broken
				}
				wantEvents(t, got, causality.Event{EventType: "e", Properties: want})
				if dropped := client.Stats().Properties.Dropped; dropped != 1 {
					t.Errorf("%s: %d properties count as dropped, want 1", adapter, dropped)
				}
			}
		})
	}
}

func TestABrokenLineIsNoEventIfTheEventStandsBehindTheBreak(t *testing.T) {
	for name, newLogger := range adapters {
		client, rec := newClient(t)
		l := newLogger(client)
		l.Info().RawJSON("raw", []byte(`{`)).Str("event", "e").Send()
		wantEvents(t, stored(t, client, rec))
		if dropped := client.Stats().Properties.Dropped; dropped != 1 {
			t.Errorf("%s: %d properties count as dropped, want 1", name, dropped)
		}
	}
}

func TestALayoutThatIsNotJSONBreaksTheLine(t *testing.T) {
	set(t, &zerolog.TimeFieldFormat, `"2006"`)
	withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
		wantEvents(t, logged(func(l zerolog.Logger) { l.Info().Str("event", "e").Time("k", aTime).Int("n", 1).Send() }),
			causality.Event{EventType: "e"})
	})
}

// Lines that zerolog itself does not write as JSON, and that lose nothing.
func TestLinesThatZerologBreaks(t *testing.T) {
	empty := fields(func(*zerolog.Event) {})
	for _, tc := range []struct {
		name string
		log  logFunc
		want props
	}{
		{
			name: "a typed nil error in Fields has no value",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Fields([]any{"err", (*nilError)(nil), "n", 1}).Send()
			},
			want: props{"n": int64(1)},
		},
		{
			name: "a typed nil error at the end of the line",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Int("n", 1).Fields([]any{"err", (*nilError)(nil)}).Send()
			},
			want: props{"n": int64(1)},
		},
		{
			name: "a typed nil error in an object",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Dict("d", zerolog.Dict().Fields([]any{"err", (*nilError)(nil), "n", 1, "last", (*nilError)(nil)})).Send()
			},
			want: props{"d_n": int64(1)},
		},
		{
			name: "a RawJSON of nothing",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").RawJSON("raw", nil).RawJSON("space", []byte(" ")).Int("n", 1).Send()
			},
			want: props{"n": int64(1)},
		},
		{
			name: "a bound EmbedObject of nothing doubles the comma",
			log: func(l zerolog.Logger) {
				l = l.With().Str("a", "1").EmbedObject(empty).EmbedObject(empty).Str("b", "2").EmbedObject(empty).Logger()
				l.Info().Str("event", "e").Msg("m")
			},
			want: props{"a": "1", "b": "2"},
		},
		{
			name: "a bound EmbedObject of nothing at the end of the line",
			log: func(l zerolog.Logger) {
				l = l.With().Str("event", "e").EmbedObject(empty).Logger()
				l.Info().Send()
			},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				wantEvents(t, logged(tc.log), causality.Event{EventType: "e", Properties: tc.want})
			})
			for name, newLogger := range adapters {
				client, _ := newClient(t)
				tc.log(newLogger(client))
				if dropped := client.Stats().Properties.Dropped; dropped != 0 {
					t.Errorf("%s: %d properties count as dropped", name, dropped)
				}
			}
		})
	}
}

// A panic in a marshaler of the user's is the user's, and leaves the hook whole.
func TestAPanicInAMarshaler(t *testing.T) {
	client, rec := newClient(t)
	l := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
	boom := errors.New("boom")
	func() {
		defer func() {
			if got := recover(); got != boom {
				t.Errorf("recovered %v", got)
			}
		}()
		l.Info().Object("event", zerologcausality.Event("lost", func(*zerolog.Event) { panic(boom) })).Send()
	}()
	l.Info().Str("event", "e").Send()
	wantEvents(t, stored(t, client, rec), causality.Event{EventType: "e"})
}
