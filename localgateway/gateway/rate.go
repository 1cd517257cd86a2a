package gateway

import (
	"sync"
	"time"
)

// rateLimit is a token bucket for every app.
//
// gateway: the limit is the app's, so its keys share it.
type rateLimit struct {
	perSecond float64
	burst     float64
	mu        sync.Mutex
	apps      map[string]*bucket
}

// maxApps bounds the buckets: where any key is taken, each is an app.
const maxApps = 10_000

type bucket struct {
	tokens float64
	filled time.Time
}

func newRateLimit(perSecond float64, burst int) *rateLimit {
	return &rateLimit{perSecond: perSecond, burst: float64(burst), apps: make(map[string]*bucket)}
}

// take says whether an app may make one more request now.
func (l *rateLimit) take(app string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.apps[app]
	if b == nil {
		if len(l.apps) >= maxApps {
			clear(l.apps)
		}
		b = &bucket{tokens: l.burst, filled: now}
		l.apps[app] = b
	}
	b.tokens = min(l.burst, b.tokens+now.Sub(b.filled).Seconds()*l.perSecond)
	b.filled = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
