// Package httpcausality puts whom a request is about into the request's context, so
// that every event which is tracked or logged with that context says so:
//
//	package main
//
//	import (
//		"log"
//		"log/slog"
//		"net/http"
//		"os"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/httpcausality"
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
//		mux := http.NewServeMux()
//		mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
//			logger.InfoContext(r.Context(), "order placed", "event", "purchase_complete", "order_id", r.PathValue("id"))
//		})
//		identify := httpcausality.Middleware(func(r *http.Request) causality.Identity {
//			return causality.Identity{UserID: r.Header.Get("X-User"), CorrelationID: r.Header.Get("X-Request-Id")}
//		})
//		log.Print(http.ListenAndServe(":8080", identify(mux)))
//	}
//
// It needs net/http alone. What takes a func(http.Handler) http.Handler takes the
// middleware as it is: chi and gorilla/mux in Use, echo in echo.WrapMiddleware.
package httpcausality
