package gateway

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The paths that take events.
const (
	BatchPath  = "/v1/events/batch"
	IngestPath = "/v1/events/ingest"
)

// DefaultMaxBody is the largest body that the gateway takes, in bytes.
const DefaultMaxBody = 5 << 20

const (
	defaultMaxEvents = 1000
	defaultWindow    = 10 * time.Minute
)

// Gateway is the handler. It is safe for concurrent use; make one with New.
type Gateway struct {
	schema      *schema
	maxEvents   int
	maxBody     int64
	rate        *rateLimit // nil: no limit
	now         func() time.Time
	onStore     func(*Stored)
	onVerdict   func(context.Context, Verdict)
	publishHook func(*Stored) error
	keyLimit    int

	apps   keyring
	keys   *keyMemory
	broker broker
	store  store
}

var _ http.Handler = (*Gateway)(nil)

// New makes a gateway. It panics when causality.proto, which is part of this
// module, does not compile.
func New(opts ...Option) *Gateway {
	sch, err := loadSchema()
	if err != nil {
		panic("gateway: " + err.Error())
	}
	g := &Gateway{
		schema:    sch,
		maxEvents: defaultMaxEvents,
		maxBody:   DefaultMaxBody,
		now:       time.Now,
		keys:      newKeyMemory(defaultWindow),
	}
	for _, opt := range opts {
		opt(g)
	}
	g.keys.limit = g.keyLimit
	return g
}

// ServeHTTP answers one request.
//
// gateway: the order is CORS, health, key, rate, route, so a wrong path without
// a key is a 401 and a bad body spends one of the rate limit's requests.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodOptions {
		w.Header().Set("Access-Control-Max-Age", "86400")
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if !public(r.URL.Path) {
		app, problem := g.apps.authenticate(r.Header.Get("X-API-Key"))
		if problem != "" {
			writeText(w, http.StatusUnauthorized, contentJSON, `{"error":"`+problem+`"}`+"\n")
			return
		}
		if g.rate != nil && !g.rate.take(app, g.now()) {
			http.Error(w, http.StatusText(http.StatusTooManyRequests), http.StatusTooManyRequests)
			return
		}
	}
	g.route(w, r)
}

func (g *Gateway) route(w http.ResponseWriter, r *http.Request) {
	// JoinPath cleans a path as http.ServeMux does.
	if clean := r.URL.JoinPath(); clean.Path != r.URL.Path {
		// gateway: //v1/… is answered with 307 and an empty body.
		w.Header().Set("Location", clean.RequestURI())
		writeText(w, http.StatusTemporaryRedirect, contentJSON, "")
		return
	}
	switch r.URL.Path {
	case BatchPath:
		onlyPost(w, r, g.serveBatch)
	case IngestPath:
		onlyPost(w, r, g.serveIngest)
	case "/health":
		writeText(w, http.StatusOK, contentJSON, `{"status":"healthy"}`+"\n")
	case "/ready":
		g.serveReady(w)
	default:
		// gateway: a trailing slash and another case are other paths.
		http.NotFound(w, r)
	}
}

// serveReady reports the broker's state.
//
// gateway: /health stays 200 and /ready turns 503 when the connection to NATS
// is closed for good. What /ready says when all is well was not recorded.
func (g *Gateway) serveReady(w http.ResponseWriter) {
	if g.broker.isClosed() {
		writeText(w, http.StatusServiceUnavailable, contentJSON,
			`{"error":"NATS is not connected: status CLOSED","status":"not_ready"}`+"\n")
		return
	}
	writeText(w, http.StatusOK, contentJSON, `{"status":"ready"}`+"\n")
}

func onlyPost(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	serve(w, r)
}

// public says which paths need no key.
//
// gateway: the check is for the prefix, so /healthXYZ gets past it to a 404.
func public(p string) bool {
	return strings.HasPrefix(p, "/health") || p == "/ready"
}

func writeText(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	// The client may be gone; there is nobody to tell.
	_, _ = io.WriteString(w, body)
}

// Allow makes the gateway know a key, as WithKey does.
func (g *Gateway) Allow(key, app string) { g.apps.allow(key, app) }

// Revoke makes the gateway refuse a key with 401. A database outage looks the
// same to a client: revoke and allow again.
func (g *Gateway) Revoke(key string) { g.apps.revoke(key) }

// Forget clears the memory of idempotency keys: all may be used again.
func (g *Gateway) Forget() { g.keys.forget() }

// Restart does what a restart of the gateway's process does: the keys are
// forgotten and a closed connection to the broker is made anew. What was stored
// stays stored.
func (g *Gateway) Restart() {
	g.Forget()
	g.broker.reopen()
}

// Stored returns the events that were stored, oldest first.
func (g *Gateway) Stored() []*Stored { return g.store.all() }

// Len returns how many events were stored since the start or the last Reset.
func (g *Gateway) Len() int { return g.store.len() }

// Reset drops the stored events; keys stay remembered.
func (g *Gateway) Reset() { g.store.reset() }

// keyring knows which app a key belongs to. Its zero value accepts every key
// that looks like one.
type keyring struct {
	any     bool // every key that is not empty
	mu      sync.RWMutex
	apps    map[string]string
	revoked map[string]bool
}

func (k *keyring) allow(key, app string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.apps == nil {
		k.apps = make(map[string]string)
	}
	k.apps[key] = app
	delete(k.revoked, key)
}

func (k *keyring) revoke(key string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.revoked == nil {
		k.revoked = make(map[string]bool)
	}
	k.revoked[key] = true
}

// authenticate returns the app of a key, or what is wrong with the key.
//
// gateway: a key is 64 lower-case hex digits, compared exactly: the same key in
// upper case is unknown. White space around it does not count.
func (k *keyring) authenticate(key string) (app, problem string) {
	key = strings.TrimSpace(key)
	if key == "" {
		return "", "missing API key"
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	app, known := k.apps[key]
	if k.any || k.apps == nil && looksLikeKey(key) {
		app, known = key, true
	}
	if !known || k.revoked[key] {
		return "", "invalid API key"
	}
	return app, ""
}

func looksLikeKey(key string) bool {
	return len(key) == 64 && strings.Trim(key, "0123456789abcdef") == ""
}
