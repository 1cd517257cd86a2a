// Slog is a small shop that logs with log/slog. One of its lines is an event, and
// goes to a Causality gateway.
//
// By itself it starts a gateway on a loopback port, makes a few requests to
// itself, prints what arrived and ends:
//
//	go run ./examples/slog
//
// With a gateway of yours it serves until SIGINT or SIGTERM:
//
//	export CAUSALITY_ENDPOINT=https://events.example.com CAUSALITY_APP_ID=shop CAUSALITY_API_KEY=…
//	go run ./examples/slog
//	curl -X POST -H 'X-User: u-1' localhost:8080/orders/o-42
//
// All above the line "The demonstration" is what to copy into a service.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/httpcausality"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// What of the 30 s that Kubernetes grants between SIGTERM and SIGKILL goes to
// the requests under way, and when the last event must be gone.
const (
	drainWithin = 15 * time.Second
	stopWithin  = 25 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	cfg, addr := causality.ConfigFromEnv(), ":8080"
	var d *demo
	if cfg.Endpoint == "" && !cfg.Disabled {
		d, addr = startDemo(&cfg), "localhost:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		fail(err)
	}
	if d != nil {
		go d.visit(listener.Addr(), stop)
	}
	if err := run(ctx, cfg, listener); err != nil {
		fail(err)
	}
	if d != nil {
		d.show()
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "shop:", err)
	os.Exit(1)
}

// run is the service, from its first line to its last event.
func run(ctx context.Context, cfg causality.Config, listener net.Listener) error {
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	logger := slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))
	slog.SetDefault(logger) // for what logs without a logger of its own

	server := &http.Server{
		Handler:           identify(routes(logger)),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	logger.Info("serving", "addr", listener.Addr().String())

	select {
	case <-ctx.Done(): // SIGTERM
		logger.Info("stopping")
	case err = <-failed:
	}
	// The server first: requests under way may still log events. Then the
	// client, which sends what waits.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	drain, cancelDrain := context.WithTimeout(ctx, drainWithin)
	defer cancelDrain()
	err = errors.Join(err, server.Shutdown(drain))
	return errors.Join(err, client.Shutdown(ctx))
}

// identify puts the user and the session into the context of each request, once
// for all that is logged in it. Where they come from is the service's own; here
// it is a header and a cookie.
var identify = httpcausality.Middleware(func(r *http.Request) causality.Identity {
	id := causality.Identity{
		UserID:        r.Header.Get("X-User"),
		CorrelationID: r.Header.Get("X-Request-Id"),
	}
	if session, err := r.Cookie("session"); err == nil {
		id.SessionID = session.Value
	}
	return id
})

func routes(logger *slog.Logger) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST /orders/{id}", placeOrder(logger))
	return mux
}

func placeOrder(logger *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		// InfoContext, not Info: the context says who it is about. The address
		// stays in the log; only what Event lists leaves the process.
		logger.InfoContext(r.Context(), "order placed", "remote", r.RemoteAddr,
			slogcausality.Event(causality.EventPurchaseComplete,
				slog.String("order_id", r.PathValue("id")), slog.Int("total_cents", 1999)))
		w.WriteHeader(http.StatusCreated)
	}
}

// ── The demonstration: a gateway and visitors, where the environment names none.

type demo struct {
	recorder *causalitytest.Recorder
	gateway  *httptest.Server
}

// startDemo starts a gateway on a loopback port and points cfg to it.
func startDemo(cfg *causality.Config) *demo {
	d := &demo{recorder: causalitytest.NewRecorder()}
	d.gateway = httptest.NewServer(d.recorder)
	cfg.Endpoint, cfg.AppID, cfg.APIKey = d.gateway.URL, "shop", strings.Repeat("0123456789abcdef", 4)
	return d
}

// visit places three orders and then stops the service, as SIGTERM would.
func (d *demo) visit(shop net.Addr, stop func()) {
	defer stop()
	for n := 1; n <= 3; n++ {
		req, err := http.NewRequest(http.MethodPost, fmt.Sprintf("http://%v/orders/o-%d", shop, n), http.NoBody)
		if err != nil {
			fail(err)
		}
		req.Header.Set("X-User", fmt.Sprint("u-", n))
		req.Header.Set("X-Request-Id", fmt.Sprint("req-", n))
		req.AddCookie(&http.Cookie{Name: "session", Value: fmt.Sprint("s-", n)})
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			fail(err)
		}
		_ = resp.Body.Close() // of no interest
	}
}

// show prints what arrived at the gateway.
func (d *demo) show() {
	d.gateway.Close()
	fmt.Printf("\nThe gateway got %d events:\n", d.recorder.Len())
	for _, e := range d.recorder.Events() {
		fmt.Printf("  %s user=%s session=%s correlation=%s %v\n", e.EventType, e.UserID, e.SessionID, e.CorrelationID, e.Properties)
	}
}
