package zapcausality_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestSyncDelivers(t *testing.T) {
	client, rec := newClient(t)
	log := zap.New(discard(zap.WarnLevel), zapcausality.Tee(client))
	log.Info("", zap.String("event", "e"))
	if rec.Len() != 0 {
		t.Fatal("the event was not waiting")
	}
	if err := log.Sync(); err != nil || rec.Len() != 1 {
		t.Fatalf("Sync: %v, %d events arrived", err, rec.Len())
	}
	if err := log.Sync(); err != nil {
		t.Errorf("Sync with nothing to deliver: %v", err)
	}
}

func TestSyncOfAClosedClientIsNoError(t *testing.T) {
	client, _ := newClient(t)
	log := zap.New(zapcausality.NewCore(client))
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	log.Info("", zap.String("event", "late"))
	if err := log.Sync(); err != nil {
		t.Errorf("Sync: %v", err)
	}
	if got := client.Stats().Dropped.Closed; got != 1 {
		t.Errorf("Dropped.Closed = %d, want 1", got)
	}
}

func TestSyncReportsWhatIsNotDelivered(t *testing.T) {
	client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.MaxRetries = -1 }))
	log := zap.New(zapcausality.NewCore(client))
	rec.Script(causalitytest.Status(http.StatusServiceUnavailable))
	log.Info("", zap.String("event", "e"))
	var refused *causality.GatewayError
	if err := log.Sync(); !errors.As(err, &refused) {
		t.Errorf("Sync: %v", err)
	}
	if err := log.Sync(); err != nil || rec.Len() != 1 {
		t.Errorf("Sync again: %v, %d events", err, rec.Len())
	}
}

func TestADisabledClientHasNothingToSync(t *testing.T) {
	client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) { cfg.Disabled = true }))
	log := zap.New(zapcausality.NewCore(client))
	log.Info("", zap.String("event", "e"))
	if err := log.Sync(); err != nil || rec.Len() != 0 {
		t.Errorf("Sync: %v, %d events", err, rec.Len())
	}
}

// hooked ends the goroutine of a test's last words and notes what had arrived.
type hooked struct {
	rec     *causalitytest.Recorder
	arrived chan int
}

func (h hooked) OnWrite(*zapcore.CheckedEntry, []zapcore.Field) {
	h.arrived <- h.rec.Len()
	zapcore.WriteThenGoexit.OnWrite(nil, nil)
}

func TestLastWordsAreDeliveredBeforeTheyEndAnything(t *testing.T) {
	none := zapcausality.WithLevel(zap.LevelEnablerFunc(func(l zapcore.Level) bool { return l == zap.InfoLevel }))
	for _, tt := range []struct {
		name string
		opts []zapcausality.Option
		log  func(l *zap.Logger)
		want int
	}{
		{"a Fatal event", nil, func(l *zap.Logger) { l.Fatal("", zap.String("event", "last")) }, 2},
		{"a Fatal line", nil, func(l *zap.Logger) { l.Fatal("") }, 1},
		{"a Fatal line that cannot be an event", []zapcausality.Option{none}, func(l *zap.Logger) { l.Fatal("", zap.String("event", "last")) }, 1},
		{"a Panic event", nil, func(l *zap.Logger) { l.Panic("", zap.String("event", "last")) }, 2},
		{"a Panic line", nil, func(l *zap.Logger) { l.Panic("") }, 1},
		{"a Panic line that cannot be an event", []zapcausality.Option{none}, func(l *zap.Logger) { l.Panic("") }, 1},
		{"a DPanic event in development", nil, func(l *zap.Logger) { l.WithOptions(zap.Development()).DPanic("", zap.String("event", "last")) }, 2},
		{"a Fatal line of a derived logger", nil, func(l *zap.Logger) { l.Named("x").With(zap.Int("n", 1)).Sugar().Fatalf("%d", 1) }, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, rec := newClient(t)
			hook := hooked{rec, make(chan int, 1)}
			log := zap.New(discard(zap.WarnLevel), zapcausality.Tee(client, tt.opts...), zap.WithFatalHook(hook), zap.WithPanicHook(hook))
			log.Info("", zap.String("event", "early"))
			go tt.log(log)
			select {
			case got := <-hook.arrived:
				if got != tt.want {
					t.Errorf("%d events had arrived, want %d", got, tt.want)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("the hook was not called")
			}
		})
	}
}

func TestTheLineIsWrittenBeforeAFatalEventWaits(t *testing.T) {
	client, rec := newClient(t)
	arrived := -1
	next := zapcore.RegisterHooks(discard(zap.InfoLevel), func(zapcore.Entry) error { arrived = rec.Len(); return nil })
	log := zap.New(next, zapcausality.Tee(client), zap.WithPanicHook(noted{}))
	log.Panic("", zap.String("event", "last"))
	if arrived != 0 || rec.Len() != 1 {
		t.Errorf("%d events before the line, %d after it; want 0 and 1", arrived, rec.Len())
	}
}

type noted struct{}

func (noted) OnWrite(*zapcore.CheckedEntry, []zapcore.Field) {}

// A process that really ends: the test binary again, as another program.
const (
	childWord = "ZAPCAUSALITY_TEST_CHILD"
	childURL  = "ZAPCAUSALITY_TEST_GATEWAY"
)

func TestMain(m *testing.M) {
	if word := os.Getenv(childWord); word != "" {
		child(word)
		os.Exit(99) // it should not have come back
	}
	os.Exit(m.Run())
}

func child(word string) {
	client, err := causality.New(causality.Config{
		APIKey: strings.Repeat("a", 64), Endpoint: os.Getenv(childURL), AppID: "child", FlushInterval: time.Hour,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(98)
	}
	log := zap.New(discard(zap.WarnLevel), zapcausality.Tee(client))
	for range 3 {
		log.Info("", zap.String("event", "early"))
	}
	last := zap.String("event", "last")
	switch word {
	case "Fatal event":
		log.Fatal("", last)
	case "Fatal line":
		log.With(zap.Int("n", 1)).Fatal("no event")
	case "Sugar Fatalw":
		log.Sugar().Fatalw("", last)
	case "Panic event":
		log.Panic("", last)
	case "Fatal after Close":
		_ = client.Close()
		log.Fatal("", last)
	}
}

func TestWhatAProcessTrackedArrivesAlthoughItEnds(t *testing.T) {
	for _, tt := range []struct {
		word string
		exit int
		want string
	}{
		{"Fatal event", 1, "early early early last"},
		{"Fatal line", 1, "early early early"},
		{"Sugar Fatalw", 1, "early early early last"},
		{"Panic event", 2, "early early early last"},
		{"Fatal after Close", 1, "early early early"},
	} {
		t.Run(tt.word, func(t *testing.T) {
			t.Parallel()
			rec := causalitytest.NewRecorder()
			srv := httptest.NewServer(rec)
			defer srv.Close()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), childWord+"="+tt.word, childURL+"="+srv.URL)
			out, err := cmd.CombinedOutput()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != tt.exit {
				t.Errorf("the child ended with %v, want exit status %d\n%s", err, tt.exit, out)
			}
			if got := types(rec.Events()); got != tt.want {
				t.Errorf("events %q, want %q", got, tt.want)
			}
		})
	}
}
