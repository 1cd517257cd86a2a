// Quickstart shows the whole way of an event in one screen: a service logs as it
// always did, three of its lines carry an event attribute, and the gateway gets
// them. The gateway here is the SDK's test gateway on a loopback port; it
// accepts and refuses what the real one does.
//
//	go run ./examples/quickstart
//
// With -watch the events go to a local gateway instead, which shows them on a
// page; start it first, in another terminal, with
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
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// localGateway is where "go run -C localgateway ." listens.
const localGateway = "http://127.0.0.1:8080"

func main() {
	watch := flag.Bool("watch", false, "send to the local gateway at CAUSALITY_ENDPOINT, by default "+localGateway+", where the events can be watched")
	flag.Parse()

	recorder := causalitytest.NewRecorder()
	endpoint := cmp.Or(os.Getenv("CAUSALITY_ENDPOINT"), localGateway)
	if *watch {
		mustListen(endpoint)
	} else {
		gateway := httptest.NewServer(recorder)
		defer gateway.Close()
		endpoint = gateway.URL
	}

	// The five lines to add to a service's main.
	client, err := causality.New(causality.Config{
		APIKey:   strings.Repeat("0123456789abcdef", 4),
		Endpoint: endpoint,
		AppID:    "checkout",
	})
	if err != nil {
		log.Fatal(err)
	}
	logger := slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))

	heading("What the service logs, as before:")
	serve(logger)

	// Close sends what waits. A service does this last, after its server.
	if err := client.Close(); err != nil {
		log.Fatal(err)
	}

	heading("What the gateway got:")
	if *watch {
		fmt.Println("see " + endpoint)
	}
	for _, req := range recorder.Requests() {
		fmt.Printf("%s %s → %d\n%s\n", req.Method, req.Path, req.Status, req.Body)
	}
	heading("What became of the events:")
	stats := client.Stats()
	fmt.Printf("tracked %d, delivered %d, dropped %d, queued %d, in %d request\n",
		stats.Tracked, stats.Delivered, stats.Dropped.Total(), stats.Queued, stats.Requests)
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

// serve is the service: it logs five lines, three of which are events.
func serve(logger *slog.Logger) {
	// Usually a middleware puts the identity into the request's context.
	ctx := causality.ContextWithIdentity(context.Background(),
		causality.Identity{UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"})

	logger.Info("listening", "addr", ":8080")

	// The plain key: every attribute of the line is a property of the event.
	logger.Info("cart viewed", "event", "cart_viewed", "items", 3, "user_id", "u-2")

	// The identity comes from the context.
	logger.InfoContext(ctx, "order placed",
		"event", causality.EventPurchaseComplete, "order_id", "o-42", "total_cents", 1999, "gift", true)

	// The group form: only what Event lists leaves the process.
	logger.InfoContext(ctx, "signed up", "email", "ada@example.com",
		slogcausality.Event(causality.EventUserSignup, slog.String("method", "google")))

	logger.Warn("slow query", "ms", 512)
}

func heading(text string) { fmt.Printf("\n── %s\n\n", text) }
