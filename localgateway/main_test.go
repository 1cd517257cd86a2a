package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/internal/live"
)

// text is what a program has written so far.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// program is a run of the command.
type program struct {
	out, errors text
	end         func() error // ends it, and returns its error
}

func command(t *testing.T, args ...string) *program {
	t.Helper()
	p := new(program)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, args, &p.out, &p.errors) }()
	p.end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = p.end() })
	return p
}

func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for range 2000 {
		if so() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("it is not so that %s", what)
}

var endpoint = regexp.MustCompile(`export CAUSALITY_ENDPOINT=(http://\S+)`)

// begin runs a gateway and returns its address.
func begin(t *testing.T, args ...string) (*program, string) {
	t.Helper()
	p := command(t, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	eventually(t, "it greets", func() bool { return strings.Contains(p.out.String(), "Ctrl-C") })
	return p, endpoint.FindStringSubmatch(p.out.String())[1]
}

func post(t *testing.T, base, body string) string {
	t.Helper()
	req, _ := http.NewRequest(http.MethodPost, base+"/v1/events/batch", strings.NewReader(body))
	req.Header.Set("X-API-Key", "dev")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.Status + " " + string(answer)
}

func TestItSaysWhatToPaste(t *testing.T) {
	p, base := begin(t, "-answer", "503", "-retry-after", "5s", "-slow", "10ms")
	out := p.out.String()
	for _, want := range []string{
		"Watch   " + base + "\n",
		"export CAUSALITY_ENDPOINT=" + base + "\n", "export CAUSALITY_API_KEY=" + sampleKey + "\n", "export CAUSALITY_APP_ID=",
		"Fault   answers 503, Retry-After: 5, takes 10ms for each answer",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if got := post(t, base, batch(custom("k", "e", ""))); !strings.HasPrefix(got, "503") {
		t.Errorf("answered %s", got)
	}
	if err := p.end(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAPortThatIsTakenSaysWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	for addr, want := range map[string][]string{
		"127.0.0.1:" + port: {"is in use", "open http://127.0.0.1:" + port + " ", "-addr 127.0.0.1:8081"},
		":" + port:          {"is in use", "open http://localhost:" + port + " ", "-addr :8081"},
	} {
		err := run(context.Background(), []string{"-addr", addr}, io.Discard, io.Discard)
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("with -addr %s it does not say %q: %v", addr, part, err)
			}
		}
	}
}

func TestTheQuickstartSendsToTheGatewayOfTheEnvironment(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: it builds a program, and -short is on")
	}
	quickstart := func(endpoint string) (string, error) {
		cmd := exec.Command("go", "run", "-C", "..", "./examples/quickstart", "-watch")
		cmd.Env = append(os.Environ(), "CAUSALITY_ENDPOINT="+endpoint)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	_, base := begin(t)
	if out, err := quickstart(base); err != nil || !strings.Contains(out, "see "+base) || !strings.Contains(out, "tracked 3, delivered 3") {
		t.Errorf("it says %s (%v)", out, err)
	}
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	if out, err := quickstart(other.URL); err == nil || !strings.Contains(out, "no local gateway listens at "+other.URL) {
		t.Errorf("of another server it says %s (%v)", out, err)
	}
}

func TestBadFlagsAreRefused(t *testing.T) {
	for _, args := range []string{"-answer 418", "-retry-after 5s", "-slow -1s", "-addr nowhere", "serve", "-nope", "tail x", "-db /no/such/directory/x.db"} {
		fields := strings.Fields(args)
		if fields[0] != "tail" && !slices.Contains(fields, "-addr") {
			fields = append([]string{"-addr", "127.0.0.1:0"}, fields...)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		if err := run(ctx, fields, io.Discard, io.Discard); err == nil {
			t.Errorf("%s: it runs", args)
		}
		cancel()
	}
	if err := run(context.Background(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: %v", err)
	}
}

func TestItEndsAlthoughSomebodyWatchesAndHangs(t *testing.T) {
	p, base := begin(t, "-answer", "hang")
	watch, err := http.Get(base + "/_local/watch")
	if err != nil {
		t.Fatal(err)
	}
	defer watch.Body.Close()
	hanging := make(chan struct{})
	go func() {
		defer close(hanging)
		if resp, err := http.Post(base+"/v1/events/batch", "", strings.NewReader(batch(custom("k", "e", "")))); err == nil {
			resp.Body.Close()
		}
	}()
	lines := bufio.NewReader(watch.Body)
	for line := ""; !strings.Contains(line, "never answers"); {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	if err := p.end(); err != nil {
		t.Errorf("ended with %v after %v", err, time.Since(start))
	}
	<-hanging
}

func TestEventsInAFileSurviveARestart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	p, base := begin(t, "-db", file)
	post(t, base, batch(custom("k-1", "one", ""), custom("k-2", "two", "")))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(filepath.Dir(file)); len(entries) != 1 {
		t.Errorf("beside the file are %v", entries)
	}
	p, base = begin(t, "-db", file)
	if !strings.Contains(p.out.String(), "(2 are there)") {
		t.Errorf("it says %s", p.out.String())
	}
	resp, err := http.Get(base + "/_local/events")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct {
		Records []struct {
			Type string `json:"event_type"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list.Records) != 2 || list.Records[1].Type != "two" {
		t.Errorf("there are %+v (%v)", list, err)
	}
}

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

func TestAFileOfMoreThanIsListedSaysBoth(t *testing.T) {
	file := filepath.Join(t.TempDir(), "events.db")
	p, base := begin(t, "-db", file)
	post(t, base, batch(custom("k", "one", "")))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("insert into events select events.* from events, (with recursive n(i) as (select 1 union all select i+1 from n where i < 12000) select i from n)"); err != nil {
		t.Fatal(err)
	}
	p, _ = begin(t, "-db", file)
	if want := "(12001 are there; the newest 10000 are listed)"; !strings.Contains(p.out.String(), want) {
		t.Errorf("it does not say %q: %s", want, p.out.String())
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
