//go:build go1.25

package zapcausality_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// A gateway that never answers, in a bubble where waiting costs nothing.
func TestLastWordsWaitOnlySoLong(t *testing.T) {
	took := func(f func()) time.Duration {
		start := time.Now()
		f()
		return time.Since(start)
	}
	for _, tt := range []struct {
		name string
		log  func(t *testing.T, l *zap.Logger)
	}{
		{"Fatal waits 2 seconds, once in 10 where it does not end the process", func(t *testing.T, l *zap.Logger) {
			for _, step := range []struct{ sleep, want time.Duration }{{0, 2 * time.Second}, {0, 0}, {8 * time.Second, 2 * time.Second}} {
				time.Sleep(step.sleep)
				if d := took(func() { l.Log(zap.FatalLevel, "") }); d != step.want {
					t.Errorf("Fatal waited %v, want %v", d, step.want)
				}
			}
		}},
		{"Panic waits 1 second, once in 10", func(t *testing.T, l *zap.Logger) {
			derived := l.With(zap.Int("n", 1)).Named("x")
			for _, step := range []struct{ sleep, want time.Duration }{{0, time.Second}, {0, 0}, {8 * time.Second, 0}, {2 * time.Second, time.Second}, {0, 0}} {
				time.Sleep(step.sleep)
				if d := took(func() { derived.Panic("") }); d != step.want {
					t.Errorf("Panic waited %v, want %v", d, step.want)
				}
				l, derived = derived, l // one last chance for all that are derived
			}
		}},
		{"DPanic is a Panic, also where it does not panic", func(t *testing.T, l *zap.Logger) {
			if d := took(func() { l.DPanic("") }); d != time.Second {
				t.Errorf("DPanic waited %v, want 1s", d)
			}
		}},
		{"Error does not wait", func(t *testing.T, l *zap.Logger) {
			if d := took(func() { l.Error("", zap.String("event", "e")) }); d != 0 {
				t.Errorf("Error waited %v", d)
			}
		}},
		{"Sync waits for the client's close timeout", func(t *testing.T, l *zap.Logger) {
			var err error
			if d := took(func() { err = l.Sync() }); d != 7*time.Second || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Sync waited %v and returned %v", d, err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, rec := newClient(t, causalitytest.WithConfig(func(cfg *causality.Config) {
					cfg.Timeout, cfg.CloseTimeout = time.Hour, 7*time.Second
				}))
				rec.Always(causalitytest.Hang())
				log := zap.New(zapcausality.NewCore(client), zap.WithFatalHook(goOn{}), zap.WithPanicHook(goOn{}))
				log.Info("", zap.String("event", "e"))
				tt.log(t, log)
			})
		})
	}
}

type goOn struct{}

func (goOn) OnWrite(*zapcore.CheckedEntry, []zapcore.Field) {}
