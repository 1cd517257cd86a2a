package causality_test

import (
	"context"
	"errors"
	"expvar"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// connect returns a client, and the gateway that it sends to, which here is a
// recorder. A service writes causality.New(causality.ConfigFromEnv()).
func connect(change ...func(cfg *causality.Config)) (*causality.Client, *causalitytest.Recorder) {
	gateway := causalitytest.NewRecorder()
	cfg := causality.Config{
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://events.example.com",
		AppID:     "checkout",
		Transport: gateway,
		Logger:    slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&cfg)
	}
	client, err := causality.New(cfg)
	if err != nil {
		panic(err)
	}
	return client, gateway
}

// show closes the client and prints what has arrived at the gateway.
func show(client *causality.Client, gateway *causalitytest.Recorder) {
	if err := client.Close(); err != nil {
		fmt.Println(err)
	}
	for _, e := range gateway.Events() {
		fmt.Printf("-> %s user=%q %v\n", e.EventType, e.UserID, e.Properties)
	}
}

// A service makes one client, tracks, and closes it last.
func Example() {
	client, gateway := connect()

	client.Track(causality.Event{
		EventType:  causality.EventPurchaseComplete,
		UserID:     "u-1",
		Properties: map[string]any{"order_id": "o-42", "total_cents": 1999},
	})

	show(client, gateway)
	// Output:
	// -> purchase_complete user="u-1" map[order_id:o-42 total_cents:1999]
}

// New says everything that is wrong with a Config at once.
func ExampleNew() {
	_, err := causality.New(causality.Config{Endpoint: "events.example.com", AppID: "my shop", BatchSize: 2000})
	fmt.Println(err)
	// Output:
	// causality: Config: APIKey is empty; set CAUSALITY_API_KEY to the gateway's key of 64 hex digits, or, without a gateway, set CAUSALITY_DRY_RUN=1
	// causality: Config: Endpoint is "events.example.com", which does not start with http:// or https://; for example https://events.example.com
	// causality: Config: AppID is "my shop"; only letters, digits, dot, underscore and hyphen are allowed, at most 256, for example checkout-eu
	// causality: Config: BatchSize is 2000; it must be from 1 to 1000 (MaxBatchSize is the limit), for example 50
}

// What a container is given is enough for most services.
func ExampleConfigFromEnv() {
	for name, value := range map[string]string{
		"CAUSALITY_ENDPOINT":       "https://events.example.com",
		"CAUSALITY_API_KEY":        strings.Repeat("0123456789abcdef", 4),
		"CAUSALITY_APP_ID":         "checkout",
		"CAUSALITY_FLUSH_INTERVAL": "5s",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	cfg := causality.ConfigFromEnv()
	fmt.Println(cfg.APIKey == "", cfg.AppID, cfg.FlushInterval)
	fmt.Println(slog.AnyValue(cfg).Resolve().Group()[0]) // printed and logged, it hides the key
	// Output:
	// false checkout 5s
	// APIKey=[redacted]
}

// A developer sees each event instead of sending it. CAUSALITY_DRY_RUN=1 does the
// same from outside.
func ExampleConfig_debug() {
	client, err := causality.New(causality.Config{
		DryRun: os.Stdout, AppID: "checkout", DeviceID: "laptop",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	client.Track(causality.Event{
		EventType: "order_placed", UserID: "u-1",
		TimestampMs: time.Date(2026, time.November, 23, 9, 52, 55, 0, time.Local).UnixMilli(),
		Properties:  map[string]any{"order_id": "o-42", "address": map[string]any{"city": "Lyon"}},
	})
	// Output:
	// order_placed  09:52:55.000  user=u-1 device=laptop app=checkout
	//     address_city  "Lyon"
	//     order_id      "o-42"
}

// ReplaceAttr keeps what must not leave the process.
func ExampleConfig_replaceAttr() {
	client, gateway := connect(func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if a.Key == "email" {
				return slog.Attr{}
			}
			return a
		}
	})
	client.Track(causality.Event{EventType: "user_signup", Properties: map[string]any{"email": "ada@example.com", "plan": "pro"}})
	show(client, gateway)
	// Output:
	// -> user_signup user="" map[plan:pro]
}

// BeforeTrack sees the whole event and may refuse it.
func ExampleConfig_beforeTrack() {
	client, gateway := connect(func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			return e, e.UserID != "has-objected"
		}
	})
	client.Track(causality.Event{EventType: "cart_viewed", UserID: "u-1"})
	client.Track(causality.Event{EventType: "cart_viewed", UserID: "has-objected"})
	show(client, gateway)
	fmt.Println(client.Stats().Dropped.Filtered, "filtered")
	// Output:
	// -> cart_viewed user="u-1" map[]
	// 1 filtered
}

// Attrs are properties without a map.
func ExampleClient_Track() {
	client, gateway := connect()
	client.Track(causality.Event{
		EventType: "order_shipped",
		Attrs:     []slog.Attr{slog.String("order_id", "o-42"), slog.Duration("after", 90*time.Second)},
	})
	show(client, gateway)
	// Output:
	// -> order_shipped user="" map[after:90000 order_id:o-42]
}

// Flush returns when what was tracked before it is settled.
func ExampleClient_Flush() {
	client, gateway := connect()
	defer client.Close()
	client.Track(causality.Event{EventType: "job_done"})
	if err := client.Flush(); err != nil {
		fmt.Println("kept, and sent again:", err)
	}
	fmt.Println(gateway.Len(), "stored")
	// Output: 1 stored
}

// FlushContext waits no longer than its context; the events are sent all the same.
func ExampleClient_FlushContext() {
	client, gateway := connect()
	gateway.Always(causalitytest.Hang()) // it takes requests and never answers
	client.Track(causality.Event{EventType: "job_done"})

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	fmt.Println(client.FlushContext(ctx))
	_ = client.Shutdown(ctx) // at once
	// Output: causality: flush stopped waiting for 1 events, which are still being sent: context deadline exceeded
}

// Shutdown is Close with a deadline of one's own.
func ExampleClient_Shutdown() {
	client, gateway := connect()
	gateway.Always(causalitytest.Status(503)) // the gateway is away
	client.Track(causality.Event{EventType: "job_done"})

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	err := client.Shutdown(ctx)
	fmt.Println(errors.Is(err, causality.ErrUndelivered), client.Stats().Dropped.Closed, "lost")
	// Output: true 1 lost
}

// Stats says where the events are.
func ExampleClient_Stats() {
	client, _ := connect()
	defer client.Close()
	client.Track(causality.Event{EventType: "job_done"})
	client.Track(causality.Event{}) // no type
	s := client.Stats()
	fmt.Println(s.Tracked, "=", s.Delivered, "+", s.Dropped.Total(), "+", s.Queued)
	// Output: 2 = 0 + 1 + 1
}

// The Stats have a JSON form, which expvar shows.
func ExampleClient_Stats_expvar() {
	client, _ := connect()
	defer client.Close()
	expvar.Publish("causality", expvar.Func(func() any { return client.Stats() }))
	client.Track(causality.Event{EventType: "job_done"})
	shown, _, _ := strings.Cut(expvar.Get("causality").String(), `,"dropped"`)
	fmt.Println(shown, "…")
	// Output: {"tracked":1,"recovered":0,"delivered":0 …
}

// A GatewayError is found in what Flush, Close and OnError give.
func ExampleGatewayError() {
	client, gateway := connect(func(cfg *causality.Config) { cfg.MaxRetries = -1 })
	gateway.Script(causalitytest.Status(401))
	client.Track(causality.Event{EventType: "job_done"})

	var refused *causality.GatewayError
	if err := client.Flush(); errors.As(err, &refused) {
		fmt.Println(refused.StatusCode, refused.Events)
	}
	show(client, gateway) // it was kept
	// Output:
	// 401 1
	// -> job_done user="" map[]
}

// A middleware puts the identity into the context, for all loggers.
func ExampleContextWithIdentity() {
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{SessionID: "s-9"})
	ctx = causality.ContextWithIdentity(ctx, causality.Identity{UserID: "u-1"}) // a later one adds the user
	fmt.Printf("%+v\n", causality.IdentityFromContext(ctx))
	// Output: {DeviceID: UserID:u-1 SessionID:s-9 CorrelationID:}
}
