package zerologcausality_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// newShop returns a client of a gateway that is in this process.
func newShop() (*causality.Client, *causalitytest.Recorder) {
	gateway := causalitytest.NewRecorder()
	client, err := causality.New(causality.Config{
		APIKey:    strings.Repeat("0123456789abcdef", 4),
		Endpoint:  "https://events.example.com",
		AppID:     "shop",
		Transport: gateway,
	})
	if err != nil {
		panic(err)
	}
	return client, gateway
}

// show closes the client and prints what the gateway got.
func show(client *causality.Client, gateway *causalitytest.Recorder) {
	if err := client.Close(); err != nil {
		panic(err)
	}
	for _, e := range gateway.Events() {
		fmt.Print(e.EventType, ":")
		if e.UserID != "" {
			fmt.Print(" user=", e.UserID)
		}
		for _, key := range slices.Sorted(maps.Keys(e.Properties)) {
			fmt.Printf(" %s=%v", key, e.Properties[key])
		}
		fmt.Println()
	}
}

func ExampleNewHook() {
	client, gateway := newShop()
	logger := zerolog.New(os.Stdout).Hook(zerologcausality.NewHook(client))

	logger.Info().Str("addr", ":8080").Msg("listening")
	logger.Info().Str("event", "purchase_complete").Str("order_id", "o-42").Int("total_cents", 1999).Msg("order placed")

	show(client, gateway)
	// Output:
	// {"level":"info","addr":":8080","message":"listening"}
	// {"level":"info","event":"purchase_complete","order_id":"o-42","total_cents":1999,"message":"order placed"}
	// purchase_complete: order_id=o-42 total_cents=1999
}

// The identity comes from the context, which a middleware binds to the request's
// logger.
func ExampleNewHook_context() {
	client, gateway := newShop()
	logger := zerolog.New(nil).Hook(zerologcausality.NewHook(client))

	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1"})
	ctx = logger.With().Ctx(ctx).Logger().WithContext(ctx)

	zerolog.Ctx(ctx).Info().Str("event", "cart_viewed").Int("items", 3).Send()

	show(client, gateway)
	// Output:
	// cart_viewed: user=u-1 items=3
}

// samplingWriter passes on the lines that its sampler lets through.
type samplingWriter struct {
	zerolog.LevelWriter
	sampler zerolog.Sampler
}

func (w samplingWriter) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	if !w.sampler.Sample(level) {
		return len(p), nil
	}
	return w.LevelWriter.WriteLevel(level, p)
}

// A sampler on the logger would sample the events too; one on the console leaves
// them alone.
func ExampleNewHook_sampling() {
	client, gateway := newShop()
	console := samplingWriter{zerolog.LevelWriterAdapter{Writer: os.Stdout}, &zerolog.BasicSampler{N: 3}}
	logger := zerolog.New(console).Hook(zerologcausality.NewHook(client))

	for n := range 3 {
		logger.Info().Str("event", "page_view").Int("n", n).Send()
	}

	show(client, gateway)
	// Output:
	// {"level":"info","event":"page_view","n":0}
	// page_view: n=0
	// page_view: n=1
	// page_view: n=2
}

func ExampleNewWriter() {
	client, gateway := newShop()
	logger := zerolog.New(zerolog.MultiLevelWriter(os.Stdout, zerologcausality.NewWriter(client)))

	logger.Info().Str("event", "purchase_complete").Str("user_id", "u-1").Str("order_id", "o-42").Msg("order placed")

	show(client, gateway)
	// Output:
	// {"level":"info","event":"purchase_complete","user_id":"u-1","order_id":"o-42","message":"order placed"}
	// purchase_complete: user=u-1 order_id=o-42
}

func ExampleEvent() {
	client, gateway := newShop()
	logger := zerolog.New(os.Stdout).Hook(zerologcausality.NewHook(client))

	// The address stays in the log.
	logger.Info().Str("email", "ada@example.com").
		Object("event", zerologcausality.Event("user_signup", func(e *zerolog.Event) {
			e.Str("user_id", "u-1").Str("method", "google")
		})).
		Msg("signed up")

	show(client, gateway)
	// Output:
	// {"level":"info","email":"ada@example.com","event":{"event_type":"user_signup","user_id":"u-1","method":"google"},"message":"signed up"}
	// user_signup: user=u-1 method=google
}

// The group form needs nothing of this package.
func ExampleEvent_byHand() {
	client, gateway := newShop()
	logger := zerolog.New(nil).Hook(zerologcausality.NewHook(client))

	event := zerolog.Dict().Str("event_type", "user_signup").Str("method", "google")
	logger.Info().Str("email", "ada@example.com").Dict("event", event).Msg("signed up")

	show(client, gateway)
	// Output:
	// user_signup: method=google
}

func ExampleWithEventKeys() {
	client, gateway := newShop()
	hook := zerologcausality.NewHook(client, zerologcausality.WithEventKeys("track"))
	logger := zerolog.New(nil).Hook(hook)

	logger.Info().Str("track", "page_view").Str("event", "DOMContentLoaded").Send()

	show(client, gateway)
	// Output:
	// page_view: event=DOMContentLoaded
}

func ExampleWithLevel() {
	client, gateway := newShop()
	hook := zerologcausality.NewHook(client, zerologcausality.WithLevel(zerolog.DebugLevel))
	logger := zerolog.New(nil).Hook(hook)

	logger.Trace().Str("event", "cache_probe").Send()
	logger.Debug().Str("event", "cache_miss").Send()

	show(client, gateway)
	// Output:
	// cache_miss:
}
