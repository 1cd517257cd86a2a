package causality_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// dryRunAt is 09:52:55.123 wherever the test runs.
var dryRunAt = time.Date(2026, time.November, 23, 9, 52, 55, 123e6, time.Local).UnixMilli()

// newDryRun returns a client that prints to the returned buffer.
func newDryRun(t *testing.T, change ...func(*causality.Config)) (*causality.Client, *bytes.Buffer) {
	t.Helper()
	clearEnv(t)
	var out bytes.Buffer
	return newClient(t, newGateway(t), append(change, func(cfg *causality.Config) { cfg.DryRun = &out })...), &out
}

// The warning comes first, so that what a program prints is the same each time.
func TestDryRunIsSaidBeforeTheFirstEvent(t *testing.T) {
	for range 100 {
		var log bytes.Buffer
		newDryRun(t, loggingTo(slog.NewTextHandler(&log, nil)))
		if !strings.Contains(log.String(), "events are printed and not sent") {
			t.Fatal("New returned before the line was written")
		}
	}
}

// A Logger that hangs costs New a moment.
func TestDryRunDoesNotWaitForALoggerThatHangs(t *testing.T) {
	release := make(chan bool)
	defer close(release)
	start := time.Now()
	newDryRun(t, loggingTo(hangingHandler{release}))
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("New took %v", took)
	}
}

// hangingHandler is a slog.Handler that waits for release.
type hangingHandler struct{ release chan bool }

func (h hangingHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h hangingHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h hangingHandler) WithGroup(string) slog.Handler            { return h }
func (h hangingHandler) Handle(context.Context, slog.Record) error {
	<-h.release
	return nil
}

func TestDryRunPrintsWhatWouldBeSent(t *testing.T) {
	tests := []struct {
		name   string
		change func(*causality.Config)
		event  causality.Event
		want   string
	}{
		{
			"an event with an identity and properties", nil,
			causality.Event{EventType: "order_placed", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
				Properties: map[string]any{"order_id": "o-42", "total_cents": 1999, "gift": true, "rate": 0.5, "http": map[string]any{"method": "GET"}}},
			`order_placed  09:52:55.123  user=u-1 session=s-9 correlation=req-7 device=web-3 app=checkout
    gift         true
    http_method  "GET"
    order_id     "o-42"
    rate         0.5
    total_cents  1999
`,
		},
		{
			"an event without properties", nil,
			causality.Event{EventType: "ping", DeviceID: "a b"},
			"ping  09:52:55.123  device=\"a b\" app=checkout\n",
		},
		{
			"control characters, escaped", nil,
			causality.Event{EventType: "pi\x1bng", UserID: "\x1b[31m", Properties: map[string]any{"k\n": "\x1b[2J"}},
			"pi_ng  09:52:55.123  user=\"\\x1b[31m\" device=web-3 app=checkout\n    \"k\\n\"  \"\\u001b[2J\"\n",
		},
		{
			"a typed payload",
			func(cfg *causality.Config) { cfg.TypedPayloads = true },
			causality.Event{EventType: causality.EventPurchaseComplete, Properties: map[string]any{"order_id": "o-42", "total_cents": "1999"}},
			`purchase_complete (typed payload)  09:52:55.123  device=web-3 app=checkout
    order_id     "o-42"
    total_cents  1999
`,
		},
		{
			"the flat form",
			func(cfg *causality.Config) { cfg.Format = causality.FormatFlat },
			causality.Event{EventType: "order_placed", UserID: "u-1", Properties: map[string]any{"http": map[string]any{"method": "GET"}}},
			"order_placed  09:52:55.123  user=u-1 device=web-3 app=checkout\n    http  {\"method\":\"GET\"}\n",
		},
		{
			"after ReplaceAttr and BeforeTrack",
			func(cfg *causality.Config) {
				cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
					if a.Key == "email" {
						return slog.Attr{}
					}
					return a
				}
				cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
					e.UserID = "hidden"
					return e, true
				}
			},
			causality.Event{EventType: "e", UserID: "ada", Properties: map[string]any{"email": "ada@example.com"}},
			"e  09:52:55.123  user=hidden device=web-3 app=checkout\n",
		},
		{
			"an event that BeforeTrack refuses",
			func(cfg *causality.Config) {
				cfg.BeforeTrack = func(context.Context, causality.Event) (causality.Event, bool) { return causality.Event{}, false }
			},
			causality.Event{EventType: "e"},
			"e  dropped: BeforeTrack refused it\n",
		},
		{
			"an event that is invalid", nil,
			causality.Event{EventType: "e", AppID: "a b"},
			"e  dropped: its AppID is not [A-Za-z0-9._-]{1,256}\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var change []func(*causality.Config)
			if tt.change != nil {
				change = append(change, tt.change)
			}
			client, out := newDryRun(t, change...)
			tt.event.TimestampMs = dryRunAt
			client.Track(tt.event)
			if got := out.String(); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestDryRunSendsNothingAndCountsEverything(t *testing.T) {
	clearEnv(t)
	var out bytes.Buffer
	var book logbook
	g := newGateway(t)
	client, err := causality.New(causality.Config{ // no key, endpoint or app
		DryRun: &out, Transport: g, Logger: slog.New(&book),
		BeforeTrack: func(_ context.Context, e causality.Event) (causality.Event, bool) { return e, e.EventType != "refused" },
	})
	if err != nil {
		t.Fatal(err)
	}
	track(client, 0, 100)
	client.Track(causality.Event{})
	client.Track(causality.Event{EventType: "refused"})
	flush(t, client)
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	client.Track(causality.Event{EventType: "late"})
	want := causality.Drops{Disabled: 100, Invalid: 1, Filtered: 1, Closed: 1}
	if s := balanced(t, client); s.Tracked != 103 || s.Dropped != want || g.count() != 0 {
		t.Errorf("%d requests, %+v", g.count(), s)
	}
	if n := strings.Count(out.String(), "numbered  "); n != 100 {
		t.Errorf("%d events are printed", n)
	}
	if n := len(book.about("events are printed and not sent")); n != 1 {
		t.Errorf("%d lines say that nothing is sent", n)
	}
}

func TestTheEnvironmentPrintsToStandardError(t *testing.T) {
	clearEnv(t)
	t.Setenv("CAUSALITY_DRY_RUN", "1")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func(old *os.File) { os.Stderr = old }(os.Stderr)
	os.Stderr = w
	g := newGateway(t)
	client := newClient(t, g) // its Config says nothing of it
	client.Track(causality.Event{EventType: "ping"})
	flush(t, client)
	w.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil || !strings.HasPrefix(out.String(), "ping  ") || g.count() != 0 {
		t.Errorf("%d requests, printed %q, %v", g.count(), out.String(), err)
	}

	t.Setenv("CAUSALITY_DRY_RUN", "0")
	client = newClient(t, g)
	client.Track(causality.Event{EventType: "ping"})
	flush(t, client)
	if g.count() != 1 {
		t.Errorf("%d requests with CAUSALITY_DRY_RUN=0", g.count())
	}
}

func TestDisabledComesBeforeDryRun(t *testing.T) {
	client, out := newDryRun(t, func(cfg *causality.Config) { cfg.Disabled = true })
	track(client, 0, 3)
	if s := balanced(t, client); s.Dropped.Disabled != 3 || out.Len() != 0 {
		t.Errorf("%+v, printed %q", s, out)
	}
}

// badWriter fails in both ways.
type badWriter struct{ writes int }

func (w *badWriter) Write([]byte) (int, error) {
	if w.writes++; w.writes%2 == 0 {
		panic("full")
	}
	return 0, errors.New("full")
}

func TestAWriterThatFailsCostsNothing(t *testing.T) {
	w := new(badWriter)
	clearEnv(t)
	client := newClient(t, newGateway(t), func(cfg *causality.Config) { cfg.DryRun = w })
	track(client, 0, 4)
	if s := balanced(t, client); s.Dropped.Disabled != 4 || w.writes != 4 {
		t.Errorf("%d writes, %+v", w.writes, s)
	}
}

func TestDryRunConcurrentSafe(t *testing.T) {
	client, out := newDryRun(t)
	var group sync.WaitGroup
	for range 8 {
		group.Add(1)
		go func() {
			defer group.Done()
			track(client, 0, 50)
		}()
	}
	group.Wait()
	text := out.String()
	for n := range 50 {
		if got := strings.Count(text, fmt.Sprintf("app=checkout\n    n  %d\n", n)); got != 8 {
			t.Fatalf("event %d is printed %d times", n, got)
		}
	}
}
