package main

import (
	"context"
	"log"
	"log/slog"
	"os"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func main() {
	client, err := causality.New(causality.ConfigFromEnv())
	if err != nil {
		log.Print("no analytics: ", err) // client is nil, which does nothing
	}
	defer client.Close()
	s := shop{slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))}
	s.order(context.Background(), "o-42", 1999, true)
}

type shop struct{ logger *slog.Logger }

func (s shop) order(ctx context.Context, id string, cents int, gift bool) {
	s.track(ctx, "cart_viewed", slog.Int("items", 3))
	props := []slog.Attr{slog.String("order_id", id), slog.Int("total_cents", cents)}
	if gift {
		props = append(props, slog.String("wrapping", "red"))
	}
	s.track(ctx, causality.EventPurchaseComplete, props...)
}

func (s shop) track(ctx context.Context, name string, props ...slog.Attr) {
	s.logger.LogAttrs(ctx, slog.LevelInfo, name, slogcausality.Event(name, props...))
}
