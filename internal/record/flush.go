package record

import (
	"context"
	"sync/atomic"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
)

// How long a log call that ends the process, or may end it, waits for delivery.
const (
	fatalFlush = 2 * time.Second
	panicFlush = time.Second
	// every is how seldom one kind flushes: a panic may be recovered and a Fatal
	// need not end the process, and a service that has one in every request must
	// not wait in each.
	every = 10 * time.Second
)

// Fatal delivers what client has tracked before the process ends, within 2 s, or
// limit if that is positive, at most once in 10 s for all loggers of the client.
func Fatal(client *causality.Client, limit time.Duration) {
	if limit <= 0 {
		limit = fatalFlush
	}
	if last := diagnostic.LastChanceOf(client); last != nil && isDue(&last.Fatal) {
		flush(client, limit)
	}
}

// Panic is Fatal for a line that panics, within 1 s and with a count of its own.
func Panic(client *causality.Client) {
	if last := diagnostic.LastChanceOf(client); last != nil && isDue(&last.Panic) {
		flush(client, panicFlush)
	}
}

// isDue reports whether the last time is long enough ago, and makes it now.
func isDue(last *atomic.Int64) bool {
	now, then := time.Now().UnixNano(), last.Load()
	return (then == 0 || now-then >= int64(every)) && last.CompareAndSwap(then, now)
}

func flush(client *causality.Client, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_ = client.FlushContext(ctx) // nobody is left to tell; the client has logged it
}
