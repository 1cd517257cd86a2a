package causality

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// What a Track costs, in allocations that are not the user's own.
func TestTrackAllocatesNothing(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	client, err := New(Config{
		APIKey: "k", Endpoint: "https://gateway.test", AppID: "checkout", DeviceID: "d",
		BatchSize: 1000, FlushInterval: time.Hour, MaxQueueBytes: 1 << 30, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = client.Shutdown(ctx)
	})
	// The loop that sends would take the events meanwhile; this is about Track.
	client.queue.sleep()
	attrs := []slog.Attr{slog.String("order_id", "o-42"), slog.Int("total_cents", 1999), slog.Bool("gift", true), slog.Float64("rate", 0.5),
		slog.Duration("took", time.Second), slog.Time("at", time.Now()), slog.Group("req", "method", "GET", "path", "/cart")}
	properties := map[string]any{"order_id": "o-42", "total_cents": 1999, "gift": true, "rate": 0.5}
	for name, ev := range map[string]Event{
		"with Attrs":      {EventType: "purchase_complete", UserID: "u-1", SessionID: "s-9", CorrelationID: "c", Attrs: attrs},
		"with Properties": {EventType: "purchase_complete", UserID: "u-1", Properties: properties},
	} {
		client.Track(ev) // fills the pools
		// A chunk of the queue is allocated now and then.
		if n := testing.AllocsPerRun(1000, func() { client.Track(ev) }); n >= 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
