// Package adding has the snippets of docs/adding.md.
package adding

import (
	"net/http"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: nethttp
func Identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := causality.ContextWithIdentity(r.Context(), causality.Identity{
			UserID:        r.Header.Get("X-User"), // wherever your authentication puts it
			SessionID:     r.Header.Get("X-Session"),
			CorrelationID: r.Header.Get("X-Request-Id"),
		})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// end snippet
