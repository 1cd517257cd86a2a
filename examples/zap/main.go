// Zap is a small shop that logs with zap. Some of its lines are events, and these
// go to a Causality gateway.
//
// By itself it starts a gateway on a loopback port, makes a few requests to
// itself, prints what arrived and ends:
//
//	go run ./examples/zap
//
// With a gateway of yours it serves until SIGINT or SIGTERM:
//
//	export CAUSALITY_ENDPOINT=https://events.example.com CAUSALITY_APP_ID=shop CAUSALITY_API_KEY=…
//	go run ./examples/zap
//	curl -X POST -H 'X-User: u-1' localhost:8080/orders/o-42
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

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	cfg, demo := causality.ConfigFromEnv(), (*demo)(nil)
	addr := ":8080"
	if cfg.Endpoint == "" && !cfg.Disabled {
		demo = newDemo(&cfg)
		addr = "127.0.0.1:0"
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
	logger, err := zap.NewProduction(zapcausality.Tee(client))
	if err != nil {
		return err
	}

	server := &http.Server{
		Handler:           identify(routes(logger)),
		ReadHeaderTimeout: 5 * time.Second,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	logger.Info("listening", zap.Stringer("addr", listener.Addr()))

	select {
	case err = <-failed: // the port is gone, say
	case <-ctx.Done(): // SIGTERM
	}
	// The server first, so that the last requests are still tracked; then the
	// client, which sends what waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(ctx), client.Shutdown(ctx))
	_ = logger.Sync() // a terminal cannot be synced, and says so
	return err
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

func routes(logger *zap.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", placeOrder(logger.Named("orders")))
	return mux
}

func placeOrder(logger *zap.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		order := r.PathValue("id")
		// zap hands no context to its cores: Context does, unseen in the line.
		logger := logger.With(zapcausality.Context(r.Context()))

		if order == "o-13" {
			// The plain key: every field of the line is a property.
			logger.Warn("payment failed",
				zap.String("event", causality.EventPurchaseFailed),
				zap.String("order_id", order), zap.String("error_code", "card_declined"))
			http.Error(w, "card declined", http.StatusPaymentRequired)
			return
		}
		// The object form: only what Event lists leaves the process.
		logger.Info("order placed",
			zapcausality.Event(causality.EventPurchaseComplete,
				zap.String("order_id", order), zap.Int("total_cents", 1999), zap.Strings("coupons", []string{"SPRING"})),
			zap.String("remote", r.RemoteAddr))
		w.WriteHeader(http.StatusCreated)
	}
}
