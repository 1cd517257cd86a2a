package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/stress/faults"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

const (
	loggers = 8
	// patience is how long a gateway that is well again may take to get what waits:
	// the last pause, and then tens of thousands of events of which one in a hundred
	// is bad.
	patience = 10 * time.Minute
)

// soak runs and prints the account.
func soak(w io.Writer, span time.Duration, seed uint64, reuseKeys bool) error {
	chaos := faults.NewChaos(seed)
	chaos.ReuseKeys = reuseKeys
	gateway, err := chaos.Listen()
	if err != nil {
		return err
	}
	defer gateway.Close()

	pool := &http.Transport{MaxIdleConnsPerHost: 4, MaxConnsPerHost: 4, MaxResponseHeaderBytes: 64 << 10}
	defer pool.CloseIdleConnections()
	var mu sync.Mutex
	var drops []causality.DroppedEvent
	lines := faults.NewLogs()
	client, err := causality.New(causality.Config{
		APIKey:        faults.Key,
		Endpoint:      gateway.Endpoint(),
		AppID:         "soak",
		BatchSize:     10, // many requests, so that many meet a fault
		FlushInterval: 200 * time.Millisecond,
		Timeout:       faults.ChaosTimeout,
		ReuseKeys:     reuseKeys,
		MaxQueueBytes: 256 << 20, // a pause is no reason to drop here
		Transport:     chaos.Witness(pool),
		Logger:        slog.New(lines),
		OnDrop: func(e causality.DroppedEvent) {
			mu.Lock()
			defer mu.Unlock()
			drops = append(drops, e)
		},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "seed %d, for %v, reused keys: %v\n", seed, span, reuseKeys)

	watch := startWatch(client)
	var tracked atomic.Int64
	ctx, stop := context.WithTimeout(context.Background(), span)
	defer stop()
	var wg sync.WaitGroup
	for i := range loggers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			logUntil(ctx, client, newLog(i, client), &tracked)
		}()
	}
	wg.Wait()
	chaos.Calm()
	settleErr := settle(client, newLog(0, client), &tracked)
	closeErr := client.Close()
	if errors.Is(closeErr, causality.ErrUndelivered) {
		closeErr = nil // the account tells whether only bad events were left
	}
	stats := client.Stats()
	watchErr := watch.stop()

	mu.Lock()
	defer mu.Unlock()
	account, auditErr := chaos.Audit(gateway, int(tracked.Load()), stats, drops)
	fmt.Fprintf(w, "%d events tracked: %d stored, %d of them more than once; %d bad; %d answered \"accepted\" and never stored\n",
		account.Tracked, account.Stored, account.Doubled, account.Bad, account.Vanished)
	fmt.Fprintf(w, "%d requests, %d restarts of the gateway; at most %d goroutines and %d MiB of heap\n",
		account.Requests, account.Restarts, watch.goroutines, watch.heap>>20)
	for _, name := range slices.Sorted(maps.Keys(account.Moods)) {
		fmt.Fprintf(w, "  %5d × %s\n", account.Moods[name], name)
	}
	fmt.Fprintf(w, "the client: %+v\nand %d lines in its log\n", stats, len(lines.Lines()))
	if err := errors.Join(auditErr, settleErr, closeErr, watchErr); err != nil {
		return err
	}
	fmt.Fprintln(w, "every event is accounted for")
	return nil
}

// newLog returns a function that logs an event with the i-th kind of logger, as
// a service would have it: beside what it logs anyway, which nobody reads here.
func newLog(i int, client *causality.Client) func(event string, n int64) {
	switch i % 3 {
	case 0:
		log := slog.New(slogcausality.Tee(slog.NewJSONHandler(io.Discard, nil), client)).With("service", "soak")
		return func(event string, n int64) { log.Info("done", "event", event, "n", n, "took", time.Duration(n)) }
	case 1:
		core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zapcore.InfoLevel)
		log := zap.New(core, zapcausality.Tee(client)).With(zap.String("service", "soak"))
		return func(event string, n int64) {
			log.Info("done", zap.String("event", event), zap.Int64("n", n), zap.Duration("took", time.Duration(n)))
		}
	default:
		log := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client)).With().Str("service", "soak").Logger()
		return func(event string, n int64) {
			log.Info().Str("event", event).Int64("n", n).Dur("took", time.Duration(n)).Msg("done")
		}
	}
}

// logUntil logs some fifty events a second, each under a name of its own, and
// flushes now and then.
func logUntil(ctx context.Context, client *causality.Client, log func(string, int64), tracked *atomic.Int64) {
	for ctx.Err() == nil {
		n := tracked.Add(1) - 1
		log("e"+strconv.FormatInt(n, 10), n)
		switch rand.IntN(500) {
		case 0:
			_ = client.Flush() // OnError gets what it returns
		case 1:
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			_ = client.FlushContext(short)
			cancel()
		}
		select {
		case <-time.After(time.Duration(10+rand.IntN(20)) * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// settle waits until the gateway, which is well again, has got all good events that
// wait. A little is logged meanwhile: it is what is stored that tells a bad event
// from a gateway that refuses everything.
func settle(client *causality.Client, log func(string, int64), tracked *atomic.Int64) error {
	var err error
	for start := time.Now(); time.Since(start) < patience; {
		for range 3 {
			n := tracked.Add(1) - 1
			log("e"+strconv.FormatInt(n, 10), n)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		err = client.FlushContext(ctx)
		cancel()
		s := client.Stats()
		if s.Queued <= int64(faults.BadEvents(int(tracked.Load())))-s.Dropped.Rejected {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return fmt.Errorf("events wait for a gateway that is well: %w", err)
}

// watch looks at the client and the process while they work.
type watch struct {
	goroutines int
	heap       uint64
	err        error
	end, ended chan struct{}
}

func startWatch(client *causality.Client) *watch {
	w := &watch{end: make(chan struct{}), ended: make(chan struct{})}
	go func() {
		defer close(w.ended)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			s := client.Stats()
			if s.Tracked != s.Delivered+s.Dropped.Total()+s.Queued && w.err == nil {
				w.err = fmt.Errorf("the counts did not add up: %+v", s)
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			w.heap = max(w.heap, m.HeapInuse)
			w.goroutines = max(w.goroutines, runtime.NumGoroutine())
			select {
			case <-tick.C:
			case <-w.end:
				return
			}
		}
	}()
	return w
}

func (w *watch) stop() error {
	close(w.end)
	<-w.ended
	return w.err
}
