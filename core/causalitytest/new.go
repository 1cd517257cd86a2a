package causalitytest

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// New returns a client whose events go to the returned Recorder, and closes it
// when the test ends. The test fails if an event was dropped as Invalid or
// Rejected, unless [AllowDrops] says otherwise; if [WithCheck] has something
// against an event; and if that Close leaves events undelivered. If the test has
// scripted the Recorder to fail, events may be left, or rejected.
//
// [Recorder.Expect], [Recorder.Events] and what else returns events flush the
// client first. [Recorder.Wait] is for code that tracks on goroutines of its own;
// the client sends within 10 ms of an event. Its AppID is "test-app" and its
// DeviceID "test-device". Its diagnostics are shown only if the test fails.
// [WithConfig] changes all that.
func New(t testing.TB, opts ...Option) (*causality.Client, *Recorder) {
	t.Helper()
	s := newSettings(opts)
	rec := NewRecorder(opts...)
	m := &made{settings: s}
	cfg := causality.Config{
		APIKey:        s.key,
		Endpoint:      "https://gateway.test",
		AppID:         "test-app",
		DeviceID:      "test-device",
		FlushInterval: 10 * time.Millisecond,
		CloseTimeout:  5 * time.Second,
		Transport:     rec,
		Logger:        slog.New(slog.NewTextHandler(m, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if cfg.APIKey == "" {
		cfg.APIKey = strings.Repeat("0123456789abcdef", 4)
	}
	for _, change := range s.changes {
		change(&cfg)
	}
	env := causality.ConfigFromEnv()
	for name, surprises := range map[string]bool{
		"CAUSALITY_DISABLED": env.Disabled && !cfg.Disabled,
		"CAUSALITY_DRY_RUN":  env.DryRun != nil && cfg.DryRun == nil,
	} {
		if surprises {
			// Otherwise the test would find no events and not say why.
			t.Fatalf("causalitytest: %s is set, so the client would send nothing; unset it for this test", name)
		}
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatalf("causalitytest: %v", err)
	}
	m.client, m.appID, m.deviceID = client, cfg.AppID, cfg.DeviceID
	m.deadline = deadline(t)
	rec.made = m
	t.Cleanup(func() {
		t.Helper()
		if err := client.Close(); err != nil && !rec.gateway.MayFail() {
			t.Errorf("causalitytest: events were left undelivered: %v", err)
		}
		m.check(t, rec)
		// Here and not when a line is written: the client may still write one
		// when the test is over, and t.Log would panic.
		if text := m.text(); t.Failed() && text != "" {
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
	checks  []func(causality.Event) error
	allowed []causality.DropReason
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

// WithCheck gives every stored event to check when the test ends, as
// [Recorder.Events] returns it, also one that the test took or reset. The test
// fails with the error that check returns. [NewRecorder] has no use for it.
func WithCheck(check func(event causality.Event) error) Option {
	return func(s *settings) { s.checks = append(s.checks, check) }
}

// AllowDrops lets a test of [New] pass though events were dropped for one of the
// reasons; without any, for whatever reason. [NewRecorder] has no use for it.
func AllowDrops(reasons ...causality.DropReason) Option {
	if len(reasons) == 0 {
		reasons = []causality.DropReason{causality.DropInvalid, causality.DropRejected}
	}
	return func(s *settings) { s.allowed = append(s.allowed, reasons...) }
}
