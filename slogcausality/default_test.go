package slogcausality_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// logTo lets the log package, and so log/slog's default handler, write to the
// returned buffer until the test ends, and then restores what there was.
func logTo(t *testing.T) *lines {
	t.Helper()
	logger, out, flags, prefix := slog.Default(), log.Writer(), log.Flags(), log.Prefix()
	if got := fmt.Sprintf("%T", logger.Handler()); got != "*slog.defaultHandler" {
		t.Fatalf("the default handler is a %s: another test has not restored it, or log/slog has changed", got)
	}
	t.Cleanup(func() {
		slog.SetDefault(logger)
		log.SetOutput(out)
		log.SetFlags(flags)
		log.SetPrefix(prefix)
		slog.SetLogLoggerLevel(slog.LevelInfo)
	})
	var l lines
	log.SetOutput(&l)
	return &l
}

// lines is a buffer for writers that do not share a lock.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

var clock = regexp.MustCompile(`\d{4}/\d\d/\d\d |\d\d:\d\d:\d\d(\.\d{6})? `)

// take returns what was written, with the time masked.
func (l *lines) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return clock.ReplaceAllStringFunc(l.buf.String(), func(s string) string { return strings.Repeat("9", len(s)-1) + " " })
}

// The calls whose lines must be those of the default handler.
var defaultLines = []struct {
	name string
	log  func(l *slog.Logger)
}{
	{"a message", func(l *slog.Logger) { l.Info("hello") }},
	{"an empty message", func(l *slog.Logger) { l.Info("") }},
	{"a message with quotes and backslashes", func(l *slog.Logger) { l.Info(`a "b" \c\n`) }},
	{"a message that looks like an attribute", func(l *slog.Logger) { l.Info("msg=x a=b") }},
	{"a message of several lines", func(l *slog.Logger) { l.Info("a\nb\tc\n\nd", "k", "v") }},
	{"a message that ends in a line feed", func(l *slog.Logger) { l.Info("hello\n") }},
	{"a message that ends in a line feed, with an attribute", func(l *slog.Logger) { l.Info("hello\n", "k", "v") }},
	{"a message of control characters", func(l *slog.Logger) { l.Info("\x00\x1b[31m\x7f\u2028") }},
	{"a message that is not UTF-8", func(l *slog.Logger) { l.Info("a\xffb") }},
	{"a message of other scripts", func(l *slog.Logger) { l.Info("žluťoučký 日本 😀") }},
	{"a warning", func(l *slog.Logger) { l.Warn("m") }},
	{"a level between", func(l *slog.Logger) { l.Log(context.Background(), slog.LevelError+3, "m") }},
	{"attributes of every kind", func(l *slog.Logger) {
		l.Info("m", "s", "v", "i", 1, "u", uint64(1<<63), "f", 1.5, "b", true, "d", time.Second, "n", nil,
			"t", time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), "e", errors.New("e 1"), "x", []byte("y z"), "st", struct{ A int }{1})
	}},
	{"strings that must be quoted", func(l *slog.Logger) {
		l.Info("m", "a", "b c", "e", "", "q", `"`, "eq", "a=b", "nl", "a\nb", "bad", "a\xff", "u", "日本 ")
	}},
	{"keys that must be quoted", func(l *slog.Logger) { l.Info("m", "a b", 1, "c=d", 2, `"`, 3, "e\nf", 4) }},
	{"keys of the line itself", func(l *slog.Logger) { l.Info("m", "msg", "a", "level", "b", "time", "c", "source", "d") }},
	{"values of the line's own types", func(l *slog.Logger) {
		l.Info("m", "l", slog.LevelWarn, "s", &slog.Source{File: "f.go", Line: 3})
	}},
	{"groups", func(l *slog.Logger) {
		l.Info("m", slog.Group("g", "a", 1, slog.Group("h", "b c", "d e")), slog.Group("", "i", 2), slog.Group("empty"), "", nil)
	}},
	{"With and WithGroup", func(l *slog.Logger) {
		l.With("a", 1).WithGroup("g").With("b", 2, "c", "d e").WithGroup("h").Info("m", "f", 3)
	}},
	{"WithGroup without attributes", func(l *slog.Logger) { l.WithGroup("g").With().WithGroup("h").Info("m") }},
	{"LogValuers", func(l *slog.Logger) {
		l.Info("m", "k", valuer(func() slog.Value { return slog.GroupValue(slog.Int("a", 1)) }))
	}},
	{"an event", func(l *slog.Logger) { l.Info("m", slogcausality.Event("x", slog.Int("a", 1)), "user_id", "u-1") }},
	{"many attributes", func(l *slog.Logger) {
		l.Info("m", "a", 1, "b", 2, "c", 3, "d", 4, "e", 5, "f", 6, "g", 7, "h", 8)
	}},
	{"below the level", func(l *slog.Logger) { l.Debug("m", "event", "x") }},
}

func TestTeeOverTheDefaultHandlerWritesItsLines(t *testing.T) {
	for _, flags := range []struct {
		name   string
		flags  int
		prefix string
	}{
		{"standard flags", log.LstdFlags, ""},
		{"no flags", 0, ""},
		{"microseconds and UTC", log.LstdFlags | log.Lmicroseconds | log.LUTC, ""},
		{"a short file", log.LstdFlags | log.Lshortfile, ""},
		{"a long file", log.Llongfile, ""},
		{"both files", log.Llongfile | log.Lshortfile, ""},
		{"a prefix", log.LstdFlags, "app: "},
		{"a prefix and a file", log.LstdFlags | log.Lshortfile, "app: "},
		{"a prefix before the message", log.LstdFlags | log.Lmsgprefix, "app: "},
		{"a prefix before the message and a file", log.LstdFlags | log.Lmsgprefix | log.Lshortfile, "app: "},
	} {
		for _, tc := range defaultLines {
			t.Run(tc.name+", with "+flags.name, func(t *testing.T) {
				out := logTo(t)
				log.SetFlags(flags.flags)
				log.SetPrefix(flags.prefix)
				client, _ := newClient(t)
				tc.log(slog.Default())
				want := out.take()

				tee := slog.New(slogcausality.Tee(slog.Default().Handler(), client))
				tc.log(tee)
				if got := out.take(); got != want {
					t.Errorf("without SetDefault the line is\n%q, want\n%q", got, want)
				}

				slog.SetDefault(tee)
				within(t, 10*time.Second, func() { tc.log(slog.Default()) })
				if got := out.take(); got != want {
					t.Errorf("after SetDefault the line is\n%q, want\n%q", got, want)
				}
			})
		}
	}
}

func TestTeeOverTheDefaultHandlerMayBeTheDefault(t *testing.T) {
	teeAsDefault := func(t *testing.T) (*lines, func() []causality.Event) {
		out := logTo(t)
		log.SetFlags(0)
		client, rec := newClient(t)
		slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), client)))
		return out, func() []causality.Event { return stored(t, client, rec) }
	}
	want := func(t *testing.T, out *lines, want string) {
		t.Helper()
		if got := out.take(); got != want {
			t.Errorf("written\n%q, want\n%q", got, want)
		}
	}

	t.Run("slog writes and tracks, once", func(t *testing.T) {
		out, events := teeAsDefault(t)
		within(t, 10*time.Second, func() { slog.Info("m", "event", "x") })
		want(t, out, "INFO m event=x\n")
		wantEvents(t, events(), causality.Event{EventType: "x"})
	})
	t.Run("log.Print writes, as with any other default", func(t *testing.T) {
		out, events := teeAsDefault(t)
		within(t, 10*time.Second, func() { log.Print("m event=x") })
		want(t, out, "INFO m event=x\n")
		wantEvents(t, events())
	})
	t.Run("log.Print writes at the level of slog.SetLogLoggerLevel", func(t *testing.T) {
		out, _ := teeAsDefault(t)
		slog.SetLogLoggerLevel(slog.LevelWarn)
		within(t, 10*time.Second, func() { log.Print("m"); slog.Info("info") })
		want(t, out, "WARN m\n")
	})
	t.Run("log.Print keeps the prefix of the log package, once", func(t *testing.T) {
		out := logTo(t)
		log.SetFlags(0)
		log.SetPrefix("app: ")
		client, _ := newClient(t)
		slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), client)))
		within(t, 10*time.Second, func() { log.Print("m"); slog.Info("n") })
		want(t, out, "app: INFO m\napp: INFO n\n")
	})
	t.Run("log.Print keeps its place", func(t *testing.T) {
		out := logTo(t)
		log.SetFlags(log.Lshortfile)
		client, _ := newClient(t)
		log.Print("m")
		place, _, _ := strings.Cut(out.take(), ":")
		slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), client)))
		within(t, 10*time.Second, func() { log.Print("m") })
		if got := out.take(); !strings.HasPrefix(got, place+":") || !strings.HasSuffix(got, ": INFO m\n") {
			t.Errorf("written %q, want a place in %s", got, place)
		}
	})
	t.Run("derived loggers write", func(t *testing.T) {
		out, _ := teeAsDefault(t)
		within(t, 10*time.Second, func() { slog.With("a", 1).WithGroup("g").Info("m", "b", 2) })
		want(t, out, "INFO m a=1 g.b=2\n")
	})
	t.Run("a logger derived before it was the default writes", func(t *testing.T) {
		out := logTo(t)
		log.SetFlags(0)
		client, _ := newClient(t)
		tee := slog.New(slogcausality.Tee(slog.Default().Handler(), client))
		derived := tee.With("a", 1)
		slog.SetDefault(tee)
		within(t, 10*time.Second, func() { derived.Info("m", "b", 2) })
		want(t, out, "INFO m a=1 b=2\n")
	})
	t.Run("attributes bound before the tee was made are written", func(t *testing.T) {
		out := logTo(t)
		log.SetFlags(0)
		client, _ := newClient(t)
		bound := slog.Default().With("svc", "shop one").WithGroup("g").With("a", 1).WithGroup("h")
		slog.SetDefault(slog.New(slogcausality.Tee(bound.Handler(), client)))
		within(t, 10*time.Second, func() { slog.With("b", 2).Info("m", "c", 3); slog.Info("n") })
		want(t, out, "INFO m svc=\"shop one\" g.a=1 g.h.b=2 g.h.c=3\nINFO n svc=\"shop one\" g.a=1\n")
	})
	t.Run("a tee over it writes and tracks for both", func(t *testing.T) {
		out, events := teeAsDefault(t)
		second, rec := newClient(t)
		slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), second)))
		within(t, 10*time.Second, func() { slog.Info("m", "event", "x"); log.Print("n") })
		want(t, out, "INFO m event=x\nINFO n\n")
		wantEvents(t, events(), causality.Event{EventType: "x"})
		wantEvents(t, stored(t, second, rec), causality.Event{EventType: "x"})
	})
	t.Run("it goes on writing when another handler becomes the default", func(t *testing.T) {
		out, _ := teeAsDefault(t)
		tee := slog.Default()
		slog.SetDefault(slog.New(discard()))
		within(t, 10*time.Second, func() { tee.Info("m") })
		want(t, out, "INFO m\n")
	})
	t.Run("the default may be put back, as tests do", func(t *testing.T) {
		old := slog.Default()
		out, events := teeAsDefault(t)
		tee := slog.Default()
		slog.SetDefault(old) // log/slog leaves the log package writing to the tee
		within(t, 10*time.Second, func() { slog.Info("m"); log.Print("n"); tee.Info("o", "event", "x") })
		if got := out.take(); !strings.Contains(got, "m\n") || !strings.Contains(got, "n\n") || !strings.Contains(got, "o event=x\n") {
			t.Errorf("written %q, want m, n and o", got)
		}
		wantEvents(t, events(), causality.Event{EventType: "x"})
	})
	t.Run("many goroutines may use it and the log package", func(t *testing.T) {
		out, events := teeAsDefault(t)
		within(t, time.Minute, func() {
			var wg sync.WaitGroup
			for range 8 {
				wg.Add(1)
				go func() {
					defer wg.Done()
					for range 100 {
						slog.Info("m", "event", "x")
						log.Print("n")
						slog.With("a", 1).Info("o")
					}
				}()
			}
			wg.Wait()
		})
		written := out.take()
		for _, line := range []string{"INFO m event=x\n", "INFO n\n", "INFO o a=1\n"} {
			if got := strings.Count(written, line); got != 800 {
				t.Errorf("%d lines %q, want 800", got, line)
			}
		}
		if got := len(events()); got != 800 {
			t.Errorf("%d events arrived, want 800", got)
		}
	})
}

// The same, once the tee is the default and the log package writes to it.
func TestTheDefaultTeeFollowsTheLogPackage(t *testing.T) {
	out := logTo(t)
	log.SetFlags(log.Lmsgprefix)
	client, _ := newClient(t)
	slog.SetDefault(slog.New(slogcausality.Tee(slog.Default().Handler(), client)))
	want := func(out *lines, want string) {
		t.Helper()
		if got := out.take(); got != want {
			t.Errorf("written\n%q, want\n%q", got, want)
		}
	}
	within(t, 10*time.Second, func() {
		slog.Info("one")
		log.SetPrefix("app: ")
		slog.Info("two")
		log.Print("three")
	})
	want(out, "INFO one\napp: INFO two\napp: INFO three\n")
	var other lines
	within(t, 10*time.Second, func() {
		log.SetOutput(&other)
		slog.Info("four")
		slog.With("a", 1).Info("five")
		log.Print("six") // to other, as with every default
	})
	want(out, "")
	want(&other, "app: INFO four\napp: INFO five a=1\napp: six\n")
	within(t, 10*time.Second, func() {
		log.SetFlags(log.Lshortfile)
		slog.Info("seven")
	})
	if got := other.take(); !regexp.MustCompile(`^app: default_test\.go:\d+: INFO seven\n$`).MatchString(got) {
		t.Errorf("written %q, want a place", got)
	}
}

func TestTeeOverTheDefaultHandlerFollowsTheLogPackage(t *testing.T) {
	out := logTo(t)
	log.SetFlags(0)
	client, _ := newClient(t)
	l := slog.New(slogcausality.Tee(slog.Default().Handler(), client))
	l.Info("first")
	var other lines
	log.SetOutput(&other)
	log.SetPrefix("app: ")
	l.Info("second")
	if got := out.take(); got != "INFO first\n" {
		t.Errorf("the first writer got %q", got)
	}
	if got := other.take(); got != "app: INFO second\n" {
		t.Errorf("the second writer got %q", got)
	}
}
