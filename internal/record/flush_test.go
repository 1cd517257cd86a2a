//go:build go1.25

package record_test

import (
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// How long a line that may be the last one waits, in a bubble where the waiting
// costs nothing. log/slog has no such lines, so no adapter of this module shows
// all of it.
func TestLastChance(t *testing.T) {
	for _, tc := range []struct {
		name  string
		limit time.Duration
		want  time.Duration
	}{
		{"Fatal waits for 2 s", 0, 2 * time.Second},
		{"Fatal waits no longer than its limit", time.Second, time.Second},
		{"Fatal takes a limit that is not positive for none", -1, 2 * time.Second},
	} {
		inBubble(t, tc.name, func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) {
			rec.Always(causalitytest.Hang())
			client.Track(causality.Event{EventType: "x"})
			// The process may outlive a Fatal, whose exit may be hooked.
			wantWait(t, tc.want, func() { record.Fatal(client, tc.limit) })
			wantWait(t, 0, func() { record.Fatal(client, tc.limit) })
			time.Sleep(10 * time.Second)
			wantWait(t, tc.want, func() { record.Fatal(client, tc.limit) })
		})
	}

	inBubble(t, "Fatal ends as soon as all is delivered", func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) {
		rec.Always(causalitytest.Accept().Delay(300 * time.Millisecond))
		client.Track(causality.Event{EventType: "x"})
		wantWait(t, 300*time.Millisecond, func() { record.Fatal(client, 0) })
		if rec.Len() != 1 {
			t.Errorf("%d events arrived, want 1", rec.Len())
		}
	})
	inBubble(t, "Fatal of a closed client does not wait", func(t *testing.T, client *causality.Client, _ *causalitytest.Recorder) {
		if err := client.Close(); err != nil {
			t.Fatal(err)
		}
		wantWait(t, 0, func() { record.Fatal(client, 0) })
	})
	inBubble(t, "Panic waits for 1 s, once in 10 s", func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) {
		rec.Always(causalitytest.Hang())
		client.Track(causality.Event{EventType: "x"})
		wantWait(t, time.Second, func() { record.Panic(client) })
		wantWait(t, 0, func() { record.Panic(client) })
		time.Sleep(9*time.Second - time.Nanosecond) // not quite 10 s after the first began
		wantWait(t, 0, func() { record.Panic(client) })
		time.Sleep(time.Nanosecond)
		wantWait(t, time.Second, func() { record.Panic(client) })
	})
	inBubble(t, "of several panics at once one waits", func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) {
		rec.Always(causalitytest.Hang())
		client.Track(causality.Event{EventType: "x"})
		waited := make(chan time.Duration)
		for range 8 {
			go func() {
				start := time.Now()
				record.Panic(client)
				waited <- time.Since(start)
			}()
		}
		waits := 0
		for range 8 {
			if <-waited > 0 {
				waits++
			}
		}
		if waits != 1 {
			t.Errorf("%d of 8 panics waited, want 1", waits)
		}
	})
	inBubble(t, "a Panic does not keep a Fatal from waiting", func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) {
		rec.Always(causalitytest.Hang())
		client.Track(causality.Event{EventType: "x"})
		wantWait(t, time.Second, func() { record.Panic(client) })
		wantWait(t, 2*time.Second, func() { record.Fatal(client, 0) })
	})
}

func inBubble(t *testing.T, name string, f func(t *testing.T, client *causality.Client, rec *causalitytest.Recorder)) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			client, rec := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
				cfg.FlushInterval = time.Hour
				cfg.Timeout = time.Minute
			}))
			f(t, client, rec)
		})
	})
}

func wantWait(t *testing.T, want time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if got := time.Since(start); got != want {
		t.Errorf("waited %v, want %v", got, want)
	}
}
