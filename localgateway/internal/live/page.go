package live

import (
	"embed"
	"net/http"
	"path"
)

//go:embed page
var pageFiles embed.FS

// policy lets the page load its own files and talk to this server. An event's
// text cannot become a script: inline scripts do not run, and a string cannot be
// given to innerHTML at all. The one trusted type is the address of worker.js.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; trusted-types worker"

var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

func servePage(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("file")
	if name == "" {
		name = "index.html"
	}
	text, err := pageFiles.ReadFile("page/" + path.Base(name))
	if err != nil {
		http.NotFound(w, r)
		return
	}
	header(w, contentTypes[path.Ext(name)])
	w.Header().Set("Content-Security-Policy", policy)
	_, _ = w.Write(text)
}
