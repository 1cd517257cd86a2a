package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

func spoolDir(t *testing.T) string { return filepath.Join(t.TempDir(), "events") }

// leave runs a process that tracks into a spool and is killed.
func leave(t *testing.T, dir string, n int, format causality.Format) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestSpoolChild$")
	child.Env = append(os.Environ(), "CAUSALITY_SPOOL_DIR="+dir, fmt.Sprintf("CAUSALITY_TEST_EVENTS=%d %d", n, format))
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "tracked"; {
	}
	time.Sleep(300 * time.Millisecond) // they are safe after 10 ms, on a machine that is not busy
	child.Process.Kill()
	child.Wait()
}

// TestSpoolChild is the process that is killed.
func TestSpoolChild(t *testing.T) {
	var n int
	var format causality.Format
	if _, err := fmt.Sscan(os.Getenv("CAUSALITY_TEST_EVENTS"), &n, &format); err != nil {
		t.Skip("only for leave")
	}
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	at(t, stopped.URL)
	cfg := causality.ConfigFromEnv()
	cfg.Format = format
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		client.Track(causality.Event{EventType: "e", Properties: map[string]any{"n": i}})
	}
	fmt.Println("tracked")
	select {}
}

func TestResend_SendsWhatAKilledProcessLeft(t *testing.T) {
	dir := spoolDir(t)
	leave(t, dir, 120, causality.FormatEnvelope)
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", dir}, &out); err != nil || out.String() != "120 of 120 events are accepted\n" {
		t.Errorf("%v, printed %q", err, out.String())
	}
	seen := make(map[any]bool)
	for _, e := range gateway.Events() {
		seen[e.Properties["n"]] = true
	}
	if len(seen) != 120 {
		t.Errorf("%d different events are stored", len(seen))
	}
	left, _ := filepath.Glob(filepath.Join(filepath.Dir(dir), "*", "*"))
	if _, err := os.Stat(dir + ".left"); gateway.Len() != 120 || len(left) > 0 || err == nil {
		t.Errorf("%d events are stored; left: %v, %v", gateway.Len(), left, err)
	}
	// Nothing is left to send.
	out.Reset()
	if err := run(t.Context(), []string{"resend", dir}, &out); err != nil || out.String() != "0 of 0 events are accepted\n" {
		t.Errorf("%v, printed %q", err, out.String())
	}
}

func TestResend_SendsASpoolInEachFormat(t *testing.T) {
	dir := spoolDir(t)
	leave(t, dir, 5, causality.FormatEnvelope)
	leave(t, dir, 7, causality.FormatFlat)
	var enveloped, flat atomic.Int64
	at(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		inEnvelope, isFlat := bytes.Count(body, []byte(`"custom_event"`)), bytes.Count(body, []byte(`"event_type"`))
		enveloped.Add(int64(inEnvelope))
		flat.Add(int64(isFlat))
		fmt.Fprintf(w, `{"acceptedCount":%d}`, inEnvelope+isFlat)
	})))
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", dir}, &out); err != nil || out.String() != "12 of 12 events are accepted\n" {
		t.Errorf("%v, printed %q", err, out.String())
	}
	if enveloped.Load() != 5 || flat.Load() != 7 {
		t.Errorf("%d and %d events", enveloped.Load(), flat.Load())
	}
}

func TestResend_LeavesInTheSpoolWhatCannotBeSent(t *testing.T) {
	dir := spoolDir(t)
	leave(t, dir, 120, causality.FormatEnvelope)
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	at(t, stopped.URL)
	t.Setenv("CAUSALITY_MAX_RETRIES", "-1")
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", dir}, &out); err == nil || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "stays in "+dir) {
		t.Errorf("%v, printed %q", err, out.String())
	}
	gateway := causalitytest.NewRecorder()
	gateway.Always(causalitytest.Reject(func(e causality.Event) string {
		if e.Properties["n"] == int64(7) {
			return "app_id is required"
		}
		return ""
	}))
	at(t, serve(t, gateway))
	if err := run(t.Context(), []string{"resend", dir}, &out); err == nil || !strings.Contains(err.Error(), "1 events are rejected; they are in "+dir+".left") {
		t.Error(err)
	}
	if gateway.Len() != 119 {
		t.Errorf("%d events are stored", gateway.Len())
	}
	gateway.Always(causalitytest.Accept())
	if err := run(t.Context(), []string{"resend", dir + ".left"}, &out); err != nil || gateway.Len() != 120 {
		t.Errorf("%v, %d events are stored", err, gateway.Len())
	}
}

func TestResend_LeavesARunningProcessItsSpool(t *testing.T) {
	defer func(d time.Duration) { patience = d }(patience)
	patience = 300 * time.Millisecond
	dir := t.TempDir()
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	at(t, stopped.URL)
	cfg := causality.ConfigFromEnv()
	cfg.Spool.Dir = dir
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer closeNow(client)
	client.Track(causality.Event{EventType: "e"})
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", dir}, &out); err == nil || !strings.Contains(err.Error(), "what 1 processes have left stays in "+dir) {
		t.Error(err)
	}
	if gateway.Len() != 0 {
		t.Errorf("%d events are stored", gateway.Len())
	}
}

// A service's environment is where these run.
func TestASpoolInTheEnvironmentChangesNothing(t *testing.T) {
	spool := spoolDir(t)
	leave(t, spool, 10, causality.FormatEnvelope)
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	at(t, stopped.URL)
	t.Setenv("CAUSALITY_SPOOL_DIR", spool)
	t.Setenv("CAUSALITY_MAX_RETRIES", "-1")
	file, _ := dropped(t, 20)
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", file}, &out); err == nil || !strings.Contains(err.Error(), "20 events are not accepted; they are in "+file+".left") {
		t.Error(err)
	}
	if err := run(t.Context(), []string{"send", "e"}, &out); err == nil {
		t.Error("it was sent to nobody")
	}
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	out.Reset()
	if err := run(t.Context(), []string{"resend", file + ".left"}, &out); err != nil || out.String() != "20 of 20 events are accepted\n" || gateway.Len() != 20 {
		t.Errorf("%v, printed %q, %d events are stored", err, out.String(), gateway.Len())
	}
}
