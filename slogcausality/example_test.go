package slogcausality_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// connect returns a client and the gateway that it sends to, which here is a
// recorder. A service writes causality.New(causality.ConfigFromEnv()).
func connect() (*causality.Client, *causalitytest.Recorder) {
	gateway := causalitytest.NewRecorder()
	client, err := causality.New(causality.Config{
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://events.example.com",
		AppID:     "checkout",
		Transport: gateway,
	})
	if err != nil {
		panic(err)
	}
	return client, gateway
}

// show closes the client and prints what has arrived at the gateway.
func show(client *causality.Client, gateway *causalitytest.Recorder) {
	if err := client.Close(); err != nil {
		panic(err)
	}
	for _, e := range gateway.Events() {
		fmt.Printf("-> %s user=%q %v\n", e.EventType, e.UserID, e.Properties)
	}
}

// console is the handler that a service has, without the time, which would differ
// in each run.
func console(level slog.Level) slog.Handler {
	return slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	})
}

// The lines are written as before, and the event goes to the gateway.
func Example() {
	client, gateway := connect()
	logger := slog.New(slogcausality.Tee(console(slog.LevelInfo), client))

	logger.Info("listening", "addr", ":8080")
	logger.Info("order placed",
		"event", "purchase_complete", "user_id", "u-1", "order_id", "o-42", "total_cents", 1999)

	show(client, gateway)
	// Output:
	// level=INFO msg=listening addr=:8080
	// level=INFO msg="order placed" event=purchase_complete user_id=u-1 order_id=o-42 total_cents=1999
	// -> purchase_complete user="u-1" map[order_id:o-42 total_cents:1999]
}

// A logger at Warn still tracks its Info events.
func ExampleTee() {
	client, gateway := connect()
	logger := slog.New(slogcausality.Tee(console(slog.LevelWarn), client))

	logger.Info("order placed", "event", "purchase_complete", "order_id", "o-42")
	logger.Warn("payment failed", "event", "purchase_failed", "error_code", "card_declined")

	show(client, gateway)
	// Output:
	// level=WARN msg="payment failed" event=purchase_failed error_code=card_declined
	// -> purchase_complete user="" map[order_id:o-42]
	// -> purchase_failed user="" map[error_code:card_declined]
}

// A Handler writes nothing: for a logger of events alone, or for handlers that
// join several.
func ExampleNewHandler() {
	client, gateway := connect()
	analytics := slog.New(slogcausality.NewHandler(client)).With("shop", "eu")

	analytics.Info("", "event", "cart_viewed", "items", 3)

	show(client, gateway)
	// Output:
	// -> cart_viewed user="" map[items:3 shop:eu]
}

// Only what Event lists leaves the process; the rest of the line stays in the log.
func ExampleEvent() {
	client, gateway := connect()
	logger := slog.New(slogcausality.Tee(console(slog.LevelInfo), client)).With("svc", "shop")

	logger.Info("signed up", "email", "ada@example.com",
		slogcausality.Event("user_signup", slog.String("method", "google"), slog.String("user_id", "u-1")))

	show(client, gateway)
	// Output:
	// level=INFO msg="signed up" svc=shop email=ada@example.com event.event_type=user_signup event.method=google event.user_id=u-1
	// -> user_signup user="u-1" map[method:google]
}

// A service that uses the key "event" for something else chooses another.
func ExampleWithEventKeys() {
	client, gateway := connect()
	logger := slog.New(slogcausality.NewHandler(client, slogcausality.WithEventKeys("track")))

	logger.Info("mouse moved", "event", "mousemove")
	logger.Info("order placed", "track", "purchase_complete", "order_id", "o-42")

	show(client, gateway)
	// Output:
	// -> purchase_complete user="" map[order_id:o-42]
}

// The level of events may be changed while the service runs.
func ExampleWithLevel() {
	client, gateway := connect()
	level := new(slog.LevelVar) // Info
	logger := slog.New(slogcausality.NewHandler(client, slogcausality.WithLevel(level)))

	logger.Debug("cart viewed", "event", "cart_viewed", "items", 2)
	level.Set(slog.LevelDebug)
	logger.Debug("cart viewed", "event", "cart_viewed", "items", 3)

	show(client, gateway)
	// Output:
	// -> cart_viewed user="" map[items:3]
}
