package httpcausality_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func Example() {
	gateway := causalitytest.NewRecorder()
	client, err := causality.New(causality.Config{ // a service: causality.ConfigFromEnv()
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://events.example.com",
		AppID:     "shop",
		Transport: gateway,
	})
	if err != nil {
		panic(err)
	}
	logger := slog.New(slogcausality.NewHandler(client))

	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		logger.InfoContext(r.Context(), "order placed", "event", "purchase_complete", "order_id", r.PathValue("id"))
	})
	identify := httpcausality.Middleware(func(r *http.Request) causality.Identity {
		return causality.Identity{UserID: r.Header.Get("X-User"), CorrelationID: r.Header.Get("X-Request-Id")}
	})
	server := httptest.NewServer(identify(mux)) // a service: http.ListenAndServe(":8080", identify(mux))
	defer server.Close()

	req, _ := http.NewRequest(http.MethodPost, server.URL+"/orders/o-42", nil)
	req.Header.Set("X-User", "u-1")
	req.Header.Set("X-Request-Id", "req-7")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	_ = resp.Body.Close()

	if err := client.Close(); err != nil {
		panic(err)
	}
	for _, e := range gateway.Events() {
		fmt.Println(e.EventType, e.UserID, e.CorrelationID, e.Properties)
	}
	// Output: purchase_complete u-1 req-7 map[order_id:o-42]
}
