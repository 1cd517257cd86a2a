package adding

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/gorilla/mux"
	"github.com/labstack/echo/v4"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
)

func chiRoutes(placeOrder func(r *http.Request, id string)) http.Handler {
	// snippet: chi
	router := chi.NewRouter()
	router.Use(middleware.RequestID, identify)
	router.Use(httpcausality.Middleware(func(r *http.Request) causality.Identity { // what a later middleware knows
		return causality.Identity{CorrelationID: middleware.GetReqID(r.Context())}
	}))
	// end snippet
	router.Post("/orders/{id}", func(_ http.ResponseWriter, r *http.Request) { placeOrder(r, chi.URLParam(r, "id")) })
	return router
}

func gorillaRoutes(placeOrder func(r *http.Request, id string)) http.Handler {
	router := mux.NewRouter()
	// snippet: gorilla
	router.Use(identify)
	// end snippet
	router.HandleFunc("/orders/{id}", func(_ http.ResponseWriter, r *http.Request) { placeOrder(r, mux.Vars(r)["id"]) })
	return router
}

func echoRoutes(placeOrder func(r *http.Request, id string)) http.Handler {
	router := echo.New()
	// snippet: echo
	router.Use(echo.WrapMiddleware(identify))
	// end snippet
	router.POST("/orders/:id", func(c echo.Context) error {
		placeOrder(c.Request(), c.Param("id"))
		return nil
	})
	return router
}
