// Quickstart shows the whole way of an event in one screen: a service logs as it
// always did, three of its lines carry an event attribute, and the gateway gets
// them. The gateway here is the SDK's test gateway on a loopback port; it
// accepts and refuses what the real one does.
//
//	go run ./examples/quickstart
//
// With -watch it sends to a local gateway instead, once a second until it is
// stopped with ctrl-c. The local gateway shows the events on a page; start it
// first, in another terminal, with
//
//	go run -C localgateway .
//
// It is looked for at CAUSALITY_ENDPOINT, if that is set.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// localGateway is where "go run -C localgateway ." listens.
const localGateway = "http://127.0.0.1:8080"

func main() {
	watch := flag.Bool("watch", false, "keep sending to the local gateway at CAUSALITY_ENDPOINT, by default "+localGateway+", until ctrl-c")
	flag.Parse()

	cfg := causality.Config{
		APIKey:       strings.Repeat("0123456789abcdef", 4),
		AppID:        "checkout",
		CloseTimeout: 3 * time.Second, // you wait for the prompt
	}
	isDelivered := false
	if *watch {
		cfg.Endpoint = cmp.Or(os.Getenv("CAUSALITY_ENDPOINT"), localGateway)
		cfg.FlushInterval = 100 * time.Millisecond // you look at the page
		isDelivered = watchService(cfg)
	} else {
		isDelivered = showService(cfg)
	}
	if !isDelivered {
		os.Exit(1) // the client has logged why
	}
}

// showService lets the service log its lines once, and shows what a gateway of its
// own gets.
func showService(cfg causality.Config) (isDelivered bool) {
	recorder := causalitytest.NewRecorder()
	gateway := httptest.NewServer(recorder)
	defer gateway.Close()
	cfg.Endpoint = gateway.URL

	client, logger := start(cfg)
	heading("What the service logs, as before")
	serve(logger, 1)
	// Close sends what waits. A service does this last, after its server.
	err := client.Close()

	heading("What the gateway gets")
	printer := newPrinter()
	defer printer.Close()
	for _, req := range recorder.Requests() {
		fmt.Printf("%s %s: %d events, answered %d\n", req.Method, req.Path, len(req.Events()), req.Status)
		for _, e := range req.Events() {
			printer.Track(e) //nolint:causality-plan // any event, so it has no name to plan
		}
	}
	count(client)
	heading("What to do next")
	fmt.Print(`Watch events arrive on a page, with two terminals:
    go run -C localgateway .
    go run ./examples/quickstart -watch
Add the five lines to a service of yours:   README.md
Choose names and properties for its events: docs/names.md
See the request and the warehouse's rows:   docs/arrives.md
`)
	return err == nil
}

// watchService lets the service log its lines each second until ctrl-c.
func watchService(cfg causality.Config) (isDelivered bool) {
	mustListen(cfg.Endpoint)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, logger := start(cfg)
	heading("Three events a second arrive at " + cfg.Endpoint + " (ctrl-c ends it)")
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for n := 1; ctx.Err() == nil; n++ {
		serve(logger, n)
		select {
		case <-second.C:
		case <-ctx.Done():
		}
	}
	stop() // a second ctrl-c does not wait for Close
	err := client.Close()
	count(client)
	heading("What to do next")
	fmt.Print("Add the five lines to a service of yours: README.md\n")
	return err == nil
}

// start is what a service's main gets: five lines.
func start(cfg causality.Config) (*causality.Client, *slog.Logger) {
	client, err := causality.New(cfg)
	if err != nil {
		slog.Error("no analytics", "error", err) // client is nil, which does nothing
	}
	return client, slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))
}

// mustListen ends the program with what to do when there is no local gateway.
// Another server at the same port is none, and a real gateway is not for this.
func mustListen(endpoint string) {
	resp, err := http.Get(endpoint + "/_local/stats")
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return
		}
	}
	log.Fatalf("no local gateway listens at %s; start one in another terminal: go run -C localgateway .", endpoint)
}

// serve is the service: it logs five lines about its n-th customer, three of which
// are events.
func serve(logger *slog.Logger, n int) {
	// Usually a middleware puts the identity into the request's context.
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{
		UserID: fmt.Sprint("u-", n), SessionID: fmt.Sprint("s-", n), CorrelationID: fmt.Sprint("req-", n),
	})

	logger.Info("cache warmed", "entries", 100)

	// The plain key: every attribute of the line is a property of the event.
	logger.Info("cart viewed", "event", "cart_viewed", "items", n%5, "user_id", "visitor")

	// The identity comes from the context.
	logger.InfoContext(ctx, "order placed",
		"event", causality.EventPurchaseComplete, "order_id", fmt.Sprint("o-", n), "total_cents", 1999, "gift", true)

	// The group form: only what Event lists leaves the process.
	logger.InfoContext(ctx, "signed up", "email", "ada@example.com",
		slogcausality.Event(causality.EventUserSignup, slog.String("method", "google")))

	logger.Warn("slow query", "ms", 512)
}

// newPrinter returns a client that prints its events in place of sending them.
func newPrinter() *causality.Client {
	printer, err := causality.New(causality.Config{DryRun: os.Stdout, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		log.Fatal(err)
	}
	return printer
}

func count(client *causality.Client) {
	heading("What became of the events")
	s := client.Stats()
	fmt.Printf("tracked %d, delivered %d, dropped %d, queued %d; requests: %d\n",
		s.Tracked, s.Delivered, s.Dropped.Total(), s.Queued, s.Requests)
}

func heading(text string) { fmt.Printf("\n── %s\n\n", text) }
