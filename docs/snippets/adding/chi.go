package adding

import (
	"log/slog"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func chiRoutes(logger *slog.Logger) http.Handler {
	// snippet: chi
	router := chi.NewRouter()
	router.Use(middleware.RequestID, Identify)
	router.Use(func(next http.Handler) http.Handler { // chi keeps its request ID in the context
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := causality.ContextWithIdentity(r.Context(),
				causality.Identity{CorrelationID: middleware.GetReqID(r.Context())})
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	})
	router.Post("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "order placed",
			"event", "purchase_complete", "order_id", chi.URLParam(r, "id"))
	})
	// end snippet
	return router
}
