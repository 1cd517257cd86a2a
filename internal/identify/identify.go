// Package identify is what the middlewares for net/http, gin and gRPC share: it
// asks a function of the user's whom a request is about, and puts the answer into
// the request's context.
package identify

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
)

// An Asker asks the function that was given to one middleware. R is what the
// function is asked about.
type Asker[R any] struct {
	name     string // of the middleware
	identity func(R) causality.Identity
	logged   atomic.Int64 // when the last line was logged, in Unix nanoseconds
}

// New panics if there is no function to ask, so that the mistake shows when the
// program starts.
func New[R any](name string, identity func(R) causality.Identity) *Asker[R] {
	if identity == nil {
		panic(name + " needs a function, not nil")
	}
	return &Asker[R]{name: name, identity: identity}
}

// Context returns ctx with the identity of r. If there is nothing to say about r, or
// the function panics, it returns ctx itself and false.
func (a *Asker[R]) Context(ctx context.Context, r R) (_ context.Context, ok bool) {
	id := a.ask(ctx, r)
	if id == (causality.Identity{}) {
		return ctx, false
	}
	return causality.ContextWithIdentity(ctx, id), true
}

func (a *Asker[R]) ask(ctx context.Context, r R) (id causality.Identity) {
	defer func() {
		if p := recover(); p != nil {
			a.report(ctx, p)
		}
	}()
	return a.identity(r)
}

// report logs a panic, at most one every 10 seconds.
func (a *Asker[R]) report(ctx context.Context, p any) {
	now, last := time.Now().UnixNano(), a.logged.Load()
	if last != 0 && now-last < int64(10*time.Second) || !a.logged.CompareAndSwap(last, now) {
		return
	}
	slog.Default().ErrorContext(diagnostic.NewContext(ctx), "causality: the function given to "+a.name+" panicked, so the events of its requests lack an identity; fix it", "panic", fmt.Sprint(p))
}
