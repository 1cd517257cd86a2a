// Zerolog is a small shop that logs with zerolog. Some of its lines are events,
// and these go to a Causality gateway.
//
// By itself it starts a gateway on a loopback port, makes a few requests to
// itself, prints what arrived and ends:
//
//	go run ./examples/zerolog
//
// With a gateway of yours it serves until SIGINT or SIGTERM:
//
//	export CAUSALITY_ENDPOINT=https://events.example.com CAUSALITY_APP_ID=shop CAUSALITY_API_KEY=…
//	go run ./examples/zerolog
//	curl -X POST -H 'X-User: u-1' localhost:8080/orders/o-42
//
// This file is what to copy; demo.go is what the first command needs.
package main

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// How long a stop may take: together less than the platform grants between
// SIGTERM and SIGKILL, which is 30 s for Kubernetes.
const (
	drainWithin   = 15 * time.Second
	deliverWithin = 10 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once

	cfg, addr := causality.ConfigFromEnv(), ":8080"
	var demo *demo
	if cfg.Endpoint == "" && !cfg.Disabled {
		demo, addr = newDemo(&cfg), "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		log.Fatal(err)
	}
	if demo != nil {
		go demo.visit("http://"+listener.Addr().String(), stop)
	}
	if err := run(ctx, cfg, listener); err != nil {
		log.Fatal(err)
	}
	if demo != nil {
		demo.print()
	}
}

// run is the service, from its first line to its last event.
func run(ctx context.Context, cfg causality.Config, listener net.Listener) error {
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	logger := zerolog.New(os.Stdout).With().Timestamp().Logger().Hook(zerologcausality.NewHook(client))

	server := &http.Server{Handler: identify(withLogger(logger, routes())), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	logger.Info().Stringer("addr", listener.Addr()).Msg("listening")

	select {
	case err = <-failed: // the port is gone, say
	case <-ctx.Done(): // SIGTERM
		logger.Info().Msg("stopping")
	}
	// First the server, whose last requests are still events; then the client,
	// which delivers them. Each has a time of its own, so that a slow request
	// does not cost the events.
	drain, cancel := context.WithTimeout(context.Background(), drainWithin)
	defer cancel()
	err = errors.Join(err, server.Shutdown(drain))
	deliver, cancel := context.WithTimeout(context.Background(), deliverWithin)
	defer cancel()
	return errors.Join(err, client.Shutdown(deliver))
}

func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", placeOrder)
	return mux
}

// identify puts the user and the session into the context of each request, once
// for all that is logged in it. Where they come from is the service's own; here
// it is two headers.
var identify = httpcausality.Middleware(func(r *http.Request) causality.Identity {
	return causality.Identity{
		UserID:        r.Header.Get("X-User"),
		SessionID:     r.Header.Get("X-Session"),
		CorrelationID: r.Header.Get("X-Request-Id"),
	}
})

// withLogger puts a logger that has the request's context into that context,
// since zerolog does not find the context by itself.
func withLogger(logger zerolog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := logger.With().Ctx(r.Context()).Logger().WithContext(r.Context())
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func placeOrder(w http.ResponseWriter, r *http.Request) {
	logger := zerolog.Ctx(r.Context())
	order := r.PathValue("id")
	logger.Info().Str("order_id", order).Msg("charging the card") // no event

	if order == "o-13" {
		// The plain key: every field of the line is a property.
		logger.Warn().Str("event", causality.EventPurchaseFailed).
			Str("order_id", order).Str("error_code", "card_declined").
			Msg("payment failed")
		http.Error(w, "card declined", http.StatusPaymentRequired)
		return
	}
	// The object form: only what Event lists leaves the process.
	logger.Info().
		Object("event", zerologcausality.Event(causality.EventPurchaseComplete, func(e *zerolog.Event) {
			e.Str("order_id", order).Int("total_cents", 1999).Strs("coupons", []string{"SPRING"})
		})).
		Str("remote", r.RemoteAddr).
		Msg("order placed")
	w.WriteHeader(http.StatusCreated)
}
