package record

import (
	"context"
	"sync/atomic"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// How long a log call that ends the process, or may end it, waits for delivery.
const (
	fatalFlush = 2 * time.Second
	panicFlush = time.Second
	// panicEvery is how seldom a panic flushes: most are recovered, and a
	// service that panics in every request must not wait in each.
	panicEvery = 10 * time.Second
)

// LastChance delivers what is tracked before the process ends. One is shared by
// all loggers derived from one another.
type LastChance struct {
	panicked atomic.Int64 // when a panic last flushed, in Unix nanoseconds
}

// Fatal flushes for at most 2 s, or limit if that is positive: the process ends
// after it.
func (*LastChance) Fatal(client *causality.Client, limit time.Duration) {
	if limit <= 0 {
		limit = fatalFlush
	}
	flush(client, limit)
}

// Panic flushes for at most 1 s, at most once in 10 s.
func (l *LastChance) Panic(client *causality.Client) {
	now, last := time.Now().UnixNano(), l.panicked.Load()
	if last != 0 && now-last < int64(panicEvery) || !l.panicked.CompareAndSwap(last, now) {
		return
	}
	flush(client, panicFlush)
}

func flush(client *causality.Client, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_ = client.FlushContext(ctx) // nobody is left to tell; the client has logged it
}
