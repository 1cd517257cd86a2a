package httpcausality

import (
	"net/http"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/identify"
)

// Middleware returns a middleware that calls identity once for each request and
// serves the request with a context that carries the answer, as
// [causality.ContextWithIdentity] does. A field that identity leaves empty keeps
// what an outer middleware has set, so that one may know the session and a later one
// the user. Put it behind the middleware that authenticates.
//
// The http.ResponseWriter is passed on as it is. If identity panics, the request is
// served without its answer, and slog.Default gets an Error line, at most one
// every 10 seconds. Middleware itself panics if identity is nil.
func Middleware(identity func(*http.Request) causality.Identity) func(http.Handler) http.Handler {
	asker := identify.New("httpcausality.Middleware", identity)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if ctx, ok := asker.Context(r.Context(), r); ok {
				r = r.WithContext(ctx)
			}
			next.ServeHTTP(w, r)
		})
	}
}
