package peers

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/axiomhq/axiom-go/axiom"
	"github.com/getsentry/sentry-go"
	"github.com/posthog/posthog-go"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/purchase"
	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Trackers are called without a logger. Whose documentation lets the caller use
// what holds the properties again, as ours does, is given the same each time; who
// keeps it is given another.
var Trackers = []Library{
	{"causality", CausalityAttrs},
	{"causality-map", CausalityMap},
	{"posthog", posthogCapture},
	{"otel", otelEmit},
	{"axiom", axiomChannel},
	{"sentry", sentryLog},
}

// CausalityAttrs tracks the event with its properties as attributes.
func CausalityAttrs(url string) (Sender, error) {
	client, err := Causality(url)
	if err != nil {
		return Sender{}, err
	}
	attrs := purchase.Attrs()
	return Sender{
		Track: func() {
			client.Track(causality.Event{EventType: purchase.Type, UserID: purchase.UserID, Attrs: attrs})
		},
		Wait:  causalityWait(client),
		Close: func() { _ = client.Close() },
	}, nil
}

// CausalityMap tracks it with its properties as a map.
func CausalityMap(url string) (Sender, error) {
	client, err := Causality(url)
	if err != nil {
		return Sender{}, err
	}
	properties := purchase.Map()
	return Sender{
		Track: func() {
			client.Track(causality.Event{EventType: purchase.Type, UserID: purchase.UserID, Properties: properties})
		},
		Wait:  causalityWait(client),
		Close: func() { _ = client.Close() },
	}, nil
}

// settled counts what posthog has finished.
type settled struct{ atomic.Int64 }

func (s *settled) Success(posthog.APIMessage)        { s.Add(1) }
func (s *settled) Failure(posthog.APIMessage, error) { s.Add(1) }

type quiet struct{}

func (quiet) Debugf(string, ...interface{}) {}
func (quiet) Logf(string, ...interface{})   {}
func (quiet) Warnf(string, ...interface{})  {}
func (quiet) Errorf(string, ...interface{}) {}

func posthogCapture(url string) (Sender, error) {
	var done settled
	client, err := posthog.NewWithConfig("phc_key", posthog.Config{Endpoint: url, Callback: &done, Logger: quiet{}})
	if err != nil {
		return Sender{}, err
	}
	var sent atomic.Int64
	return Sender{
		Track: func() {
			sent.Add(1)
			_ = client.Enqueue(posthog.Capture{Event: purchase.Type, DistinctId: purchase.UserID, Properties: purchase.Map()})
		},
		// It has no Flush. It drops what is beyond 1000 requests.
		Wait: func() {
			for deadline := time.Now().Add(closeTimeout); sent.Load()-done.Load() > 20*Burst && time.Now().Before(deadline); {
				time.Sleep(time.Millisecond)
			}
		},
		Close: func() { _ = client.Close() },
	}, nil
}

func otelEmit(url string) (Sender, error) {
	provider, err := otelProvider(url)
	if err != nil {
		return Sender{}, err
	}
	logger, ctx := provider.Logger("checkout"), context.Background()
	return Sender{
		Track: func() {
			var r log.Record
			r.SetTimestamp(time.Now())
			r.SetSeverity(log.SeverityInfo)
			r.SetEventName(purchase.Type)
			r.AddAttributes(
				attribute.String("user_id", purchase.UserID),
				attribute.String("order_id", purchase.OrderID), attribute.String("cart_id", purchase.Cart),
				attribute.String("payment_method", purchase.Method), attribute.String("currency", purchase.Coin),
				attribute.Int("total_cents", purchase.Cents), attribute.Int("item_count", purchase.Items))
			logger.Emit(ctx, r)
		},
		// It drops what its queue of 2048 has no room for.
		Wait:  func() { _ = provider.ForceFlush(ctx) },
		Close: shutdown(provider),
	}, nil
}

func axiomChannel(url string) (Sender, error) {
	client, err := axiomClient(url)
	if err != nil {
		return Sender{}, err
	}
	// As large as that of its slog handler.
	events, done := make(chan axiom.Event, 10_000), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = client.IngestChannel(context.Background(), axiomDataset, events)
	}()
	return Sender{
		Track: func() {
			e := axiom.Event(purchase.Map())
			e["event"], e["user_id"] = purchase.Type, purchase.UserID
			e["_time"] = time.Now()
			events <- e
		},
		Wait: noWait, // Track waits
		Close: func() {
			close(events)
			<-done
		},
	}, nil
}

func sentryLog(url string) (Sender, error) {
	client, err := sentryClient(url)
	if err != nil {
		return Sender{}, err
	}
	ctx := sentry.SetHubOnContext(context.Background(), sentry.NewHub(client, sentry.NewScope()))
	logger := sentry.NewLogger(ctx)
	return Sender{
		Track: func() {
			logger.Info().WithCtx(ctx).
				String("user_id", purchase.UserID).
				String("order_id", purchase.OrderID).String("cart_id", purchase.Cart).
				String("payment_method", purchase.Method).String("currency", purchase.Coin).
				Int("total_cents", purchase.Cents).Int("item_count", purchase.Items).
				Emit(purchase.Type)
		},
		// It drops what its queue has no room for.
		Wait:  func() { client.Flush(closeTimeout) },
		Close: func() { client.Flush(closeTimeout); client.Close() },
	}, nil
}
