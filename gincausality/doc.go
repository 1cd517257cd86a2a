// Package gincausality puts whom a request is about into the request's context, so
// that every event which is tracked or logged with that context says so:
//
//	package main
//
//	import (
//		"log"
//		"log/slog"
//		"os"
//
//		"github.com/gin-gonic/gin"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/gincausality"
//		"github.com/SebastienMelki/causality/sdk/go/slogcausality"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv())
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//		logger := slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))
//
//		router := gin.Default()
//		router.Use(gincausality.Middleware(func(c *gin.Context) causality.Identity {
//			return causality.Identity{UserID: c.GetHeader("X-User"), CorrelationID: c.GetHeader("X-Request-Id")}
//		}))
//		router.POST("/orders/:id", func(c *gin.Context) {
//			logger.InfoContext(c.Request.Context(), "order placed", "event", "purchase_complete", "order_id", c.Param("id"))
//		})
//		log.Print(router.Run(":8080"))
//	}
//
// Log and track with c.Request.Context(): a *gin.Context is a context of its own,
// which knows the request's only if Engine.ContextWithFallback is set.
package gincausality
