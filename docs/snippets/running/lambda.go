package running

import (
	"context"
	"log/slog"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

type Order struct {
	ID    string
	Cents int
}

// snippet: lambda
type function struct { // made once, in main: the client outlives an invocation
	client *causality.Client
	logger *slog.Logger
}

func (f *function) handle(ctx context.Context, order Order) error {
	f.logger.InfoContext(ctx, "order placed",
		"event", "purchase_complete", "order_id", order.ID, "total_cents", order.Cents)

	// The process is frozen when handle returns, the sender with it: deliver first.
	flush, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := f.client.FlushContext(flush); err != nil {
		f.logger.WarnContext(ctx, "events wait for the next invocation", "err", err)
	}
	return nil
}

// end snippet
