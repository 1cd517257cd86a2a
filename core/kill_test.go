package causality_test

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var kills = flag.Int("kills", 30, "how often TestKill kills a process")

// safeAfter is how soon after Track an event is safe.
const safeAfter = 10 * time.Millisecond

// TestKill kills a process that tracks, with SIGKILL at random moments, while the
// gateway is up, down, slow and flapping by turns. All events that it tracked early
// enough must be stored in the end, and at most those that were in flight twice.
//
// A processor or a disk that others use makes the last events of a process late, so
// how early that is holds for most processes, and ten times that for nine in ten.
// What must hold for each: it loses its last events alone.
func TestKill(t *testing.T) {
	if url := os.Getenv("CAUSALITY_TEST_KILL"); url != "" {
		trackUntilKilled(t, url)
		return
	}
	g := &killGateway{stored: map[string][]time.Time{}}
	server := httptest.NewServer(g)
	defer server.Close()
	dir := t.TempDir()
	var lives []life
	for round := range *kills {
		g.setMood(round % 4)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for child := range 1 + round%2 { // every other time two share the directory
			wg.Add(1)
			go func() {
				defer wg.Done()
				l := g.kill(t, server.URL, dir, fmt.Sprintf("%d-%d", round, child))
				mu.Lock()
				defer mu.Unlock()
				lives = append(lives, l)
			}()
		}
		wg.Wait()
	}
	g.setMood(0)
	client := killClient(t, server.URL, dir)
	isSent := func() bool {
		_ = client.Flush()
		parts, err := filepath.Glob(filepath.Join(dir, "envelope-*"))
		return client.Stats().Queued == 0 && err == nil && len(parts) == 1
	}
	for end := time.Now().Add(time.Minute); !isSent(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			parts, _ := os.ReadDir(dir)
			t.Fatalf("the spool is not empty: %v, %+v", parts, client.Stats())
		}
	}
	if s := client.Stats(); s.Dropped.Total() > s.Dropped.Damaged {
		t.Errorf("%+v", s)
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	again := 0
	for id, times := range g.stored {
		for i, at := range times[:len(times)-1] {
			again++
			// It was in flight, or its answer was not written down yet, when a
			// process died.
			if !slices.ContainsFunc(g.killed, func(killed time.Time) bool {
				return killed.After(at.Add(-time.Second)) && killed.Before(at.Add(time.Second))
			}) {
				t.Errorf("event %s was stored a %d. time, though nobody died when it was stored before", id, i+2)
			}
		}
	}
	tracked, lost := 0, 0
	var late []time.Duration
	for _, l := range lives {
		isStored := func(e trackedEvent) bool { return len(g.stored[e.id]) > 0 }
		kept := slices.IndexFunc(l.events, func(e trackedEvent) bool { return !isStored(e) })
		if kept < 0 {
			kept = len(l.events)
		}
		tracked += len(l.events)
		lost += len(l.events) - kept
		if i := slices.IndexFunc(l.events[kept:], isStored); i >= 0 {
			t.Errorf("event %s is lost, and %s, tracked later, is not", l.events[kept].id, l.events[kept+i].id)
		}
		if kept < len(l.events) {
			late = append(late, l.killed.Sub(l.events[kept].at))
		} else {
			late = append(late, 0)
		}
	}
	slices.Sort(late)
	if usual := late[len(late)/2]; usual > safeAfter {
		t.Errorf("an event was not safe %v after Track, want %v", usual, safeAfter)
	}
	if most := late[len(late)*9/10]; most > 10*safeAfter {
		t.Errorf("of one process in ten an event was not safe %v after Track", most)
	}
	in := slices.IndexFunc(late, func(d time.Duration) bool { return d > safeAfter })
	if in < 0 {
		in = len(late)
	}
	t.Logf("%d kills, %d events tracked, %d lost, %d stored once more; of %d processes all was safe after %v; of nine in ten after %v, of all after %v",
		len(lives), tracked, lost, again, in, safeAfter, late[len(late)*9/10], late[len(late)-1])
}

// life is what a process tracked, in order, and when it was killed.
type life struct {
	events []trackedEvent
	killed time.Time
}

type trackedEvent struct {
	id string
	at time.Time // when Track had returned
}

// kill runs a process and kills it.
func (g *killGateway) kill(t *testing.T, url, dir, name string) (l life) {
	child := exec.Command(os.Args[0], "-test.run=^TestKill$")
	child.Env = append(os.Environ(), "CAUSALITY_TEST_KILL="+url, "CAUSALITY_TEST_DIR="+dir, "CAUSALITY_TEST_NAME="+name)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	if err := child.Start(); err != nil {
		t.Error(err)
		return
	}
	killed := make(chan time.Time, 1)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var id string
		var at int64
		if n, _ := fmt.Sscan(lines.Text(), &id, &at); n != 2 {
			continue // it was killed while it wrote the line
		}
		if len(l.events) == 0 {
			time.AfterFunc(time.Duration(rand.IntN(600))*time.Millisecond, func() {
				at := time.Now()
				g.mu.Lock()
				g.killed = append(g.killed, at)
				g.mu.Unlock()
				child.Process.Kill()
				killed <- at
			})
		}
		l.events = append(l.events, trackedEvent{id, time.Unix(0, at)})
	}
	child.Wait()
	if len(l.events) == 0 {
		t.Error("a process tracked nothing")
		return
	}
	l.killed = <-killed
	return l
}

func killClient(t *testing.T, url, dir string) *causality.Client {
	client, err := causality.New(causality.Config{
		APIKey: testKey, Endpoint: url, AppID: "killed", DeviceID: "d", FlushInterval: 20 * time.Millisecond, Logger: discard,
		Timeout: 2 * time.Second, Spool: causality.Spool{Dir: dir},
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// trackUntilKilled is the process: it tracks about 2000 events a second, and says of
// each when Track had returned.
func trackUntilKilled(t *testing.T, url string) {
	client := killClient(t, url, os.Getenv("CAUSALITY_TEST_DIR"))
	out := bufio.NewWriter(os.Stdout)
	for n := 0; ; n++ {
		id := fmt.Sprintf("%s-%d", os.Getenv("CAUSALITY_TEST_NAME"), n)
		client.TrackContext(context.Background(), causality.Event{ID: id, EventType: "numbered", Attrs: []slog.Attr{slog.Int("n", n)}})
		fmt.Fprintln(out, id, time.Now().UnixNano())
		if n%10 == 9 {
			out.Flush()
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// killGateway says when each event was stored, and when a process was killed.
type killGateway struct {
	mu       sync.Mutex
	mood     int // up, down, slow, flapping
	requests int
	stored   map[string][]time.Time // when, by id
	killed   []time.Time
}

func (g *killGateway) setMood(mood int) {
	g.mu.Lock()
	g.mood = mood
	g.mu.Unlock()
}

func (g *killGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.requests++
	isDown := g.mood == 1 || g.mood == 3 && g.requests%2 == 0
	isSlow := g.mood == 2
	g.mu.Unlock()
	if isDown {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var body struct {
		Events []struct{ ID string }
	}
	text, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(text, &body) != nil {
		return // it was killed while it sent
	}
	if isSlow {
		time.Sleep(30 * time.Millisecond)
	}
	g.mu.Lock()
	for _, e := range body.Events {
		g.stored[e.ID] = append(g.stored[e.ID], time.Now())
	}
	g.mu.Unlock()
	results := slices.Repeat([]string{`{"status":"accepted"}`}, len(body.Events))
	for i := range results {
		if i > 0 {
			results[i] = fmt.Sprintf(`{"index":%d,"status":"accepted"}`, i)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"acceptedCount":%d,"results":[%s]}`, len(results), strings.Join(results, ","))
}
