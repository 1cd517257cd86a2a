// Package connections is the default Transport of a client.
package connections

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// Connections are those of a client. A connection may be dead without a sign of
// it, and HTTP/2 would use it for every request: after a request without an answer
// the next ones take another pool of connections.
type Connections struct {
	maxInFlight int

	mu   sync.Mutex
	pool *Pool // of the next requests
}

// Pool is an http.Transport, and how many requests are under way on it.
type Pool struct {
	*http.Transport
	inUse int
	// isRetired: it closes its connections with the last of these requests.
	isRetired bool
}

// New returns the Connections of a client with so many requests in flight.
func New(maxInFlight int) *Connections {
	return &Connections{maxInFlight: maxInFlight, pool: newPool(maxInFlight)}
}

// newPool returns what http.DefaultTransport is, with a connection kept for every
// request that may be in flight.
func newPool(maxInFlight int) *Pool {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &Pool{Transport: &http.Transport{
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

// Acquire returns the pool for one request.
func (c *Connections) Acquire() *Pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.inUse++
	return c.pool
}

// Release ends one request of a pool. If it had no answer, the pool is used no more.
func (c *Connections) Release(p *Pool, failed bool) {
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

// Close lets go of the idle connections.
func (c *Connections) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.CloseIdleConnections()
}
