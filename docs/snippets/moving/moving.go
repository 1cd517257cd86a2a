// Package moving has the snippets of docs/moving.md: the same two things said to
// Segment, to PostHog and to Causality.
package moving

import (
	"context"
	"log/slog"

	"github.com/posthog/posthog-go"
	"github.com/segmentio/analytics-go/v3"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func withSegment(client analytics.Client) error {
	// snippet: segment
	return client.Enqueue(analytics.Track{
		UserId: "u-1",
		Event:  "Purchase Complete",
		Properties: analytics.NewProperties().
			Set("order_id", "o-42").Set("total_cents", 1999),
		Context: &analytics.Context{Extra: map[string]any{"session_id": "s-9"}},
	})
	// end snippet
}

func withPostHog(client posthog.Client) error {
	// snippet: posthog
	return client.Enqueue(posthog.Capture{
		DistinctId: "u-1",
		Event:      "purchase complete",
		Properties: posthog.NewProperties().
			Set("order_id", "o-42").Set("total_cents", 1999).Set("$session_id", "s-9"),
	})
	// end snippet
}

func withCausality(client *causality.Client) {
	// snippet: causality
	client.Track(causality.Event{
		UserID: "u-1", SessionID: "s-9",
		EventType:  causality.EventPurchaseComplete,
		Properties: map[string]any{"order_id": "o-42", "total_cents": 1999},
	})
	// end snippet
}

func withLogger(ctx context.Context, logger *slog.Logger) {
	// snippet: logger
	logger.InfoContext(ctx, "order placed", // the user and the session come from ctx
		"event", causality.EventPurchaseComplete, "order_id", "o-42", "total_cents", 1999)
	// end snippet
}

func profile(client *causality.Client) {
	// snippet: profile
	client.Track(causality.Event{
		UserID: "u-1", EventType: causality.EventUserProfileUpdate,
		Properties: map[string]any{"plan": "pro", "company": "acme"},
	})
	// end snippet
}
