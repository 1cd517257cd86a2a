package main

import (
	"context"
	"log/slog"
	"os"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func main() {
	client, err := causality.New(causality.ConfigFromEnv())
	if err != nil {
		slog.Error("no analytics", "error", err) // client is nil, which does nothing
	}
	defer client.Close() // last: it sends what still waits

	logger := slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))
	ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1", SessionID: "s-9"})

	logger.Info("listening", "addr", ":8080") // a line like any other
	logger.InfoContext(ctx, "order placed",
		"event", "purchase_complete", "order_id", "o-42", "total_cents", 1999)
}
