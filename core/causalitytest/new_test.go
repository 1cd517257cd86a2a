package causalitytest_test

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

var otherKey = strings.Repeat("fedcba9876543210", 4)

func TestTheClientOfNewSendsToTheRecorder(t *testing.T) {
	client, rec := causalitytest.New(t)
	client.Track(causality.Event{
		EventType: "purchase_complete", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
		Properties: map[string]any{"order_id": "o-42", "total_cents": 1999, "rate": 0.5, "gift": true},
	})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	all := rec.Events()
	if len(all) != 1 {
		t.Fatal(all)
	}
	got := all[0]
	want := causality.Event{
		EventType: "purchase_complete", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7",
		Properties: map[string]any{"order_id": "o-42", "total_cents": int64(1999), "rate": 0.5, "gift": true},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if raw := string(rec.Envelopes()[0].Raw); !strings.Contains(raw, `"test-app"`) || !strings.Contains(raw, `"test-device"`) {
		t.Errorf("sent %s", raw)
	}
	if server := rec.Envelopes()[0].Server; server.SDKVersion != causality.SDKVersion || server.Hostname == "" {
		t.Errorf("%+v", server)
	}
}

func TestTheClientOfNewSendsSoonByItself(t *testing.T) {
	client, rec := causalitytest.New(t)
	client.Track(causality.Event{EventType: "e"})
	if err := rec.Wait(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

func TestTheOptionsOfNew(t *testing.T) {
	var wrapped atomic.Int64
	client, rec := causalitytest.New(t, causalitytest.WithKey(otherKey), causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.AppID = "shop"
		next := cfg.Transport
		cfg.Transport = roundTripFunc(func(req *http.Request) (*http.Response, error) {
			wrapped.Add(1)
			return next.RoundTrip(req)
		})
	}))
	client.Track(causality.Event{EventType: "e"})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := rec.Events(); len(got) != 1 || got[0].AppID != "" || wrapped.Load() != 1 {
		t.Error(got, wrapped.Load())
	}
	if got := rec.Requests()[0].Header.Get("X-API-Key"); got != otherKey {
		t.Errorf("the client uses the key %q", got)
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestNewFailsATestThatLosesEvents(t *testing.T) {
	noTime := causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.CloseTimeout, cfg.MaxRetries = 20*time.Millisecond, -1
	})
	for _, test := range []struct {
		name    string
		opts    []causalitytest.Option
		script  []causalitytest.Answer
		failure string
	}{
		{"not when all are delivered", nil, nil, ""},
		{"when the key is wrong", []causalitytest.Option{noTime, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.APIKey = "wrong" })}, nil, "events were left undelivered"},
		{"not when the Recorder was scripted to fail", []causalitytest.Option{noTime}, []causalitytest.Answer{causalitytest.Status(503).Times(100)}, ""},
		{"when the Config is wrong", []causalitytest.Option{causalitytest.WithConfig(func(cfg *causality.Config) { cfg.AppID = "" })}, nil, "AppID is empty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fake := &fakeTB{TB: t}
			fake.run(func() {
				client, rec := causalitytest.New(fake, test.opts...)
				rec.Script(test.script...)
				client.Track(causality.Event{EventType: "e"})
			})
			if got := fake.failures.String(); !strings.Contains(got, test.failure) || (got == "") != (test.failure == "") {
				t.Errorf("the test fails with %q, want %q", got, test.failure)
			}
			if test.failure == "events were left undelivered" && !strings.Contains(fake.logs.String(), "level=") {
				t.Errorf("the client's diagnostics are not shown: %q", fake.logs.String())
			}
			if test.failure == "" && fake.logs.Len() > 0 {
				t.Errorf("a test that passes shows %q", fake.logs.String())
			}
		})
	}
}

func TestNewSaysWhyNothingWouldBeSent(t *testing.T) {
	for name, choose := range map[string]func(cfg *causality.Config){
		"CAUSALITY_DISABLED": func(cfg *causality.Config) { cfg.Disabled = true },
		"CAUSALITY_DRY_RUN":  func(cfg *causality.Config) { cfg.DryRun = io.Discard },
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name, "1")
			fake := &fakeTB{TB: t}
			fake.run(func() { causalitytest.New(fake) })
			if got := fake.failures.String(); !strings.Contains(got, name) {
				t.Errorf("the test fails with %q", got)
			}
			client, _ := causalitytest.New(t, causalitytest.WithConfig(choose))
			client.Track(causality.Event{EventType: "e"})
			if got := client.Stats().Dropped.Disabled; got != 1 {
				t.Error(got)
			}
		})
	}
}

// fakeTB is a test that may fail without failing the real one.
type fakeTB struct {
	testing.TB
	cleanups       []func()
	failures, logs strings.Builder
}

// run runs a test and its cleanups, on a goroutine that FailNow can end.
func (f *fakeTB) run(test func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			for i := len(f.cleanups) - 1; i >= 0; i-- {
				f.cleanups[i]()
			}
		}()
		test()
	}()
	<-done
}

func (f *fakeTB) Helper()                      {}
func (f *fakeTB) Cleanup(c func())             { f.cleanups = append(f.cleanups, c) }
func (f *fakeTB) Failed() bool                 { return f.failures.Len() > 0 }
func (f *fakeTB) Errorf(s string, args ...any) { fmt.Fprintf(&f.failures, s, args...) }
func (f *fakeTB) Logf(s string, args ...any)   { fmt.Fprintf(&f.logs, s, args...) }
func (f *fakeTB) Fatal(args ...any)            { fmt.Fprint(&f.failures, args...); f.exit() }
func (f *fakeTB) Fatalf(s string, args ...any) { f.Errorf(s, args...); f.exit() }
func (f *fakeTB) exit()                        { runtime.Goexit() }
