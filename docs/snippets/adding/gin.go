package adding

import (
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func ginRoutes(logger *slog.Logger) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	// snippet: gin
	router := gin.New()
	router.Use(func(c *gin.Context) {
		ctx := causality.ContextWithIdentity(c.Request.Context(), causality.Identity{
			UserID:        c.GetHeader("X-User"),
			SessionID:     c.GetHeader("X-Session"),
			CorrelationID: c.GetHeader("X-Request-Id"),
		})
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	})
	router.POST("/orders/:id", func(c *gin.Context) {
		// c.Request.Context(), not c: a *gin.Context knows the identity only with ContextWithFallback.
		logger.InfoContext(c.Request.Context(), "order placed",
			"event", "purchase_complete", "order_id", c.Param("id"))
	})
	// end snippet
	return router
}
