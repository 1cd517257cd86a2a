package causalitytest

import (
	"bytes"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// New returns a client whose events go to the returned Recorder, and closes it
// when the test ends. The test fails if that Close leaves events undelivered,
// unless the test has scripted the Recorder to fail.
//
// The client sends within 10 ms of an event, so [Recorder.Wait] is all that a
// test of asynchronous code needs; client.Flush sends at once. Its AppID is
// "test-app" and its DeviceID "test-device". Its diagnostics are shown only if
// the test fails. [WithConfig] changes all that.
func New(t testing.TB, opts ...Option) (*causality.Client, *Recorder) {
	t.Helper()
	s := newSettings(opts)
	rec := &Recorder{key: s.key}
	lines := &diagnostics{}
	cfg := causality.Config{
		APIKey:        s.key,
		Endpoint:      "https://gateway.test",
		AppID:         "test-app",
		DeviceID:      "test-device",
		FlushInterval: 10 * time.Millisecond,
		CloseTimeout:  5 * time.Second,
		Transport:     rec,
		Logger:        slog.New(slog.NewTextHandler(lines, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if cfg.APIKey == "" {
		cfg.APIKey = strings.Repeat("0123456789abcdef", 4)
	}
	for _, change := range s.changes {
		change(&cfg)
	}
	for name, chosen := range map[string]bool{"CAUSALITY_DISABLED": cfg.Disabled, "CAUSALITY_DRY_RUN": cfg.DryRun != nil} {
		if set, err := strconv.ParseBool(os.Getenv(name)); err == nil && set && !chosen {
			// Otherwise the test would find no events and not say why.
			t.Fatalf("causalitytest: %s is set, so the client would send nothing; unset it for this test", name)
		}
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatalf("causalitytest: %v", err)
	}
	t.Cleanup(func() {
		t.Helper()
		if err := client.Close(); err != nil && !rec.scriptedToFail() {
			t.Errorf("causalitytest: events were left undelivered: %v", err)
		}
		// Here and not when a line is written: the client may still write one
		// when the test is over, and t.Log would panic.
		if text := lines.String(); t.Failed() && text != "" {
			t.Logf("causalitytest: the client's diagnostics:\n%s", text)
		}
	})
	return client, rec
}

// An Option changes what [New] or [NewRecorder] makes.
type Option func(*settings)

type settings struct {
	key     string
	changes []func(*causality.Config)
}

func newSettings(opts []Option) settings {
	var s settings
	for _, opt := range opts {
		opt(&s)
	}
	return s
}

// WithKey makes key the only API key that the Recorder accepts. Without it any
// key of 64 lower-case hex digits will do. The client of [New] uses it.
func WithKey(key string) Option {
	return func(s *settings) { s.key = key }
}

// WithConfig changes the Config of the client that [New] makes. The Config is
// complete when change is called, so it may also wrap cfg.Transport, which is
// the Recorder. [NewRecorder] has no use for it.
func WithConfig(change func(cfg *causality.Config)) Option {
	return func(s *settings) { s.changes = append(s.changes, change) }
}

// diagnostics keeps what the client's logger writes, as long as it is not much.
type diagnostics struct {
	mu    sync.Mutex
	lines bytes.Buffer
}

func (d *diagnostics) Write(line []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines.Len() < 64<<10 {
		d.lines.Write(line)
	}
	return len(line), nil
}

func (d *diagnostics) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.lines.String()
}
