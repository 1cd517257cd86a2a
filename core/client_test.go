package causality_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

const testKey = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e"

var discard = slog.New(slog.DiscardHandler)

// config is a valid Config whose batches wait for their size, Flush or Close.
func config(transport http.RoundTripper) causality.Config {
	return causality.Config{
		APIKey: testKey, Endpoint: "https://gateway.test", AppID: "checkout", DeviceID: "web-3",
		FlushInterval: 24 * time.Hour, Transport: transport, Logger: discard,
	}
}

// newClient returns a client that ends with the test, at once and whatever is
// left.
func newClient(t testing.TB, transport http.RoundTripper, change ...func(*causality.Config)) *causality.Client {
	t.Helper()
	cfg := config(transport)
	for _, f := range change {
		f(&cfg)
	}
	client, err := causality.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { abandon(client) })
	return client
}

// abandon closes the client and gives it no time.
func abandon(client *causality.Client) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = client.Shutdown(ctx)
}

// track tracks events numbered from … to-1.
func track(client *causality.Client, from, to int) {
	for n := from; n < to; n++ {
		client.Track(causality.Event{EventType: "numbered", Attrs: []slog.Attr{slog.Int("n", n)}})
	}
}

// numbered returns from … to-1.
func numbered(from, to int) []int {
	numbers := []int{}
	for n := from; n < to; n++ {
		numbers = append(numbers, n)
	}
	return numbers
}

// balanced returns the client's Stats and fails t if they do not add up.
func balanced(t testing.TB, client *causality.Client) causality.Stats {
	t.Helper()
	s := client.Stats()
	if s.Tracked+s.Recovered != s.Delivered+s.Dropped.Total()+int64(s.Queued) {
		t.Errorf("the counts do not add up: %+v", s)
	}
	if s.Queued == 0 && s.QueuedBytes != 0 || s.QueuedBytes < 0 {
		t.Errorf("%d events have %d bytes", s.Queued, s.QueuedBytes)
	}
	return s
}

func flush(t testing.TB, client *causality.Client) {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatalf("Flush: %v", err)
	}
}

func batchSize(n int) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.BatchSize = n }
}

func maxInFlight(n int) func(*causality.Config) {
	return func(cfg *causality.Config) { cfg.MaxInFlight = n }
}
