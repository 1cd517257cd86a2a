package adding

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/rs/zerolog"
	"github.com/rs/zerolog/hlog"

	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestMain(m *testing.M) {
	os.Stdout, _ = os.Open(os.DevNull) // the loggers write there
	os.Exit(m.Run())
}

func TestTheIdentityOfARequestReachesItsEvents(t *testing.T) {
	client, recorder := causalitytest.New(t)
	logger := slog.New(slogcausality.NewHandler(client))
	zapped, err := zapLogger(client)
	if err != nil {
		t.Fatal(err)
	}
	placeOrder := func(r *http.Request, id string) {
		logger.InfoContext(r.Context(), "order placed", "event", "purchase_complete", "order_id", id)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(_ http.ResponseWriter, r *http.Request) { placeOrder(r, r.PathValue("id")) })
	for name, handler := range map[string]http.Handler{
		"net/http": netHTTP(mux),
		"chi":      chiRoutes(placeOrder),
		"gorilla":  gorillaRoutes(placeOrder),
		"echo":     echoRoutes(placeOrder),
		"slog": identify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			slogLogger(client).InfoContext(r.Context(), "", "event", "purchase_complete", "order_id", "o-42")
		})),
		"zap": identify(zapRequest(zapped)),
		"zerolog with hlog": identify(hlog.NewHandler(zerologLogger(client))(bindContext(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			zerolog.Ctx(r.Context()).Info().Str("event", "purchase_complete").Str("order_id", "o-42").Send()
		})))),
	} {
		t.Run(name, func(t *testing.T) {
			recorder.Reset()
			req := httptest.NewRequest(http.MethodPost, "/orders/o-42", http.NoBody)
			req.Header.Set("X-User", "u-1")
			req.Header.Set("X-Session", "s-9")
			req.Header.Set("X-Request-Id", "req-7")
			handler.ServeHTTP(httptest.NewRecorder(), req)
			if err := client.Flush(); err != nil {
				t.Fatal(err)
			}
			events := recorder.Events()
			if len(events) != 1 || events[0].UserID != "u-1" || events[0].SessionID != "s-9" ||
				events[0].CorrelationID != "req-7" || events[0].Properties["order_id"] != "o-42" {
				t.Errorf("got %+v", events)
			}
		})
	}
}
