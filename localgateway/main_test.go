package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
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
