// Package peers drives each library as its documentation says, with its
// defaults.
package peers

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/axiomhq/axiom-go/axiom"
	"github.com/getsentry/sentry-go"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Sender sends the event of package purchase.
type Sender struct {
	// Track sends one event, as far as the caller has to wait for it.
	Track func()
	// Wait waits for room, so that no event need be lost. It is called after
	// every [Burst] events.
	Wait func()
	// Close delivers what is left.
	Close func()
}

// Burst is how many events may be tracked before the next Wait: fewer than
// OpenTelemetry's queue holds.
const Burst = 1000

// Library makes a Sender that sends to the server at url.
type Library struct {
	Name string
	New  func(url string) (Sender, error)
}

// Find returns the library of this name.
func Find(list []Library, name string) (Library, bool) {
	for _, l := range list {
		if l.Name == name {
			return l, true
		}
	}
	return Library{}, false
}

// closeTimeout is what delivering the rest may take: a library that hangs must
// not hang the others.
const closeTimeout = 20 * time.Second

// Causality returns a client with the default Config.
func Causality(url string) (*causality.Client, error) {
	return causality.New(causality.Config{
		APIKey:       strings.Repeat("0123456789abcdef", 4),
		Endpoint:     url,
		AppID:        "checkout",
		CloseTimeout: closeTimeout,
		Logger:       slog.New(slog.DiscardHandler),
	})
}

// causalityWait leaves the queue some room.
func causalityWait(client *causality.Client) func() {
	return func() {
		for client.Stats().Queued > 20*Burst {
			time.Sleep(time.Millisecond)
		}
	}
}

// axiomClient only differs from the default in where it sends.
func axiomClient(url string) (*axiom.Client, error) {
	return axiom.NewClient(axiom.SetNoEnv(), axiom.SetURL(url), axiom.SetToken("xaat-00000000-0000-0000-0000-000000000000"))
}

const axiomDataset = "events"

func sentryClient(url string) (*sentry.Client, error) {
	return sentry.NewClient(sentry.ClientOptions{
		Dsn: strings.Replace(url, "http://", "http://key@", 1) + "/1",
	})
}

func otelProvider(url string) (*sdklog.LoggerProvider, error) {
	exporter, err := otlploghttp.New(context.Background(), otlploghttp.WithEndpointURL(url+"/v1/logs"))
	if err != nil {
		return nil, err
	}
	return sdklog.NewLoggerProvider(sdklog.WithProcessor(sdklog.NewBatchProcessor(exporter))), nil
}

func shutdown(provider *sdklog.LoggerProvider) func() {
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		_ = provider.Shutdown(ctx)
	}
}

func noWait() {}
