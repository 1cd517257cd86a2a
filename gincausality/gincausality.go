package gincausality

import (
	"github.com/gin-gonic/gin"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/identify"
)

// Middleware returns a middleware that calls identity once for each request and
// gives the request a context that carries the answer, as
// [causality.ContextWithIdentity] does. A field that identity leaves empty keeps
// what an outer middleware has set. Put it behind the middleware that authenticates.
//
// If identity panics, the request is served without its answer, and slog.Default
// gets an Error line, at most one every 10 seconds. Middleware itself panics if
// identity is nil.
func Middleware(identity func(*gin.Context) causality.Identity) gin.HandlerFunc {
	asker := identify.New("gincausality.Middleware", identity)
	return func(c *gin.Context) {
		if ctx, ok := asker.Context(c.Request.Context(), c); ok {
			c.Request = c.Request.WithContext(ctx)
		}
	}
}
