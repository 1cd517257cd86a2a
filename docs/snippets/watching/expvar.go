// Package watching has the snippets of docs/watching.md.
package watching

import (
	"expvar"
	"net/http"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func withExpvar(client *causality.Client, mux *http.ServeMux) {
	// snippet: expvar
	expvar.Publish("causality", client.Var())
	mux.Handle("GET /debug/vars", expvar.Handler())
	// end snippet
}
