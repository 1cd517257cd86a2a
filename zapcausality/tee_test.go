package zapcausality_test

import (
	"io"
	"strings"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// lines and types are what a logger's own core and the gateway got.
func lines(logs *observer.ObservedLogs) string {
	var messages []string
	for _, entry := range logs.TakeAll() {
		messages = append(messages, entry.Message)
	}
	return strings.Join(messages, " ")
}

func types(events []causality.Event) string {
	var types []string
	for _, e := range events {
		types = append(types, e.EventType)
	}
	return strings.Join(types, " ")
}

// logAll logs an event at each level that lets the process go on.
func logAll(log *zap.Logger) {
	for level := zap.DebugLevel; level <= zap.DPanicLevel; level++ {
		log.Log(level, level.String(), zap.String("event", level.String()))
	}
}

func TestEventsHaveALevelOfTheirOwn(t *testing.T) {
	onlyInfo := zap.LevelEnablerFunc(func(l zapcore.Level) bool { return l == zap.InfoLevel })
	for _, tt := range []struct {
		name       string
		next       zapcore.LevelEnabler
		opts       []zapcausality.Option
		then       []zap.Option
		wantLines  string
		wantEvents string
		wantLevel  zapcore.Level
	}{
		{"a logger at Warn tracks its Info events", zap.WarnLevel, nil, nil,
			"warn error dpanic", "info warn error dpanic", zap.InfoLevel},
		{"a logger at Debug writes its Debug lines and does not track them", zap.DebugLevel, nil, nil,
			"debug info warn error dpanic", "info warn error dpanic", zap.DebugLevel},
		{"WithLevel lowers the level of events", zap.ErrorLevel, []zapcausality.Option{zapcausality.WithLevel(zap.DebugLevel)}, nil,
			"error dpanic", "debug info warn error dpanic", zap.DebugLevel},
		{"WithLevel raises the level of events", zap.InfoLevel, []zapcausality.Option{zapcausality.WithLevel(zap.ErrorLevel)}, nil,
			"info warn error dpanic", "error dpanic", zap.InfoLevel},
		{"WithLevel chooses levels", zap.WarnLevel, []zapcausality.Option{zapcausality.WithLevel(onlyInfo)}, nil,
			"warn error dpanic", "info", zap.InfoLevel},
		{"a logger that writes nothing tracks all the same", zap.FatalLevel, nil, nil,
			"", "info warn error dpanic", zap.InfoLevel},
		{"a level increased after the tee holds for events too", zap.InfoLevel, nil, []zap.Option{zap.IncreaseLevel(zap.ErrorLevel)},
			"error dpanic", "error dpanic", zap.ErrorLevel},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, rec := newClient(t)
			next, logs := observer.New(tt.next)
			log := zap.New(next).WithOptions(zapcausality.Tee(client, tt.opts...)).WithOptions(tt.then...)
			if got := log.Level(); got != tt.wantLevel {
				t.Errorf("Level() = %v, want %v", got, tt.wantLevel)
			}
			for _, derived := range []*zap.Logger{log, log.With(zap.Int("n", 1)), log.WithLazy(zap.Int("n", 1)), log.Named("x"), log.Sugar().Desugar()} {
				logAll(derived)
				if got := lines(logs); got != tt.wantLines {
					t.Errorf("lines %q, want %q", got, tt.wantLines)
				}
				if got := types(stored(t, client, rec)); got != tt.wantEvents {
					t.Errorf("events %q, want %q", got, tt.wantEvents)
				}
			}
		})
	}
}

func TestALevelIncreasedBeforeTheTeeHoldsForLinesAlone(t *testing.T) {
	client, rec := newClient(t)
	next, logs := observer.New(zap.DebugLevel)
	log := zap.New(next, zap.IncreaseLevel(zap.ErrorLevel), zapcausality.Tee(client))
	logAll(log)
	if got := lines(logs); got != "error dpanic" {
		t.Errorf("lines %q", got)
	}
	if got := types(stored(t, client, rec)); got != "info warn error dpanic" {
		t.Errorf("events %q", got)
	}
}

func TestAHookBeforeTheTeeRunsForWrittenLinesAlone(t *testing.T) {
	client, rec := newClient(t)
	next, logs := observer.New(zap.WarnLevel)
	var hooked []string
	hook := zap.Hooks(func(entry zapcore.Entry) error { hooked = append(hooked, entry.Message); return nil })
	logAll(zap.New(next, hook, zapcausality.Tee(client)))
	if got := strings.Join(hooked, " "); got != "warn error dpanic" || got != lines(logs) {
		t.Errorf("hooked %q", got)
	}
	if got := types(stored(t, client, rec)); got != "info warn error dpanic" {
		t.Errorf("events %q", got)
	}
}

func TestALevelCanChangeWhileTheProgramRuns(t *testing.T) {
	level := zap.NewAtomicLevelAt(zap.ErrorLevel)
	got := logged(t, func(l *zap.Logger) {
		l.Info("", zap.String("event", "early"))
		level.SetLevel(zap.InfoLevel)
		l.Info("", zap.String("event", "late"))
	}, zapcausality.WithLevel(level))
	wantEvents(t, got, event("late", nil))
}

func TestTeeOverNothingTracks(t *testing.T) {
	client, rec := newClient(t)
	zap.NewNop().WithOptions(zapcausality.Tee(client)).Info("", zap.String("event", "e"))
	wantEvents(t, stored(t, client, rec), event("e", nil))
}

func TestTheLineIsTheSameWithTheTee(t *testing.T) {
	client, _ := newClient(t)
	next, logs := observer.New(zap.DebugLevel)
	plain, plainLogs := observer.New(zap.DebugLevel)
	for _, core := range []*zap.Logger{zap.New(next, zapcausality.Tee(client), zap.WithClock(clock{noon})), zap.New(plain, zap.WithClock(clock{noon}))} {
		l := core.Named("n").With(zap.Namespace("ns"), zap.Int("a", 1))
		l.Info("one", zap.String("event", "e"), zap.Strings("s", []string{"x"}))
		l.Debug("two")
	}
	got, want := logs.All(), plainLogs.All()
	if len(got) != 2 || len(want) != 2 {
		t.Fatalf("%d and %d lines", len(got), len(want))
	}
	for i := range got {
		if got[i].Entry != want[i].Entry || len(got[i].Context) != len(want[i].Context) {
			t.Errorf("line\n got %+v\nwant %+v", got[i], want[i])
		}
	}
}

// Sampling is the reason for the order of cores, so both orders are tried.
func TestASamplerInsideTheTeeSamplesNoEvents(t *testing.T) {
	const n = 100
	for _, tt := range []struct {
		name                  string
		logger                func(console, events zapcore.Core) *zap.Logger
		wantLines, wantEvents int
	}{
		{"around the core that writes, right", func(console, events zapcore.Core) *zap.Logger {
			return zap.New(zapcore.NewTee(zapcore.NewSamplerWithOptions(console, time.Hour, 10, 0), events))
		}, 10, n},
		{"around the tee, wrong", func(console, events zapcore.Core) *zap.Logger {
			return zap.New(zapcore.NewSamplerWithOptions(zapcore.NewTee(console, events), time.Hour, 10, 0))
		}, 10, 10},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, rec := newClient(t)
			console, logs := observer.New(zap.InfoLevel)
			log := tt.logger(console, zapcausality.NewCore(client))
			for range n {
				log.Info("order placed", zap.String("event", "purchase_complete"))
			}
			if got := logs.Len(); got != tt.wantLines {
				t.Errorf("%d lines, want %d", got, tt.wantLines)
			}
			if got := len(stored(t, client, rec)); got != tt.wantEvents {
				t.Errorf("%d events, want %d", got, tt.wantEvents)
			}
		})
	}
}

func TestTheSamplerOfAConfigSamplesNoEvents(t *testing.T) {
	const n = 50
	client, rec := newClient(t)
	cfg := zap.NewProductionConfig()
	cfg.OutputPaths = nil
	written := 0
	cfg.Sampling = &zap.SamplingConfig{Initial: 1, Thereafter: 0, Hook: func(_ zapcore.Entry, d zapcore.SamplingDecision) {
		if d == zapcore.LogSampled {
			written++
		}
	}}
	log, err := cfg.Build(zapcausality.Tee(client), zap.WithClock(clock{noon}))
	if err != nil {
		t.Fatal(err)
	}
	for range n {
		log.Info("order placed", zap.String("event", "purchase_complete"))
	}
	if got := len(stored(t, client, rec)); written != 1 || got != n {
		t.Errorf("%d lines and %d events, want 1 and %d", written, got, n)
	}
}

func TestWithoutFieldsWithIsTheSameCore(t *testing.T) {
	client, _ := newClient(t)
	core := zapcausality.NewCore(client)
	if core.With(nil) != core {
		t.Error("another core")
	}
}

// discard is a logger's own core at no cost but zap's.
func discard(level zapcore.Level) zapcore.Core {
	return zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), level)
}
