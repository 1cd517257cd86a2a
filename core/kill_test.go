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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var (
	kills = flag.Int("kills", 0, "how often TestKill kills a process; it needs a machine that does nothing else")
	// The promise is 10 ms. A machine that runs other tests as well makes the disk
	// and the scheduler wait for longer than that.
	safeAfter = flag.Duration("safe", 250*time.Millisecond, "how long after Track an event must be safe; 10ms on a machine that does nothing else")
)

const (
	// beat is how often the process that is killed shows that it gets a processor.
	// Where it did not for longer, it is not the client that is late.
	beat = 2 * time.Millisecond
)

// TestKill kills a process that tracks, with SIGKILL at random moments, while the
// gateway is up, down, slow and flapping by turns. Every event that was tracked long
// enough before must be stored in the end, and at most those that were in flight twice.
func TestKill(t *testing.T) {
	if url := os.Getenv("CAUSALITY_TEST_KILL"); url != "" {
		trackUntilKilled(t, url)
		return
	}
	if *kills == 0 {
		t.Skip("needs a machine to itself: -kills 30 -safe 10ms")
	}
	g := &killGateway{stored: map[string][]time.Time{}}
	server := httptest.NewServer(g)
	defer server.Close()
	dir := t.TempDir()
	tracked, safe := 0, map[string]bool{}
	for round := range *kills {
		g.setMood(round % 4)
		var wg sync.WaitGroup
		var mu sync.Mutex
		for child := range 1 + round%2 { // every other time two share the directory
			wg.Add(1)
			go func() {
				defer wg.Done()
				all, mine := g.kill(t, server.URL, dir, fmt.Sprintf("%d-%d", round, child))
				mu.Lock()
				defer mu.Unlock()
				tracked += all
				for _, id := range mine {
					safe[id] = true
				}
			}()
		}
		wg.Wait()
	}
	g.setMood(0)
	client := killClient(t, server.URL, dir)
	isSent := func() bool {
		_ = client.Flush()
		s := client.Stats()
		return s.Queued == 0 && s.SpooledBytes < 4<<10 && g.missing(safe) == 0
	}
	for end := time.Now().Add(40 * time.Second); !isSent(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d events are missing: %+v", g.missing(safe), client.Stats())
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
	if len(safe) < *kills {
		t.Errorf("only %d events", len(safe))
	}
	t.Logf("%d kills, %d events tracked, %d of them early enough: all stored; %d stored once more", len(g.killed), tracked, len(safe), again)
}

// kill runs a process and kills it. It returns how many events it tracked, and
// those that it had tracked early enough.
func (g *killGateway) kill(t *testing.T, url, dir, name string) (tracked int, safe []string) {
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
	type moment struct {
		id string
		at int64
	}
	var ms []moment
	var beats []int64
	killed := make(chan int64, 1)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var m moment
		if n, _ := fmt.Sscan(lines.Text(), &m.id, &m.at); n != 2 {
			continue
		}
		if m.id == "beat" {
			beats = append(beats, m.at)
			continue
		}
		if len(ms) == 0 {
			time.AfterFunc(time.Duration(rand.IntN(600))*time.Millisecond, func() {
				at := time.Now()
				g.mu.Lock()
				g.killed = append(g.killed, at)
				g.mu.Unlock()
				child.Process.Kill()
				killed <- at.UnixNano()
			})
		}
		ms = append(ms, m)
	}
	child.Wait()
	if len(ms) == 0 {
		t.Error("a process tracked nothing")
		return
	}
	killedAt := <-killed
	limit := *safeAfter
	for i, at := range beats {
		next := killedAt
		if i+1 < len(beats) {
			next = beats[i+1]
		}
		if next > killedAt-int64(*safeAfter)-int64(100*time.Millisecond) {
			limit = max(limit, *safeAfter+time.Duration(next-at)-2*beat)
		}
	}
	for _, m := range ms {
		if m.at < killedAt-int64(limit) {
			safe = append(safe, m.id)
		}
	}
	return len(ms), safe
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
	go func() {
		for {
			fmt.Println("beat", time.Now().UnixNano())
			time.Sleep(beat)
		}
	}()
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

// missing is how many events are not stored.
func (g *killGateway) missing(ids map[string]bool) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for id := range ids {
		if len(g.stored[id]) == 0 {
			n++
		}
	}
	return n
}
