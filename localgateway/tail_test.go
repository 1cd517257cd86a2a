package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

func TestTailPrintsEventsAsTheyCome(t *testing.T) {
	_, base := begin(t)
	addr := strings.TrimPrefix(base, "http://")
	for i := range 5 {
		post(t, base, batch(custom(fmt.Sprint("old-", i), fmt.Sprint("old_", i), "")))
	}
	tail := command(t, "tail", "-addr", addr, "-n", "2")
	eventually(t, "the newest two are shown", func() bool { return strings.Contains(tail.out.String(), "old_4") })
	if out := tail.out.String(); strings.Contains(out, "old_2") || !strings.Contains(out, "old_3") {
		t.Errorf("tail -n 2 shows\n%s", out)
	}
	post(t, base, batch(custom("k", "paid", `"user_id":"ada","order_id":"o-42"`), custom("k", "paid", "")))
	post(t, base, batch(`{"nope":1}`))
	post(t, base, batch(`{"app_id":"a","device_id":"d","custom_event":{"event_name":"no_time"}}`))
	post(t, base, batch(strings.Replace(custom("esc", "NAME", `"a":"\u001b]0;title\u0007"`), "NAME", `\u001b[31mred`, 1)))
	for _, want := range []string{
		"  paid  checkout  ada  order_id=o-42\n", "  paid  duplicate  checkout\n",
		`  refused 400  1 event  body: failed to parse request body: could not unmarshal request JSON: proto: (line 2:2): unknown field "nope"  (line 2 of the body)` + "\n",
		"  no_time  rejected: timestamp_ms is required and must be > 0  a\n",
		"  \uFFFD[31mred  checkout  a=\uFFFD]0;title\uFFFD\n",
	} {
		eventually(t, fmt.Sprintf("%q is shown:\n%s", want, tail.out.String()), func() bool { return strings.Contains(tail.out.String(), want) })
	}
	if strings.Contains(tail.out.String(), "\x1b") {
		t.Error("what is no terminal gets colours, or an event's own")
	}
	if err := tail.end(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestTailFiltersAndSaysWhatIsWrong(t *testing.T) {
	_, base := begin(t)
	addr := strings.TrimPrefix(base, "http://")
	tail := command(t, "tail", "-addr", addr, "-type", "pa*", "-user", "ada")
	post(t, base, batch(custom("1", "paid", `"user_id":"ken"`), custom("2", "seen", `"user_id":"ada"`), custom("3", "paid", `"user_id":"ada","n":"3"`)))
	eventually(t, "the one that matches is shown", func() bool { return strings.Contains(tail.out.String(), "n=3") })
	if out := tail.out.String(); strings.Count(out, "\n") != 1 {
		t.Errorf("it shows\n%s", out)
	}
	if err := run(context.Background(), []string{"tail", "-addr", addr, "-outcome", "lost"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "it may be stored") {
		t.Errorf("a bad filter: %v", err)
	}
	if err := run(context.Background(), []string{"tail", "-addr", "127.0.0.1:1"}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "go run -C localgateway .") {
		t.Errorf("no gateway: %v", err)
	}
}

func TestColourIsForTerminalsThatWantIt(t *testing.T) {
	coloured := &tailer{colour: true}
	if got := coloured.paint(red, "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("painted %q", got)
	}
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if inColour(file) || inColour(io.Discard) {
		t.Error("a file gets colours")
	}
	terminal, err := os.OpenFile("/dev/null", os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Skip(err)
	}
	defer terminal.Close()
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	if !inColour(terminal) {
		t.Error("a terminal gets none")
	}
	t.Setenv("NO_COLOR", "1")
	if inColour(terminal) {
		t.Error("NO_COLOR does not count")
	}
}

func TestTailShowsNothingTwiceAfterARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	p, base := begin(t, "-db", file)
	addr := strings.TrimPrefix(base, "http://")
	post(t, base, batch(custom("1", "one", ""), custom("2", "two", ""), custom("3", "three", "")))
	tail := command(t, "tail", "-addr", addr, "-n", "2")
	eventually(t, "the newest two are shown", func() bool { return strings.Contains(tail.out.String(), "three") })
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it sees the end", func() bool { return strings.Contains(tail.errors.String(), "gone") })
	// What was stored while the tail was away is in the file, too.
	p, base = begin(t, "-db", file)
	post(t, base, batch(custom("4", "four", "")))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	p = command(t, "-addr", addr, "-db", file)
	eventually(t, "it greets", func() bool { return strings.Contains(p.out.String(), "Ctrl-C") })
	post(t, "http://"+addr, batch(custom("5", "five", "")))
	eventually(t, "the new one is shown", func() bool { return strings.Contains(tail.out.String(), "five") })
	out := tail.out.String()
	for name, want := range map[string]int{"one": 0, "two": 1, "three": 1, "four": 1, "five": 1, "restarted": 1} {
		if got := strings.Count(out, name); got != want {
			t.Errorf("%s is shown %d times, want %d:\n%s", name, got, want, out)
		}
	}
}

func TestATailThatStoodStillShowsAllOrSaysSo(t *testing.T) {
	gateway, err := live.New(live.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var cut atomic.Pointer[context.CancelFunc] // ends the stream, as its deadline does
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/watch") {
			ctx, cancel := context.WithCancel(r.Context())
			cut.Store(&cancel)
			r = r.WithContext(ctx)
		}
		gateway.ServeHTTP(w, r)
	}))
	defer server.Close()
	defer gateway.Close()
	tail := command(t, "tail", "-addr", server.URL)
	post(t, server.URL, batch(custom("first", "first", "")))
	eventually(t, "the first is shown", func() bool { return strings.Contains(tail.out.String(), "first") })
	(*cut.Load())()
	for at := range 5 {
		var events []string
		for i := range 900 {
			events = append(events, custom(fmt.Sprint(at, "-", i), "many", ""))
		}
		post(t, server.URL, batch(events...))
	}
	eventually(t, "all are shown", func() bool { return strings.Count(tail.out.String(), "many") == 4500 })
}

func TestTailFoldsEqualRefusals(t *testing.T) {
	var out text
	tail := &tailer{out: &out, now: time.Now, recent: -1}
	refused := live.Record{Outcome: live.Refused, Status: 503, Events: 2, Apps: []string{"shop"}, Names: []string{"paid"}, Reason: "unavailable"}
	other := refused
	other.Names = []string{"seen"}
	tail.showRecords([]live.Record{refused, refused, refused, other})
	if got := out.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "refused 503  2 events  paid  shop  unavailable  (3 times)\n") {
		t.Errorf("it shows\n%s", got)
	}
}

func TestTailShowsTheDateOfOtherDays(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
	tail := &tailer{now: func() time.Time { return now }}
	for _, tt := range []struct {
		ms   int64
		want string
	}{
		{now.UnixMilli(), "12:00:00.000"},
		{now.AddDate(0, 0, -1).UnixMilli(), "2026-11-22 12:00:00.000"},
		{now.AddDate(-1, 0, 0).UnixMilli(), "2025-11-23 12:00:00.000"},
		{0, "12:00:00.000"},
		{now.UnixNano(), fmt.Sprintf("12:00:00.000 timestamp_ms=%d?", now.UnixNano())},
	} {
		if got := tail.clock(&live.Record{Time: tt.ms, At: now.UnixMilli()}); got != tt.want {
			t.Errorf("%d: %s, want %s", tt.ms, got, tt.want)
		}
	}
}
