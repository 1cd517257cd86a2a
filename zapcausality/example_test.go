package zapcausality_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
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

// The line is written as before, and the event goes to the gateway.
func Example() {
	client, gateway := connect()
	logger := zap.NewExample(zapcausality.Tee(client))

	logger.Info("listening", zap.String("addr", ":8080"))
	logger.Info("order placed",
		zap.String("event", "purchase_complete"), zap.String("user_id", "u-1"),
		zap.String("order_id", "o-42"), zap.Int("total_cents", 1999))

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"listening","addr":":8080"}
	// {"level":"info","msg":"order placed","event":"purchase_complete","user_id":"u-1","order_id":"o-42","total_cents":1999}
	// -> purchase_complete user="u-1" map[order_id:o-42 total_cents:1999]
}

// A logger at Warn still tracks its Info events.
func ExampleTee() {
	client, gateway := connect()
	logger := zap.NewExample(zap.IncreaseLevel(zap.WarnLevel)).WithOptions(zapcausality.Tee(client))

	logger.Info("order placed", zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"))
	logger.Warn("payment failed", zap.String("event", "purchase_failed"), zap.String("error_code", "card_declined"))

	show(client, gateway)
	// Output:
	// {"level":"warn","msg":"payment failed","event":"purchase_failed","error_code":"card_declined"}
	// -> purchase_complete user="" map[order_id:o-42]
	// -> purchase_failed user="" map[error_code:card_declined]
}

// The sampler is around the core that writes alone, so that it drops no events.
func ExampleNewCore() {
	client, gateway := connect()
	console := zap.NewExample().Core()
	sampled := zapcore.NewSamplerWithOptions(console, time.Minute, 1, 0) // one such line a minute
	logger := zap.New(zapcore.NewTee(sampled, zapcausality.NewCore(client)))

	for page := range 3 {
		logger.Info("page seen", zap.String("event", "page_view"), zap.Int("page", page+1))
	}

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"page seen","event":"page_view","page":1}
	// -> page_view user="" map[page:1]
	// -> page_view user="" map[page:2]
	// -> page_view user="" map[page:3]
}

// Only what Event lists is sent, whatever else the line says.
func ExampleEvent() {
	client, gateway := connect()
	logger := zap.NewExample(zapcausality.Tee(client)).With(zap.String("user_id", "u-1"), zap.String("pod", "web-3"))

	logger.Info("signed up",
		zapcausality.Event("user_signup", zap.String("method", "google")),
		zap.String("email", "ada@example.com"))

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"signed up","user_id":"u-1","pod":"web-3","event":{"event_type":"user_signup","method":"google"},"email":"ada@example.com"}
	// -> user_signup user="u-1" map[method:google]
}

// The same object, written by hand.
func ExampleEvent_byHand() {
	client, gateway := connect()
	logger := zap.NewExample(zapcausality.Tee(client))

	logger.Info("signed up", zap.Dict("event", zap.String("event_type", "user_signup"), zap.String("method", "google")))

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"signed up","event":{"event_type":"user_signup","method":"google"}}
	// -> user_signup user="" map[method:google]
}

// A service whose lines say "event" about something else.
func ExampleWithEventKeys() {
	client, gateway := connect()
	logger := zap.NewExample(zapcausality.Tee(client, zapcausality.WithEventKeys("track")))

	logger.Info("ticket sold", zap.String("track", "purchase_complete"), zap.String("event", "GopherCon"))

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"ticket sold","track":"purchase_complete","event":"GopherCon"}
	// -> purchase_complete user="" map[event:GopherCon]
}

// Events at the level of the lines: nothing is made that is not written.
func ExampleWithLevel() {
	client, gateway := connect()
	level := zap.NewAtomicLevelAt(zap.WarnLevel)
	logger := zap.NewExample(zap.IncreaseLevel(level), zapcausality.Tee(client, zapcausality.WithLevel(level)))

	logger.Info("order placed", zap.String("event", "purchase_complete"))
	logger.Warn("payment failed", zap.String("event", "purchase_failed"))

	show(client, gateway)
	// Output:
	// {"level":"warn","msg":"payment failed","event":"purchase_failed"}
	// -> purchase_failed user="" map[]
}

// A middleware puts the user in the context, and the log call hands it on.
func ExampleContext() {
	client, gateway := connect()
	logger := zap.NewExample(zapcausality.Tee(client))

	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1"})
	logger.Info("order placed", zapcausality.Context(ctx), zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"))

	show(client, gateway)
	// Output:
	// {"level":"info","msg":"order placed","event":"purchase_complete","order_id":"o-42"}
	// -> purchase_complete user="u-1" map[order_id:o-42]
}
