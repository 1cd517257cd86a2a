package zerologcausality_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// doomed is what the child process logs before it ends.
var doomed = map[string]func(client *causality.Client){
	"a fatal event through the hook": func(c *causality.Client) {
		l := doomedHook(c)
		l.Info().Str("event", "before").Send()
		l.Fatal().Str("event", "last").Msg("the end")
	},
	"a fatal line through the hook that is no event": func(c *causality.Client) {
		l := doomedHook(c)
		l.Info().Str("event", "before").Send()
		l.Info().Str("event", "last").Send()
		l.Fatal().Msg("the end")
	},
	"a fatal line below the level of events": func(c *causality.Client) {
		l := doomedHook(c, zerologcausality.WithLevel(zerolog.PanicLevel))
		c.Track(causality.Event{EventType: "before"})
		c.Track(causality.Event{EventType: "last"})
		l.Fatal().Str("event", "too low").Msg("the end")
	},
	"a panic event through the hook": func(c *causality.Client) {
		l := doomedHook(c)
		l.Info().Str("event", "before").Send()
		l.Panic().Str("event", "last").Msg("the end")
	},
	"a panic line through the hook that is no event": func(c *causality.Client) {
		l := doomedHook(c)
		l.Info().Str("event", "before").Send()
		l.Info().Str("event", "last").Send()
		l.Panic().Msg("the end")
	},
	"a fatal event through the writer": func(c *causality.Client) {
		l := doomedWriter(c)
		l.Info().Str("event", "before").Send()
		l.Fatal().Str("event", "last").Msg("the end")
	},
	"a fatal line that the logger's level leaves out": func(c *causality.Client) {
		l := doomedWriter(c)
		l.Info().Str("event", "before").Send()
		l.Info().Str("event", "last").Send()
		l = l.Level(zerolog.PanicLevel)
		l.Fatal().Msg("the end")
	},
	"a panic event through the writer": func(c *causality.Client) {
		l := doomedWriter(c)
		l.Info().Str("event", "before").Send()
		l.Panic().Str("event", "last").Msg("the end")
	},
}

func doomedHook(c *causality.Client, opts ...zerologcausality.Option) zerolog.Logger {
	return zerolog.New(os.Stdout).Hook(zerologcausality.NewHook(c, opts...))
}

func doomedWriter(c *causality.Client) zerolog.Logger {
	return zerolog.New(zerolog.MultiLevelWriter(os.Stdout, zerologcausality.NewWriter(c)))
}

const doomedName, doomedGateway = "ZEROLOGCAUSALITY_TEST_DOOMED", "ZEROLOGCAUSALITY_TEST_GATEWAY"

// TestDoomedChild is the child process of the tests below.
func TestDoomedChild(t *testing.T) {
	log := doomed[os.Getenv(doomedName)]
	if log == nil {
		t.Skip("run by the other tests of this file")
	}
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("0123456789abcdef", 4), Endpoint: os.Getenv(doomedGateway), AppID: "doomed",
		FlushInterval: time.Hour, Logger: silent,
	})
	if err != nil {
		t.Fatal(err)
	}
	log(client)
}

// runDoomed runs a child process that ends with its log call.
func runDoomed(t *testing.T, name, gateway string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestDoomedChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), doomedName+"="+name, doomedGateway+"="+gateway)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "the end") {
		if name != "a fatal line that the logger's level leaves out" {
			t.Errorf("the child process ended with %v and this output:\n%s", err, out)
		}
	}
}

func TestTheLastEventsAreDelivered(t *testing.T) {
	for name := range doomed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := causalitytest.NewRecorder()
			gateway := httptest.NewServer(rec)
			defer gateway.Close()
			runDoomed(t, name, gateway.URL)
			var types []string
			for _, e := range rec.Events() {
				types = append(types, e.EventType)
			}
			if got := strings.Join(types, " "); got != "before last" {
				t.Errorf("the gateway got %q, want the events before and last", got)
			}
		})
	}
}

func TestAGatewayThatHangsDoesNotKeepTheProcess(t *testing.T) {
	for name, limit := range map[string]time.Duration{
		"a fatal event through the hook":   time.Second,
		"a panic event through the hook":   time.Second,
		"a fatal event through the writer": 2 * time.Second,
		"a panic event through the writer": time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			release := make(chan struct{})
			gateway := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
			defer gateway.Close()
			defer close(release)
			start := time.Now()
			runDoomed(t, name, gateway.URL)
			// The child process needs a moment of its own, on a busy machine a long one.
			if took := time.Since(start); took < limit || took > limit+10*time.Second {
				t.Errorf("the process took %v, want a little more than %v", took, limit)
			}
		})
	}
}

// A panic that is recovered must not make each request of a service wait.
func TestRecoveredPanicsWaitOnce(t *testing.T) {
	for name, newLogger := range adapters {
		t.Run(name, func(t *testing.T) {
			client, rec := newClient(t)
			l := newLogger(client)
			for range 3 {
				func() {
					defer func() { _ = recover() }()
					l.Panic().Str("event", "e").Send()
				}()
			}
			if rec.Len() != 1 {
				t.Errorf("%d events were flushed, want the first alone", rec.Len())
			}
			if got := stored(t, client, rec); len(got) != 3 {
				t.Errorf("%d events, want 3", len(got))
			}
		})
	}
}
