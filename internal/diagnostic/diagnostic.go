// Package diagnostic marks the client's own log lines, so that a logger which
// turns records into events never turns a report about events into one more.
package diagnostic

import "context"

type key struct{}

// NewContext returns the context that the client's own log lines carry.
func NewContext(ctx context.Context) context.Context {
	return context.WithValue(ctx, key{}, true)
}

// Is reports whether ctx belongs to one of the client's own log lines.
func Is(ctx context.Context) bool {
	return ctx != nil && ctx.Value(key{}) != nil
}
