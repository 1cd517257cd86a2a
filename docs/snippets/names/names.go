// Package names has the snippets of docs/names.md.
package names

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func grouped(logger *slog.Logger) {
	// snippet: groups
	logger.Info("order placed", slogcausality.Event("order_placed",
		slog.String("order_id", "o-42"),
		slog.Group("shipping", slog.String("country", "FR"), slog.Int("days", 3)), // shipping_country, shipping_days
		slog.Any("coupons", []string{"SPRING"}),                                   // JSON text: ["SPRING"]
	))
	// end snippet
}

func redacting(cfg *causality.Config) {
	// snippet: redact
	cfg.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case "email", "password":
			return slog.Attr{} // never leaves the process
		case "customer":
			a.Key = "customer_id" // the name that the warehouse knows
		}
		return a
	}
	// end snippet
}

func consenting(cfg *causality.Config, hasConsent func(userID string) bool) {
	// snippet: consent
	allowed := map[string]bool{"purchase_complete": true, "cart_viewed": true}
	cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
		if !hasConsent(e.UserID) {
			e.UserID, e.SessionID, e.DeviceID = "", "", "withheld"
		}
		return e, allowed[e.EventType] // what is refused counts as Filtered
	}
	// end snippet
}
