// Package shop is the code under test in docs/testing.md.
package shop

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: shop
type Shop struct{ Logger *slog.Logger }

func (s *Shop) Checkout(ctx context.Context, order string, cents int) {
	s.Logger.InfoContext(ctx, "order placed",
		"event", causality.EventPurchaseComplete, "order_id", order, "total_cents", cents)
}

// end snippet
