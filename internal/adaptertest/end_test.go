//go:build go1.25

package adaptertest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/adaptertest"
)

type goOn struct{}

func (goOn) OnWrite(*zapcore.CheckedEntry, []zapcore.Field) {}

// Lines at Fatal and Panic that end nothing wait for a gateway that hangs once in
// 10 s, also where each request has a logger of its own.
func TestLinesThatEndNothingWaitSeldom(t *testing.T) {
	for _, tc := range []struct {
		name string
		log  func(client *causality.Client)
		want time.Duration // for the first
	}{
		{"zap Fatal", func(client *causality.Client) { zapTee(client).WithOptions(zap.WithFatalHook(goOn{})).Fatal("m") }, 2 * time.Second},
		{"zap Panic", func(client *causality.Client) { zapTee(client).WithOptions(zap.WithPanicHook(goOn{})).Panic("m") }, time.Second},
		{"zap DPanic", func(client *causality.Client) { zapTee(client).DPanic("m") }, time.Second},
		{"zerolog WithLevel(FatalLevel)", func(client *causality.Client) {
			l := zerologHook(client)
			l.WithLevel(zerolog.FatalLevel).Msg("m")
		}, time.Second},
		{"zerolog WithLevel(PanicLevel)", func(client *causality.Client) {
			l := zerologHook(client)
			l.WithLevel(zerolog.PanicLevel).Msg("m")
		}, time.Second},
		{"zerolog Panic through a writer", func(client *causality.Client) {
			defer func() { _ = recover() }()
			l := zerologWriter(client)
			l.Panic().Msg("m")
		}, time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, rec := adaptertest.NewClient(t, config(func(cfg *causality.Config) { cfg.Timeout = time.Hour }))
				rec.Always(causalitytest.Hang())
				client.Track(causality.Event{EventType: "x"})
				for i, want := range []time.Duration{tc.want, 0, 0} {
					start := time.Now()
					tc.log(client)
					if got := time.Since(start); got != want {
						t.Errorf("line %d waited %v, want %v", i, got, want)
					}
				}
			})
		})
	}
}
