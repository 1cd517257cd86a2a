package causality

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// connections is the default Transport. A connection may be dead without a sign of
// it, and HTTP/2 would use it for every request: after a request without an answer
// the next ones take another pool of connections.
type connections struct {
	maxInFlight int

	mu   sync.Mutex
	pool *pool // of the next requests
}

// pool is an http.Transport, and how many requests are under way on it.
type pool struct {
	*http.Transport
	inUse int
	// isRetired: it closes its connections with the last of these requests.
	isRetired bool
}

func newConnections(maxInFlight int) *connections {
	return &connections{maxInFlight: maxInFlight, pool: newPool(maxInFlight)}
}

// newPool returns what http.DefaultTransport is, with a connection kept for every
// request that may be in flight.
func newPool(maxInFlight int) *pool {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &pool{Transport: &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        maxInFlight,
		MaxIdleConnsPerHost: maxInFlight,
		MaxConnsPerHost:     maxInFlight,
		// gateway: it closes idle connections after 60 s; a request that meets
		// such a closing fails.
		IdleConnTimeout:     45 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		// Nothing in a reply is worth a large header.
		MaxResponseHeaderBytes: 64 << 10,
		// A peer that is gone is noticed before the next request needs it.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
	}}
}

// acquire returns the pool for one request.
func (c *connections) acquire() *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.inUse++
	return c.pool
}

// release ends one request of a pool. If it had no answer, the pool is used no more.
func (c *connections) release(p *pool, failed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p.inUse--
	if failed && c.pool == p {
		c.pool = newPool(c.maxInFlight)
		p.isRetired = true
	}
	if p.isRetired && p.inUse == 0 {
		p.CloseIdleConnections()
	}
}

// close lets go of the idle connections.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.CloseIdleConnections()
}
