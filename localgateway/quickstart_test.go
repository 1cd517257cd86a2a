package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// buildQuickstart returns the path of the example's program.
func buildQuickstart(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: it builds a program, and -short is on")
	}
	if runtime.GOOS == "windows" {
		t.Skip("skipped: no program can interrupt another there")
	}
	path := filepath.Join(t.TempDir(), "quickstart")
	if out, err := exec.Command("go", "build", "-C", "..", "-o", path, "./examples/quickstart").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

// watchWith runs the example with -watch until hasArrived is true or it ends, then
// interrupts it and returns what it printed.
func watchWith(t *testing.T, path, endpoint string, hasArrived func() bool) (string, error) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(path, "-watch")
	cmd.Env = append(os.Environ(), "CAUSALITY_ENDPOINT="+endpoint)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); !hasArrived(); time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-ended:
			return out.String(), err
		default:
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			<-ended
			t.Fatalf("the events do not arrive; it says %s", out.String())
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := <-ended
	return out.String(), err
}

func TestTheQuickstart(t *testing.T) {
	path := buildQuickstart(t)
	t.Run("sends until it is stopped", func(t *testing.T) { sendsUntilStopped(t, path) })
	t.Run("sends to no other server", func(t *testing.T) { sendsToNoOther(t, path) })
	t.Run("says once that events are lost", func(t *testing.T) { saysLossOnce(t, path) })
}

func sendsUntilStopped(t *testing.T, path string) {
	_, base := begin(t)
	out, err := watchWith(t, path, base, func() bool {
		resp, err := http.Get(base + "/_local/events?type=purchase_complete&text=o-2") // of its second round
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return err == nil && strings.Contains(string(body), `"seq":`)
	})
	counts := regexp.MustCompile(`tracked (\d+), delivered (\d+), dropped 0, queued 0`).FindStringSubmatch(out)
	if err != nil || counts == nil || counts[1] != counts[2] || !strings.Contains(out, "arrive at "+base) || !strings.Contains(out, "What to do next") {
		t.Errorf("it says %s (%v)", out, err)
	}
}

func sendsToNoOther(t *testing.T, path string) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	out, err := watchWith(t, path, other.URL, func() bool { return false })
	if err == nil || !strings.Contains(out, "no local gateway listens at "+other.URL) {
		t.Errorf("it says %s (%v)", out, err)
	}
}

func saysLossOnce(t *testing.T, path string) {
	var requests atomic.Int64
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/events/batch" {
			requests.Add(1)
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer broken.Close()
	out, err := watchWith(t, path, broken.URL, func() bool { return requests.Load() > 0 })
	if err == nil || strings.Count(out, "undelivered") != 1 || !strings.Contains(out, "delivered 0") {
		t.Errorf("it says %s (%v)", out, err)
	}
}
