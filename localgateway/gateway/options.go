package gateway

import (
	"context"
	"time"
)

// Option changes one property of a Gateway.
type Option func(*Gateway)

// WithKey makes the gateway know an API key and the app it was issued to.
// Without any WithKey every key of 64 lower-case hex digits is accepted, each
// as an app of its own.
func WithKey(key, app string) Option {
	return func(g *Gateway) { g.Allow(key, app) }
}

// WithAnyKey makes the gateway accept every key that is not empty, whatever it
// looks like, each as an app of its own.
func WithAnyKey() Option {
	return func(g *Gateway) { g.apps.any = true }
}

// WithMaxEvents lowers the number of events one request may hold. The rule of
// the message, 1000, stays in force and is checked before it.
func WithMaxEvents(n int) Option {
	return func(g *Gateway) { g.maxEvents = n }
}

// WithMaxBody sets the largest body in bytes; the default is 5 MiB.
func WithMaxBody(n int64) Option {
	return func(g *Gateway) { g.maxBody = n }
}

// WithRate limits every app to so many requests a second, with a burst. The
// real gateway has 1000 and 2000; without this option there is no limit.
func WithRate(perSecond float64, burst int) Option {
	return func(g *Gateway) { g.rate = newRateLimit(perSecond, burst) }
}

// WithWindow sets how long an idempotency key is remembered: at least half of
// d, at most d. The default is 10 minutes.
func WithWindow(d time.Duration) Option {
	return func(g *Gateway) { g.keys = newKeyMemory(d) }
}

// WithKeyLimit bounds the memory of idempotency keys: it holds at most n, and
// forgets the oldest before their time when there are more. The default, 0, is
// no bound.
func WithKeyLimit(n int) Option {
	return func(g *Gateway) { g.keyLimit = n }
}

// WithClock replaces time.Now wherever the gateway reads the time, except in
// the event ids that it makes.
func WithClock(now func() time.Time) Option {
	return func(g *Gateway) { g.now = now }
}

// WithStoreLimit keeps only the newest n events in memory; Len still counts
// all. The default, 0, keeps every event.
func WithStoreLimit(n int) Option {
	return func(g *Gateway) { g.store.limit = n }
}

// WithOnStore calls f for every event that was stored, on the goroutine of its
// request and while no lock is held.
func WithOnStore(f func(*Stored)) Option {
	return func(g *Gateway) { g.onStore = f }
}

// WithOnVerdict calls f for every event on which the gateway decides, before it
// answers: on the goroutine of the request, with the request's context and in
// the order of the events, while no lock is held. A request that does not parse
// has no events.
func WithOnVerdict(f func(context.Context, Verdict)) Option {
	return func(g *Gateway) { g.onVerdict = f }
}

// WithPublish calls f before an event is stored, as the last thing that can
// fail, in place of the message broker: an error of f rejects the event as "failed to publish event: …" and
// leaves its idempotency key spent, as an outage of the broker does.
func WithPublish(f func(*Stored) error) Option {
	return func(g *Gateway) { g.publishHook = f }
}
