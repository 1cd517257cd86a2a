package gincausality_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/gin-gonic/gin"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/gincausality"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	os.Exit(m.Run())
}

func byUser(c *gin.Context) causality.Identity {
	return causality.Identity{UserID: c.GetHeader("X-User")}
}

// serve answers one request of user u-1 and returns the identity that its handler
// saw, and the status.
func serve(t *testing.T, middlewares ...gin.HandlerFunc) (id causality.Identity, status int) {
	t.Helper()
	router := gin.New()
	router.Use(middlewares...)
	router.GET("/", func(c *gin.Context) { id = causality.IdentityFromContext(c.Request.Context()) })
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-User", "u-1")
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	return id, w.Code
}

func TestMiddleware_AddsToAnOuterOne(t *testing.T) {
	session := gincausality.Middleware(func(*gin.Context) causality.Identity { return causality.Identity{SessionID: "s-9"} })
	got, status := serve(t, session, gincausality.Middleware(byUser))
	if want := (causality.Identity{UserID: "u-1", SessionID: "s-9"}); got != want || status != http.StatusOK {
		t.Errorf("got %+v, want %+v; status %d", got, want, status)
	}
}

func TestMiddleware_APanicCostsTheIdentityAlone(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	panics := gincausality.Middleware(func(c *gin.Context) causality.Identity {
		return causality.Identity{UserID: c.MustGet("user").(string)} // nobody has set it
	})
	got, status := serve(t, gincausality.Middleware(byUser), panics)
	if want := (causality.Identity{UserID: "u-1"}); got != want || status != http.StatusOK {
		t.Errorf("got %+v, want %+v; status %d", got, want, status)
	}
}

func ExampleMiddleware() {
	logger := slog.New(slog.DiscardHandler) // a service: slog.New(slogcausality.Tee(handler, client))

	// snippet: gin
	router := gin.New()
	router.Use(gincausality.Middleware(func(c *gin.Context) causality.Identity {
		return causality.Identity{UserID: c.GetHeader("X-User"), CorrelationID: c.GetHeader("X-Request-Id")}
	}))
	router.POST("/orders/:id", func(c *gin.Context) {
		// c.Request.Context(), not c: a *gin.Context knows the identity only with ContextWithFallback.
		logger.InfoContext(c.Request.Context(), "order placed", "event", "purchase_complete", "order_id", c.Param("id"))
		fmt.Println(causality.IdentityFromContext(c.Request.Context()).UserID, "placed", c.Param("id"))
	})
	// end snippet
	r := httptest.NewRequest(http.MethodPost, "/orders/o-42", http.NoBody)
	r.Header.Set("X-User", "u-1")
	router.ServeHTTP(httptest.NewRecorder(), r)
	// Output: u-1 placed o-42
}
