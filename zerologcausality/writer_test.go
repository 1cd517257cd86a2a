package zerologcausality_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// A writer that hides the level, as one that buffers does.
type plainWriter struct{ io.Writer }

func TestALineWithoutItsLevelSaysItItself(t *testing.T) {
	client, rec := newClient(t)
	write := func(line string) {
		w := plainWriter{zerologcausality.NewWriter(client, zerologcausality.WithLevel(zerolog.WarnLevel))}
		if n, err := w.Write([]byte(line)); n != len(line) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	write(`{"level":"info","event":"below"}` + "\n")
	write(`{"level":"warn","event":"at","n":1,"message":"m"}` + "\n")
	write(`{"level":"42","event":"above"}` + "\n")
	write(`{"event":"none"}` + "\n")
	write(`{"level":"vip","event":"own"}`)
	write(`{"level":"disabled","event":"own too"}`)
	write(`{"level":7,"event":"own number"}`)
	write(`{"x":{"y":1},"level":"info","event":"not first"}`)
	write(`{"level":"error`)
	wantEvents(t, stored(t, client, rec),
		causality.Event{EventType: "at", Properties: props{"n": int64(1)}},
		causality.Event{EventType: "above"},
		causality.Event{EventType: "none"},
		causality.Event{EventType: "own", Properties: props{"level": "vip"}},
		causality.Event{EventType: "own too", Properties: props{"level": "disabled"}},
		causality.Event{EventType: "own number", Properties: props{"level": int64(7)}},
		causality.Event{EventType: "not first", Properties: props{"x_y": int64(1), "level": "info"}},
	)
}

func TestWriterBehindOtherWriters(t *testing.T) {
	for name, wrap := range map[string]func(w zerolog.LevelWriter) io.Writer{
		"alone":              func(w zerolog.LevelWriter) io.Writer { return w },
		"MultiLevelWriter":   func(w zerolog.LevelWriter) io.Writer { return zerolog.MultiLevelWriter(io.Discard, w, io.Discard) },
		"SyncWriter":         func(w zerolog.LevelWriter) io.Writer { return zerolog.SyncWriter(w) },
		"io.MultiWriter":     func(w zerolog.LevelWriter) io.Writer { return io.MultiWriter(io.Discard, w) },
		"LevelWriterAdapter": func(w zerolog.LevelWriter) io.Writer { return zerolog.LevelWriterAdapter{Writer: w} },
		"FilteredLevelWriter": func(w zerolog.LevelWriter) io.Writer {
			return &zerolog.FilteredLevelWriter{Writer: w, Level: zerolog.InfoLevel}
		},
		"TriggerLevelWriter": func(w zerolog.LevelWriter) io.Writer {
			return &zerolog.TriggerLevelWriter{Writer: w, ConditionalLevel: zerolog.InfoLevel, TriggerLevel: zerolog.WarnLevel}
		},
	} {
		t.Run(name, func(t *testing.T) {
			client, rec := newClient(t)
			l := zerolog.New(wrap(zerologcausality.NewWriter(client))).With().Timestamp().Caller().Logger()
			l.Debug().Str("event", "debug").Send()
			l.Info().Str("event", "e").Int("n", 1).Msg("done")
			l.Warn().Msg("trigger")
			wantEvents(t, stored(t, client, rec), causality.Event{EventType: "e", Properties: props{"n": int64(1)}})
		})
	}
}

func TestCloseFlushesAndLeavesTheClientOpen(t *testing.T) {
	client, rec := newClient(t)
	w := zerologcausality.NewWriter(client)
	l := zerolog.New(w)
	l.Info().Str("event", "first").Send()
	if err := w.(io.Closer).Close(); err != nil {
		t.Fatal(err)
	}
	if rec.Len() != 1 {
		t.Errorf("%d events after Close, want 1", rec.Len())
	}
	l.Info().Str("event", "second").Send()
	wantEvents(t, stored(t, client, rec), causality.Event{EventType: "first"}, causality.Event{EventType: "second"})
}

func TestCloseNeverFails(t *testing.T) {
	client, _ := newClient(t)
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	after := &closer{}
	multi := zerolog.MultiLevelWriter(zerologcausality.NewWriter(client), after)
	if err := multi.(io.Closer).Close(); err != nil || !after.closed {
		t.Errorf("Close = %v, the writer after ours was closed: %v", err, after.closed)
	}
}

type closer struct {
	bytes.Buffer
	closed bool
}

func (c *closer) Close() error { c.closed = true; return nil }

func TestLinesThatAreNotJSONAreSaidOnce(t *testing.T) {
	for name, tc := range map[string]struct{ line, want string }{
		"text": {"9:52AM INF done event=e\n", "is a zerolog.ConsoleWriter before it?"},
		"CBOR": {"\xbfelevaldinfo\xff", "it is CBOR; build without the tag binary_log"},
		"none": {"", "is a zerolog.ConsoleWriter before it?"},
	} {
		t.Run(name, func(t *testing.T) {
			got := diagnosticsOf(t, func(client *causality.Client) {
				w := zerologcausality.NewWriter(client)
				for range 2 {
					if n, err := w.WriteLevel(zerolog.InfoLevel, []byte(tc.line)); n != len(tc.line) || err != nil {
						t.Errorf("WriteLevel = %d, %v", n, err)
					}
					_, _ = w.Write([]byte(tc.line))
				}
				if tracked := client.Stats().Tracked; tracked != 0 {
					t.Errorf("%d events came of it", tracked)
				}
			})
			if strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=ERROR") || !strings.Contains(got, tc.want) {
				t.Errorf("the log says\n%s", got)
			}
		})
	}
}

func TestWriterTakesOneLineAtATime(t *testing.T) {
	client, rec := newClient(t)
	w := zerologcausality.NewWriter(client)
	_, _ = w.Write([]byte(`{"level":"info","event":"one","n":1}` + " \r\n\t"))
	_, _ = w.Write([]byte(`{"level":"info","event":"two","n":2}` + "\n" + `{"level":"info","event":"three"}` + "\n"))
	_, _ = w.Write([]byte(`{"level":"info","event":"four","n":4`))
	wantEvents(t, stored(t, client, rec),
		causality.Event{EventType: "one", Properties: props{"n": int64(1)}},
		causality.Event{EventType: "two", Properties: props{"n": int64(2)}},
		causality.Event{EventType: "four"}, // what n was is cut off
	)
}

// Through slog and back: zerolog's slog handler has the record's context and puts
// its time on the line itself.
func TestSlogThroughZerolog(t *testing.T) {
	withEach(t, func(t *testing.T, logged func(logFunc, ...zerologcausality.Option) []causality.Event) {
		got := logged(func(l zerolog.Logger) {
			slog.New(zerolog.NewSlogHandler(l)).With("a", 1).Info("done", "event", "e", "err", errors.New("x"), "took", time.Second)
		})
		wantEvents(t, got, causality.Event{EventType: "e", Properties: props{"a": int64(1), "err": "x", "took": int64(1000)}})
	})
}
