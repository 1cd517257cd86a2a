package zapcausality

import (
	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Tee returns an option that makes a logger track the entries which are events
// with client, and write every entry as before. The logger's own core decides
// what it writes; events have their own level ([WithLevel]). With a nil
// client nothing is tracked.
//
//	logger := zap.Must(zap.NewProduction(zapcausality.Tee(client)))
//	logger = logger.WithOptions(zapcausality.Tee(client)) // an existing logger
//
// Options apply in the order they are given, so Tee is the last: a level or a
// sampler put around the core after it holds for events too, and fields bound
// before it (zap.Fields, zap.Config.InitialFields) are not seen by it.
//
// An entry below the level of the logger's core, but not below that of events,
// is made only to look for an event in it. That costs about 150 ns, and where the
// logger adds the caller what zap takes to find it, some 700 ns more.
// Logger.Level reports the lower of the two levels.
func Tee(client *causality.Client, opts ...Option) zap.Option {
	events := NewCore(client, opts...)
	return zap.WrapCore(func(next zapcore.Core) zapcore.Core {
		// The line first: a Fatal event waits for delivery.
		return zapcore.NewTee(next, events)
	})
}
