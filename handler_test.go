// Package causality_test runs the logger adapters end to end: a log call on one
// side, the event that the gateway stored on the other.
package causality_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"testing"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// at is the time of events whose logger lets a test choose it.
var at = time.Date(2026, time.November, 23, 9, 52, 55, 123456789, time.UTC)

var ada = causality.Identity{UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}

// records is one log call in the words of each logger, and the events that must
// arrive, whichever logger the service has.
var records = []struct {
	name string
	slog func(ctx context.Context, log *slog.Logger)
	want []causality.Event
}{
	{
		name: "a line without an event attribute is no event",
		slog: func(ctx context.Context, log *slog.Logger) { log.Info("listening", "addr", ":8080") },
	},
	{
		name: "the plain key makes every attribute a property",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("order placed", "event", "purchase_complete", "order_id", "o-42", "total_cents", 1999, "rate", 0.5, "gift", true)
		},
		want: []causality.Event{{EventType: "purchase_complete", Properties: map[string]any{
			"order_id": "o-42", "total_cents": int64(1999), "rate": 0.5, "gift": true}}},
	},
	{
		name: "the group form sends exactly what it lists",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("host", "web-3").Info("signed up", "email", "ada@example.com",
				slogcausality.Event("user_signup", slog.String("method", "google")))
		},
		want: []causality.Event{{EventType: "user_signup", Properties: map[string]any{"method": "google"}}},
	},
	{
		name: "something else under the event key is an ordinary attribute",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("seen", "event", 7)
			log.Info("counted", "event", "page_view", "event_count", 2)
		},
		want: []causality.Event{{EventType: "page_view", Properties: map[string]any{"event_count": int64(2)}}},
	},
	{
		name: "the identity comes from the context",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.InfoContext(causality.ContextWithIdentity(ctx, ada), "viewed", "event", "page_view")
		},
		want: []causality.Event{{EventType: "page_view", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}},
	},
	{
		name: "identity attributes win over bound ones and both over the context",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("user_id", "bound", "session_id", "s-bound").
				InfoContext(causality.ContextWithIdentity(ctx, ada), "viewed", "event", "page_view", "user_id", "u-2", "device_id", "kiosk")
		},
		want: []causality.Event{{EventType: "page_view", DeviceID: "kiosk", UserID: "u-2", SessionID: "s-bound", CorrelationID: "req-7"}},
	},
	{
		name: "groups flatten with an underscore and so do dots",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("done", "event", "request", slog.Group("http", "method", "GET", "route.name", "cart"), "map", map[string]any{"b": 2, "a": map[string]any{"x": "y"}})
		},
		want: []causality.Event{{EventType: "request", Properties: map[string]any{
			"http_method": "GET", "http_route_name": "cart", "map_a_x": "y", "map_b": int64(2)}}},
	},
	{
		name: "an open group stands before the names, not before the event or the identity",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("a", 1).WithGroup("req").With("b", 2).Info("done", "event", "request", "user_id", "u-3", "c", 3)
		},
		want: []causality.Event{{EventType: "request", UserID: "u-3", Properties: map[string]any{
			"a": int64(1), "req_b": int64(2), "req_c": int64(3)}}},
	},
	{
		name: "a bound event key makes every line an event",
		slog: func(ctx context.Context, log *slog.Logger) {
			l := log.With("event", "heartbeat")
			l.Info("one", "n", 1)
			l.Info("two", "n", 2)
			l.Info("three", "event", "other")
		},
		want: []causality.Event{
			{EventType: "heartbeat", Properties: map[string]any{"n": int64(1)}},
			{EventType: "heartbeat", Properties: map[string]any{"n": int64(2)}},
			{EventType: "other"},
		},
	},
	{
		name: "the last of two equal keys wins, whatever their kinds",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("k", "bound").Info("twice", "event", "e", "k", 1, "k", "two", "a.b", 1, "a_b", true)
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{"k": "two", "a_b": true}}},
	},
	{
		name: "errors, durations and times have one form",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("failed", "event", "e", "error", errors.New("no stock"), "took", 1500*time.Microsecond, "since", at)
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{
			"error": "no stock", "took": 1.5, "since": "2026-11-23T09:52:55.123456789Z"}}},
	},
	{
		name: "a list is its JSON text, an object flattens, nil is left out",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("nested", "event", "e", "tags", []string{"a", "b"}, "item", struct {
				SKU string `json:"sku"`
				Qty int    `json:"qty"`
			}{"p-1", 2}, "none", nil)
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{
			"tags": `["a","b"]`, "item_sku": "p-1", "item_qty": int64(2)}}},
	},
	{
		name: "what the event itself uses keeps its name",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("renamed", "event", "e", "user_id", "u-4", slog.Group("user", "id", "other"))
		},
		want: []causality.Event{{EventType: "e", UserID: "u-4", Properties: map[string]any{"user_id_2": "other"}}},
	},
	{
		name: "a debug line is below the level of events",
		slog: func(ctx context.Context, log *slog.Logger) { log.Debug("quiet", "event", "e") },
	},
}

func TestTheSameLogCallIsTheSameEvent(t *testing.T) {
	for _, record := range records {
		t.Run(record.name, func(t *testing.T) {
			t.Run("slog", func(t *testing.T) {
				client, recorder := causalitytest.New(t)
				record.slog(context.Background(), slog.New(slogcausality.Tee(slog.NewJSONHandler(io.Discard, nil), client)))
				check(t, client, recorder, record.want)
			})
		})
	}
}

// check compares what was stored with what was meant, but for what differs from
// run to run.
func check(t *testing.T, client *causality.Client, recorder *causalitytest.Recorder, want []causality.Event) {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatalf("Flush: %v", err)
	}
	got := recorder.Events()
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i, event := range got {
		if age := time.Since(time.UnixMilli(event.TimestampMs)); age < 0 || age > time.Minute {
			t.Errorf("event %d is %v old", i, age)
		}
		event.AppID, event.IdempotencyKey, event.TimestampMs = "", "", 0
		if want[i].DeviceID == "" {
			event.DeviceID = ""
		}
		if len(event.Properties) == 0 {
			event.Properties = nil
		}
		if !reflect.DeepEqual(event, want[i]) {
			t.Errorf("event %d:\n got %+v\nwant %+v", i, event, want[i])
		}
	}
}
