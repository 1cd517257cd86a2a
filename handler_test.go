// Package causality_test runs the logger adapters end to end: a log call on one
// side, the event that the gateway stored on the other.
package causality_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

// at is the time of events whose logger lets a test choose it.
var at = time.Date(2026, time.November, 23, 9, 52, 55, 123456789, time.UTC)

var ada = causality.Identity{UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}

type item struct {
	SKU string `json:"sku"`
	Qty int    `json:"qty"`
}

// records is one log call in the words of each logger, and the events that must
// arrive, whichever logger the service has.
var records = []struct {
	name    string
	slog    func(ctx context.Context, log *slog.Logger)
	zap     func(ctx context.Context, log *zap.Logger)
	zerolog func(ctx context.Context, log zerolog.Logger)
	want    []causality.Event
}{
	{
		name:    "a line without an event attribute is no event",
		slog:    func(ctx context.Context, log *slog.Logger) { log.Info("listening", "addr", ":8080") },
		zap:     func(ctx context.Context, log *zap.Logger) { log.Info("listening", zap.String("addr", ":8080")) },
		zerolog: func(ctx context.Context, log zerolog.Logger) { log.Info().Str("addr", ":8080").Msg("listening") },
	},
	{
		name: "the plain key makes every attribute a property",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("order placed", "event", "purchase_complete", "order_id", "o-42", "total_cents", 1999, "rate", 0.5, "gift", true)
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("order placed", zap.String("event", "purchase_complete"), zap.String("order_id", "o-42"), zap.Int("total_cents", 1999), zap.Float64("rate", 0.5), zap.Bool("gift", true))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Str("event", "purchase_complete").Str("order_id", "o-42").Int("total_cents", 1999).Float64("rate", 0.5).Bool("gift", true).Msg("order placed")
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
		zap: func(ctx context.Context, log *zap.Logger) {
			log.With(zap.String("host", "web-3")).Info("signed up", zap.String("email", "ada@example.com"),
				zapcausality.Event("user_signup", zap.String("method", "google")))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log = log.With().Str("host", "web-3").Logger()
			log.Info().Str("email", "ada@example.com").
				Object("event", zerologcausality.Event("user_signup", func(e *zerolog.Event) { e.Str("method", "google") })).Msg("signed up")
		},
		want: []causality.Event{{EventType: "user_signup", Properties: map[string]any{"method": "google"}}},
	},
	{
		name: "something else under the event key is an ordinary attribute",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("seen", "event", 7)
			log.Info("counted", "event", "page_view", "event_count", 2)
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("seen", zap.Int("event", 7))
			log.Info("counted", zap.String("event", "page_view"), zap.Int("event_count", 2))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Int("event", 7).Msg("seen")
			log.Info().Str("event", "page_view").Int("event_count", 2).Msg("counted")
		},
		want: []causality.Event{{EventType: "page_view", Properties: map[string]any{"event_count": int64(2)}}},
	},
	{
		name: "the identity comes from the context",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.InfoContext(causality.ContextWithIdentity(ctx, ada), "viewed", "event", "page_view")
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("viewed", zap.Any("ctx", causality.ContextWithIdentity(ctx, ada)), zap.String("event", "page_view"))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Ctx(causality.ContextWithIdentity(ctx, ada)).Str("event", "page_view").Msg("viewed")
		},
		want: []causality.Event{{EventType: "page_view", UserID: "u-1", SessionID: "s-9", CorrelationID: "req-7"}},
	},
	{
		name: "identity attributes win over bound ones and both over the context",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("user_id", "bound", "session_id", "s-bound").
				InfoContext(causality.ContextWithIdentity(ctx, ada), "viewed", "event", "page_view", "user_id", "u-2", "device_id", "kiosk")
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.With(zap.String("user_id", "bound"), zap.String("session_id", "s-bound")).
				Info("viewed", zapcausality.Context(causality.ContextWithIdentity(ctx, ada)), zap.String("event", "page_view"), zap.String("user_id", "u-2"), zap.String("device_id", "kiosk"))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log = log.With().Str("user_id", "bound").Str("session_id", "s-bound").Logger()
			log.Info().Ctx(causality.ContextWithIdentity(ctx, ada)).Str("event", "page_view").Str("user_id", "u-2").Str("device_id", "kiosk").Msg("viewed")
		},
		want: []causality.Event{{EventType: "page_view", DeviceID: "kiosk", UserID: "u-2", SessionID: "s-bound", CorrelationID: "req-7"}},
	},
	{
		name: "groups flatten with an underscore and so do dots",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("done", "event", "request", slog.Group("http", "method", "GET", "route.name", "cart"), "map", map[string]any{"b": 2, "a": map[string]any{"x": "y"}})
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("done", zap.String("event", "request"), zap.Dict("http", zap.String("method", "GET"), zap.String("route.name", "cart")),
				zap.Any("map", map[string]any{"b": 2, "a": map[string]any{"x": "y"}}))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Str("event", "request").Dict("http", zerolog.Dict().Str("method", "GET").Str("route.name", "cart")).
				Interface("map", map[string]any{"b": 2, "a": map[string]any{"x": "y"}}).Msg("done")
		},
		want: []causality.Event{{EventType: "request", Properties: map[string]any{
			"http_method": "GET", "http_route_name": "cart", "map_a_x": "y", "map_b": int64(2)}}},
	},
	{
		name: "an open group is a prefix of the names, not of the event or the identity",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.With("a", 1).WithGroup("req").With("b", 2).Info("done", "event", "request", "user_id", "u-3", "c", 3)
		},
		// zerolog has no way to open a group for later fields.
		zap: func(ctx context.Context, log *zap.Logger) {
			log.With(zap.Int("a", 1), zap.Namespace("req"), zap.Int("b", 2)).
				Info("done", zap.String("event", "request"), zap.String("user_id", "u-3"), zap.Int("c", 3))
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
		zap: func(ctx context.Context, log *zap.Logger) {
			l := log.With(zap.String("event", "heartbeat"))
			l.Info("one", zap.Int("n", 1))
			l.Info("two", zap.Int("n", 2))
			l.Info("three", zap.String("event", "other"))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			l := log.With().Str("event", "heartbeat").Logger()
			l.Info().Int("n", 1).Msg("one")
			l.Info().Int("n", 2).Msg("two")
			l.Info().Str("event", "other").Msg("three")
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
		zap: func(ctx context.Context, log *zap.Logger) {
			log.With(zap.String("k", "bound")).Info("twice", zap.String("event", "e"), zap.Int("k", 1), zap.String("k", "two"), zap.Int("a.b", 1), zap.Bool("a_b", true))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log = log.With().Str("k", "bound").Logger()
			log.Info().Str("event", "e").Int("k", 1).Str("k", "two").Int("a.b", 1).Bool("a_b", true).Msg("twice")
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{"k": "two", "a_b": true}}},
	},
	{
		name: "errors, durations and times have one form",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("failed", "event", "e", "error", errors.New("no stock"), "took", 1500*time.Microsecond, "since", at)
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("failed", zap.String("event", "e"), zap.Error(errors.New("no stock")), zap.Duration("took", 1500*time.Microsecond), zap.Time("since", at))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Str("event", "e").Err(errors.New("no stock")).Dur("took", 1500*time.Microsecond).Str("since", at.Format(time.RFC3339Nano)).Msg("failed")
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{
			"error": "no stock", "took": 1.5, "since": "2026-11-23T09:52:55.123456789Z"}}},
	},
	{
		name: "a list is its JSON text, an object flattens, nil is left out",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("nested", "event", "e", "tags", []string{"a", "b"}, "item", item{"p-1", 2}, "none", nil)
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("nested", zap.String("event", "e"), zap.Strings("tags", []string{"a", "b"}), zap.Any("item", item{"p-1", 2}), zap.Any("none", nil))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Str("event", "e").Strs("tags", []string{"a", "b"}).Interface("item", item{"p-1", 2}).Interface("none", nil).Msg("nested")
		},
		want: []causality.Event{{EventType: "e", Properties: map[string]any{
			"tags": `["a","b"]`, "item_sku": "p-1", "item_qty": int64(2)}}},
	},
	{
		name: "what the event itself uses keeps its name",
		slog: func(ctx context.Context, log *slog.Logger) {
			log.Info("renamed", "event", "e", "user_id", "u-4", slog.Group("user", "id", "other"))
		},
		zap: func(ctx context.Context, log *zap.Logger) {
			log.Info("renamed", zap.String("event", "e"), zap.String("user_id", "u-4"), zap.Dict("user", zap.String("id", "other")))
		},
		zerolog: func(ctx context.Context, log zerolog.Logger) {
			log.Info().Str("event", "e").Str("user_id", "u-4").Dict("user", zerolog.Dict().Str("id", "other")).Msg("renamed")
		},
		want: []causality.Event{{EventType: "e", UserID: "u-4", Properties: map[string]any{"user_id_2": "other"}}},
	},
	{
		name:    "a debug line is below the level of events",
		slog:    func(ctx context.Context, log *slog.Logger) { log.Debug("quiet", "event", "e") },
		zap:     func(ctx context.Context, log *zap.Logger) { log.Debug("quiet", zap.String("event", "e")) },
		zerolog: func(ctx context.Context, log zerolog.Logger) { log.Debug().Str("event", "e").Msg("quiet") },
	},
}

func TestTheSameLogCallIsTheSameEvent(t *testing.T) {
	ctx := context.Background()
	for _, record := range records {
		t.Run(record.name, func(t *testing.T) {
			t.Run("slog", func(t *testing.T) {
				client, recorder := causalitytest.New(t)
				record.slog(ctx, slog.New(slogcausality.Tee(slog.NewJSONHandler(io.Discard, nil), client)))
				check(t, client, recorder, record.want)
			})
			t.Run("zap", func(t *testing.T) {
				client, recorder := causalitytest.New(t)
				console := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(io.Discard), zap.InfoLevel)
				record.zap(ctx, zap.New(console, zapcausality.Tee(client)))
				check(t, client, recorder, record.want)
			})
			if record.zerolog == nil {
				return
			}
			t.Run("zerolog hook", func(t *testing.T) {
				client, recorder := causalitytest.New(t)
				record.zerolog(ctx, zerolog.New(io.Discard).With().Timestamp().Logger().Hook(zerologcausality.NewHook(client)))
				check(t, client, recorder, record.want)
			})
			t.Run("zerolog writer", func(t *testing.T) {
				if slices.ContainsFunc(record.want, func(e causality.Event) bool { return e.CorrelationID != "" }) {
					t.Skip("a writer does not get the context")
				}
				client, recorder := causalitytest.New(t)
				record.zerolog(ctx, zerolog.New(zerolog.MultiLevelWriter(io.Discard, zerologcausality.NewWriter(client))).With().Timestamp().Logger())
				check(t, client, recorder, record.want)
			})
		})
	}
}

// check compares what was stored with what was meant, but for what differs from
// run to run.
func check(t *testing.T, client *causality.Client, recorder *causalitytest.Recorder, want []causality.Event) {
	t.Helper()
	got := recorder.Events() // flushes
	if len(got) != len(want) {
		t.Fatalf("%d events arrived, want %d: %+v", len(got), len(want), got)
	}
	for i, event := range got {
		if !reflect.DeepEqual(event, want[i]) {
			t.Errorf("event %d:\n got %+v\nwant %+v", i, event, want[i])
		}
	}
	for _, request := range recorder.Requests() {
		for _, event := range request.Events() { // with all that was sent
			if age := time.Since(time.UnixMilli(event.TimestampMs)); age < 0 || age > time.Minute {
				t.Errorf("%s is %v old", event.EventType, age)
			}
		}
	}
}
