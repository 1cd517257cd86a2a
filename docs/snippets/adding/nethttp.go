// Package adding has the snippets of docs/adding.md.
package adding

import (
	"net/http"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
)

// snippet: nethttp
var identify = httpcausality.Middleware(func(r *http.Request) causality.Identity {
	return causality.Identity{
		UserID:        r.Header.Get("X-User"), // wherever your authentication puts it
		SessionID:     r.Header.Get("X-Session"),
		CorrelationID: r.Header.Get("X-Request-Id"),
	}
})

// end snippet

func netHTTP(mux *http.ServeMux) http.Handler {
	return identify(mux)
}
