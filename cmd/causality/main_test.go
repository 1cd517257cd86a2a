package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// at sets the environment for a gateway at this address.
func at(t *testing.T, endpoint string) {
	t.Helper()
	for name, value := range map[string]string{
		"ENDPOINT": endpoint, "API_KEY": strings.Repeat("0123456789abcdef", 4), "APP_ID": "shop", "DEVICE_ID": "web-3",
		"DISABLED": "", "DRY_RUN": "", "MAX_RETRIES": "",
	} {
		t.Setenv("CAUSALITY_"+name, value)
	}
}

func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

func TestSend(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	var out strings.Builder
	args := []string{"send", "purchase_complete", "order_id=o-42", "total_cents=1999", "gift=true", "rate=0.5", `zip="01234"`, "tel=0123", "note=a=b",
		"big=9007199254740993", `http={"method":"GET"}`, "user_id=17", "session_id=s-9", "event_id=backup-7", "empty="}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	events := gateway.Events()
	if len(events) != 1 || out.String() != "purchase_complete is accepted\n" {
		t.Fatalf("%d events arrived; printed %q", len(events), out.String())
	}
	e := events[0]
	want := map[string]any{"order_id": "o-42", "total_cents": int64(1999), "gift": true, "rate": 0.5, "zip": "01234", "tel": "0123", "note": "a=b",
		"big": int64(9007199254740993), "http_method": "GET", "empty": ""}
	if e.EventType != "purchase_complete" || gateway.Envelopes()[0].ID != "backup-7" || e.UserID != "17" || e.SessionID != "s-9" || e.AppID != "shop" || e.DeviceID != "web-3" || fmt.Sprint(e.Properties) != fmt.Sprint(want) {
		t.Errorf("arrived as %+v", e)
	}
}

func TestSend_ReturnsWhyAnEventDidNotArrive(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	running := serve(t, gateway)
	stopped := httptest.NewServer(gateway)
	stopped.Close()
	rejecting := causalitytest.NewRecorder()
	rejecting.Always(causalitytest.Reject(func(causality.Event) string { return "app_id is required" }))
	for _, tt := range []struct {
		name, endpoint string
		args           []string
		want           string
	}{
		{"the event is rejected", serve(t, rejecting), []string{"send", "e"}, "app_id is required"},
		{"nobody listens", stopped.URL, []string{"send", "e"}, "connection refused"},
		{"the key is refused", serve(t, causalitytest.NewRecorder(causalitytest.WithKey("other"))), []string{"send", "e"}, "401"},
		{"the event is invalid", running, []string{"send", ""}, "no EventType"},
		{"an argument is no pair", running, []string{"send", "e", "order_id"}, `"order_id" is not KEY=VALUE`},
		{"there is no endpoint", "", []string{"send", "e"}, "CAUSALITY_ENDPOINT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at(t, tt.endpoint)
			var out strings.Builder
			start := time.Now()
			err := run(t.Context(), tt.args, &out)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "again") {
				t.Errorf("got %v, want one with %q", err, tt.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("it took %v", took)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q", out.String())
			}
		})
	}
}

func TestSend_ADryRunSendsNothing(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	t.Setenv("CAUSALITY_DISABLED", "1")
	var out strings.Builder
	if err := run(t.Context(), []string{"send", "e"}, &out); err != nil || gateway.Len() > 0 || !strings.Contains(out.String(), "nothing is sent") {
		t.Errorf("%v, %d events; printed %q", err, gateway.Len(), out.String())
	}
}

// dropped writes a file of n events that a client had to drop.
func dropped(t *testing.T, n int) (file string, ids map[string]bool) {
	t.Helper()
	file, ids = filepath.Join(t.TempDir(), "dropped.jsonl"), make(map[string]bool)
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	gateway := causalitytest.NewRecorder()
	gateway.Always(causalitytest.Break())
	write := causality.WriteDropped(f)
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: "https://gateway.test", AppID: "shop", Transport: gateway,
		Logger: slog.New(slog.DiscardHandler), CloseTimeout: time.Millisecond,
		OnDrop: func(e causality.DroppedEvent) { ids[e.ID] = true; write(e) },
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		client.Track(causality.Event{EventType: "e", Properties: map[string]any{"n": i}})
	}
	if err := client.Close(); !errors.Is(err, causality.ErrUndelivered) || len(ids) != n {
		t.Fatalf("%d events were dropped: %v", len(ids), err)
	}
	return file, ids
}

func TestResend(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	file, ids := dropped(t, 120)
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", file}, &out); err != nil || out.String() != "120 of 120 events are accepted\n" {
		t.Errorf("%v, printed %q", err, out.String())
	}
	for _, e := range gateway.Envelopes() {
		delete(ids, e.ID)
	}
	if gateway.Len() != 120 || len(ids) > 0 {
		t.Errorf("%d events are stored, %d ids are missing", gateway.Len(), len(ids))
	}
	if _, err := os.Stat(file + ".left"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file of nothing is left: %v", err)
	}
}

func TestResend_LeavesWhatIsNotAcceptedInAFile(t *testing.T) {
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	at(t, stopped.URL)
	t.Setenv("CAUSALITY_MAX_RETRIES", "-1")
	file, _ := dropped(t, 120)
	var out strings.Builder
	err := run(t.Context(), []string{"resend", file}, &out)
	if err == nil || !strings.Contains(err.Error(), "120 events are not accepted; they are in "+file+".left") ||
		strings.Count(err.Error(), "connection refused") != 1 || strings.Contains(err.Error(), "will be sent again") {
		t.Errorf("returned %v", err)
	}
	// A second try must not overwrite it.
	if err := run(t.Context(), []string{"resend", file}, &out); err == nil || !strings.Contains(err.Error(), "move it away") {
		t.Errorf("the second time it returned %v", err)
	}
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	if err := run(t.Context(), []string{"resend", file + ".left"}, &out); err != nil || gateway.Len() != 120 {
		t.Errorf("of what was left %d are stored: %v", gateway.Len(), err)
	}
}

func TestResend_NamesTheLinesThatAreNoEvents(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	at(t, serve(t, gateway))
	file, _ := dropped(t, 2)
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("{\"half\n"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"resend", file}, &out); err == nil || !strings.Contains(err.Error(), "line 1") || gateway.Len() != 2 {
		t.Errorf("%d events are stored: %v", gateway.Len(), err)
	}
	if err := run(t.Context(), []string{"resend", file + ".none"}, &out); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestDoctor(t *testing.T) {
	gateway := causalitytest.NewRecorder()
	answers := func(status int, body string, header ...string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		})
	}
	late := func(by time.Duration) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
			gateway.ServeHTTP(w, r)
		})
	}
	stopped := httptest.NewServer(gateway)
	stopped.Close()
	tls := httptest.NewTLSServer(gateway)
	defer tls.Close()
	for _, tt := range []struct {
		name, endpoint string
		want           []string // all of these are printed
		isWell         bool
	}{
		{"all is well", serve(t, gateway), []string{"config    ok    app shop", "gateway   ok    answers in", "key       ok", "clock     ok"}, true},
		{"the endpoint has a slash at its end", serve(t, gateway) + "/", []string{"key       ok"}, true},
		{"too many requests", serve(t, answers(429, "Too Many Requests")), []string{"key       ok"}, true},
		{"nobody listens", stopped.URL, []string{"gateway   FAIL", "connection refused", "CAUSALITY_ENDPOINT"}, false},
		{"the certificate is not trusted", tls.URL, []string{"gateway   FAIL", "certificate"}, false},
		{"the key is refused", serve(t, causalitytest.NewRecorder(causalitytest.WithKey("other"))), []string{"gateway   ok", "key       FAIL", "401", "CAUSALITY_API_KEY"}, false},
		{"the path is the client's own", serve(t, gateway) + "/v1/events/batch", []string{"config    FAIL", "leave /v1/events/batch out"}, false},
		{"it redirects", serve(t, answers(307, "", "Location", "https://events.example.com/v1/events/batch")), []string{"endpoint  FAIL  redirects to https://events.example.com"}, false},
		{"it is another server", serve(t, answers(200, "<html>\nWelcome")), []string{"endpoint  FAIL", "<html>"}, false},
		{"it is another server that answers 400", serve(t, answers(400, "bad request")), []string{"endpoint  FAIL", "bad request"}, false},
		{"it is not well", serve(t, answers(503, `{"message":"away"}`)), []string{"gateway   FAIL", "away"}, false},
		{"the clock is ahead", serve(t, late(-3*time.Hour)), []string{"key       ok", "clock     FAIL  is 3h0m", "ahead of"}, false},
		{"the clock is behind", serve(t, late(2*time.Minute)), []string{"clock     FAIL", "behind", "NTP"}, false},
		{"the path is another", serve(t, gateway) + "/api", []string{"endpoint  FAIL", "404", "CAUSALITY_ENDPOINT"}, false},
		{"there is no endpoint", "", []string{"config    FAIL", "CAUSALITY_ENDPOINT"}, false},
		{"the endpoint has no scheme", "127.0.0.1:8080", []string{"config    FAIL", "https://"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at(t, tt.endpoint)
			var out strings.Builder
			err := run(t.Context(), []string{"doctor"}, &out)
			if isWell := err == nil; isWell != tt.isWell || err != nil && !errors.Is(err, errUnwell) {
				t.Errorf("returned %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("does not say %q:\n%s", want, out.String())
				}
			}
		})
	}
	if gateway.Len() > 0 {
		t.Errorf("%d events were stored", gateway.Len())
	}
}

func TestDoctor_NeverShowsTheKey(t *testing.T) {
	at(t, serve(t, causalitytest.NewRecorder(causalitytest.WithKey("other"))))
	var out strings.Builder
	err := run(t.Context(), []string{"doctor"}, &out)
	if strings.Contains(out.String()+fmt.Sprint(err), "0123456789abcdef") {
		t.Error(out.String())
	}
}

func TestDoctor_NamesEveryMistakeOfTheConfig(t *testing.T) {
	at(t, "127.0.0.1:8080")
	t.Setenv("CAUSALITY_API_KEY", "")
	t.Setenv("CAUSALITY_TIMEOUT", "soon")
	var out strings.Builder
	if err := run(t.Context(), []string{"doctor"}, &out); !errors.Is(err, errUnwell) || strings.Count(out.String(), "config    FAIL") != 3 {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

func TestDoctor_SaysThatNothingIsSent(t *testing.T) {
	for _, name := range []string{"CAUSALITY_DISABLED", "CAUSALITY_DRY_RUN"} {
		at(t, "https://events.example.com")
		t.Setenv(name, "1")
		var out strings.Builder
		if err := run(t.Context(), []string{"doctor"}, &out); err == nil || !strings.Contains(out.String(), name+" is set") {
			t.Errorf("%v:\n%s", err, out.String())
		}
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, arg := range []string{"help", "-h", "--help"} {
		var out strings.Builder
		if err := run(t.Context(), []string{arg}, &out); err != nil || !strings.HasPrefix(out.String(), "usage:") {
			t.Errorf("%s: %v:\n%s", arg, err, out.String())
		}
	}
}

// What to do is what a shell can do.
func TestWithoutAnyVariable(t *testing.T) {
	for _, name := range []string{"CAUSALITY_ENDPOINT", "CAUSALITY_API_KEY", "CAUSALITY_APP_ID", "CAUSALITY_DRY_RUN", "CAUSALITY_DISABLED"} {
		t.Setenv(name, "")
	}
	var out strings.Builder
	if err := run(t.Context(), []string{"doctor"}, &out); !errors.Is(err, errUnwell) || !strings.Contains(out.String(), notConfigured) || strings.Contains(out.String(), "nil") {
		t.Errorf("%v:\n%s", err, out.String())
	}
	if err := run(t.Context(), []string{"send", "backup_done"}, &out); !errors.Is(err, causality.ErrNotConfigured) {
		t.Error(err)
	}
}

func TestOtherArgumentsAreAnError(t *testing.T) {
	for _, args := range [][]string{nil, {"send"}, {"resend"}, {"doctor", "now"}, {"nonsense"}, {"-v"}} {
		if err := run(t.Context(), args, &strings.Builder{}); !errors.Is(err, errUsage) {
			t.Errorf("%q: %v", args, err)
		}
	}
}
