// Package watching has the snippets of docs/watching.md.
package watching

import (
	"expvar"
	"net/http"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func withExpvar(client *causality.Client, mux *http.ServeMux) {
	// snippet: expvar
	expvar.Publish("causality", expvar.Func(func() any { return client.Stats() }))
	mux.Handle("GET /debug/vars", expvar.Handler())
	// end snippet
}
