package zerologcausality_test

import (
	"io"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// What zerolog itself puts on a line is no property, and what the user puts there
// under the same name is one.
func TestLevelTimeCallerAndMessage(t *testing.T) {
	yesterday := time.Now().Add(-24 * time.Hour).Truncate(time.Second)
	for _, tc := range []struct {
		name string
		log  logFunc
		want props
	}{
		{
			name: "the level is none",
			log:  func(l zerolog.Logger) { l.Warn().Str("event", "e").Send() },
		},
		{
			name: "a level of the user's stays beside zerolog's",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Str("level", "vip").Send() },
			want: props{"level": "vip"},
		},
		{
			name: "a level of the user's stays on a line that has none, where zerolog's would be",
			log:  func(l zerolog.Logger) { l.Log().Str("level", "info").Str("event", "e").Send() },
			want: props{"level": "info"},
		},
		{
			name: "a bound level of the user's stays",
			log: func(l zerolog.Logger) {
				l = l.With().Str("level", "vip").Logger()
				l.Log().Str("event", "e").Send()
			},
			want: props{"level": "vip"},
		},
		{
			name: "the time is none, added by the call",
			log:  func(l zerolog.Logger) { l.Info().Timestamp().Str("event", "e").Send() },
		},
		{
			name: "the time is none, added by a hook after ours",
			log: func(l zerolog.Logger) {
				l = l.With().Timestamp().Logger()
				l.Info().Str("event", "e").Send()
			},
		},
		{
			name: "a time of the user's stays, as text",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Str("time", "noon").Send() },
			want: props{"time": "noon"},
		},
		{
			name: "a time of the user's stays, as a number",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Int64("time", 1795421601).Send() },
			want: props{"time": int64(1795421601)},
		},
		{
			name: "a time of the user's stays, in zerolog's format",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Time("time", yesterday).Timestamp().Send() },
			want: props{"time": yesterday.Format(time.RFC3339)},
		},
		{
			name: "a time of the user's stays, to come",
			log: func(l zerolog.Logger) {
				l.Info().Str("event", "e").Time("time", yesterday.Add(48*time.Hour)).Send()
			},
			want: props{"time": yesterday.Add(48 * time.Hour).Format(time.RFC3339)},
		},
		{
			name: "the caller is none, added by the call",
			log: func(l zerolog.Logger) {
				l.Info().
					Caller().
					Str("event", "e").
					Send()
			},
		},
		{
			name: "the caller is none, added by a hook after ours",
			log: func(l zerolog.Logger) {
				l = l.With().Caller().CallerWithSkipFrameCount(2).Logger()
				l.Info().Str("event", "e").Send()
			},
		},
		{
			name: "a caller of the user's stays",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Str("caller", "tel:4312345").Caller().Send() },
			want: props{"caller": "tel:4312345"},
		},
		{
			name: "a caller of the user's that is no string stays",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Int("caller", 4312345).Send() },
			want: props{"caller": int64(4312345)},
		},
		{
			name: "the message is none",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Msg("hello") },
		},
		{
			name: "a message of the user's stays beside zerolog's",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Str("message", "mine").Msg("hello") },
			want: props{"message": "mine"},
		},
		{
			name: "a message of the user's stays in the middle of a line without zerolog's",
			log:  func(l zerolog.Logger) { l.Info().Str("message", "mine").Str("event", "e").Send() },
			want: props{"message": "mine"},
		},
		{
			name: "a message of the user's that is no string stays",
			log:  func(l zerolog.Logger) { l.Info().Str("event", "e").Int("message", 7).Send() },
			want: props{"message": int64(7)},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				wantEvents(t, logged(tc.log), causality.Event{EventType: "e", Properties: tc.want})
			})
		})
	}
}

// logThroughAll logs one event through a logger whose Timestamp and Caller come
// before our hook, one where they come after, and with the writer.
func logThroughAll(t *testing.T, log func(l zerolog.Logger)) []causality.Event {
	t.Helper()
	client, rec := newClient(t)
	hook := zerologcausality.NewHook(client)
	base := zerolog.New(io.Discard)
	log(base.With().Timestamp().Caller().Logger().Hook(hook))
	log(base.Hook(hook).With().Timestamp().Caller().Logger())
	log(zerolog.New(zerologcausality.NewWriter(client)).With().Timestamp().Caller().Logger())
	return stored(t, client, rec)
}

func TestTimestampAndCallerInAnyOrder(t *testing.T) {
	for _, format := range []string{
		time.RFC3339, time.RFC3339Nano, time.RFC1123Z, time.Kitchen, time.StampMicro, "2006-01-02",
		zerolog.TimeFormatUnix, zerolog.TimeFormatUnixMs, zerolog.TimeFormatUnixMicro, zerolog.TimeFormatUnixNano,
	} {
		for zone, now := range map[string]func() time.Time{
			"local": time.Now,
			"UTC":   func() time.Time { return time.Now().UTC() },
			"+01":   func() time.Time { return time.Now().In(aTime.Location()) },
			// A clock that does not run, as tests have it.
			"fixed": func() time.Time { return aTime },
		} {
			t.Run(format+" "+zone, func(t *testing.T) {
				set(t, &zerolog.TimeFieldFormat, format)
				set(t, &zerolog.TimestampFunc, now)
				got := logThroughAll(t, func(l zerolog.Logger) { l.Info().Str("event", "e").Int("n", 1).Msg("done") })
				want := causality.Event{EventType: "e", Properties: props{"n": int64(1)}}
				wantEvents(t, got, want, want, want)
			})
		}
	}
}

func TestGlobalRenames(t *testing.T) {
	set(t, &zerolog.LevelFieldName, "severity")
	set(t, &zerolog.TimestampFieldName, "ts")
	set(t, &zerolog.CallerFieldName, "at")
	set(t, &zerolog.MessageFieldName, "msg")
	set(t, &zerolog.ErrorFieldName, "err")
	set(t, &zerolog.LevelFieldMarshalFunc, func(l zerolog.Level) string { return strings.ToUpper(l.String()) })
	want := causality.Event{EventType: "e", Properties: props{
		"level": "l", "time": "t", "caller": "c.go:1", "message": "m", "err": "no stock", "severity": "high"}}
	got := logThroughAll(t, func(l zerolog.Logger) {
		l.Error().Str("event", "e").Str("severity", "high").Str("level", "l").Str("time", "t").Str("caller", "c.go:1").
			AnErr("err", stringError("no stock")).Str("message", "m").Msg("done")
	})
	wantEvents(t, got, want, want, want)
}

type stringError string

func (e stringError) Error() string { return string(e) }

func TestRenamesAreReadWhenALineIsLogged(t *testing.T) {
	client, rec := newClient(t)
	l := adapters["hook"](client)
	set(t, &zerolog.LevelFieldName, "lvl")
	l.Info().Str("event", "e").Send()
	zerolog.LevelFieldName = "" // which leaves the level out
	l.Info().Str("event", "e").Str("level", "mine").Send()
	wantEvents(t, stored(t, client, rec), causality.Event{EventType: "e"}, causality.Event{EventType: "e", Properties: props{"level": "mine"}})
}

// A name that is the event key as well is still zerolog's own.
func TestZerologsOwnMembersAreNeverTheEvent(t *testing.T) {
	for name, global := range map[string]*string{"level": &zerolog.LevelFieldName, "message": &zerolog.MessageFieldName} {
		t.Run(name, func(t *testing.T) {
			set(t, global, "event")
			withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
				wantEvents(t, logged(func(l zerolog.Logger) { l.Info().Int("n", 1).Msg("login") }))
			})
		})
	}
}

func TestCallerMarshalFuncOfTheUsers(t *testing.T) {
	for name, marshal := range map[string]func(pc uintptr, file string, line int) string{
		"the base of the file": func(_ uintptr, file string, line int) string { return filepath.Base(file) + ":" + strconv.Itoa(line) },
		"the function and the line": func(pc uintptr, _ string, line int) string {
			return runtime.FuncForPC(pc).Name() + "#" + strconv.Itoa(line)
		},
		"the line alone": func(_ uintptr, _ string, line int) string { return strconv.Itoa(line) },
		"one that panics for any file but the user's own": func(_ uintptr, file string, line int) string {
			return file[strings.Index(file, "own_test"):strings.Index(file, ".go")] + " " + strconv.Itoa(line)
		},
	} {
		t.Run(name, func(t *testing.T) {
			set(t, &zerolog.CallerMarshalFunc, marshal)
			got := logThroughAll(t, func(l zerolog.Logger) { l.Info().Str("event", "e").Str("caller", "alice").Send() })
			want := causality.Event{EventType: "e", Properties: props{"caller": "alice"}}
			wantEvents(t, got, want, want, want)
		})
	}
}

// The time of the event.
func TestTime(t *testing.T) {
	now := time.Now().Add(-time.Hour).Truncate(time.Hour).Add(123456789)
	at := func(t *testing.T, l func(client *causality.Client) zerolog.Logger, log logFunc) time.Time {
		t.Helper()
		client, rec := newClient(t)
		log(l(client))
		if err := client.Flush(); err != nil {
			t.Fatal(err)
		}
		events := rec.Requests()[0].Events()
		if len(events) != 1 {
			t.Fatalf("%d events, want 1", len(events))
		}
		if _, ok := events[0].Properties["time"]; ok {
			t.Errorf("the time is a property: %v", events[0].Properties)
		}
		return time.UnixMilli(events[0].TimestampMs)
	}
	hooked := func(c *causality.Client) zerolog.Logger {
		return zerolog.New(io.Discard).With().Timestamp().Logger().Hook(zerologcausality.NewHook(c))
	}
	// delayed writes a line when the clock has gone on.
	delayed := func(by time.Duration) func(*causality.Client) zerolog.Logger {
		return func(c *causality.Client) zerolog.Logger {
			w := zerologcausality.NewWriter(c)
			return zerolog.New(writerFunc(func(level zerolog.Level, p []byte) {
				zerolog.TimestampFunc = func() time.Time { return now.Add(by) }
				_, _ = w.WriteLevel(level, p)
			})).With().Timestamp().Logger()
		}
	}
	event := func(l zerolog.Logger) { l.Info().Str("event", "e").Send() }
	for _, tc := range []struct {
		name   string
		logger func(*causality.Client) zerolog.Logger
		format string
		want   time.Time
	}{
		{"the hook's is TimestampFunc, however coarse the line's is", hooked, time.RFC3339, now},
		{"the writer's is TimestampFunc where that is the line's to its precision", delayed(0), time.RFC3339, now},
		{"the writer's is the line's own where that is older", delayed(30 * time.Second), time.RFC3339Nano, now},
		{"the writer's is the line's own, to the second", delayed(30 * time.Second), time.RFC3339, now.Truncate(time.Second)},
		{"the writer's is the line's own, to the millisecond", delayed(30 * time.Second), zerolog.TimeFormatUnixMs, now},
		{"the writer's is TimestampFunc where the line's has no day", delayed(time.Second), time.StampMicro, now.Add(time.Second)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set(t, &zerolog.TimeFieldFormat, tc.format)
			set(t, &zerolog.TimestampFunc, func() time.Time { return now })
			if got := at(t, tc.logger, event); got.UnixMilli() != tc.want.UnixMilli() {
				t.Errorf("the event is of %v, want %v", got, tc.want)
			}
		})
	}
	t.Run("without a Timestamp it is now", func(t *testing.T) {
		for name, newLogger := range adapters {
			before := time.Now().Truncate(time.Millisecond)
			got := at(t, func(c *causality.Client) zerolog.Logger { return newLogger(c) }, event)
			if got.Before(before) || got.After(time.Now()) {
				t.Errorf("%s: the event is of %v", name, got)
			}
		}
	})
}

// writerFunc is a LevelWriter made of one function.
type writerFunc func(level zerolog.Level, p []byte)

func (f writerFunc) Write(p []byte) (int, error) { f(zerolog.NoLevel, p); return len(p), nil }
func (f writerFunc) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	f(level, p)
	return len(p), nil
}
