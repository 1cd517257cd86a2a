package check

import (
	"go.uber.org/zap"

	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

func zapLines(l *zap.Logger, id string) {
	l.Info("a", zap.String("event", "order_placed"), zap.String("order_id", id), zap.Int("total_cents", 1999), zap.Float64("price", 2))
	l.Info("a", zap.String("event", "order_placed"), zap.String("order_id", id))       // want `order_placed: the property total_cents is missing`
	l.Info("a", zapcausality.Event("order_placed", zap.String("total_cents", "1999"))) // want `order_placed: the property order_id is missing` `total_cents is of the type string here and of the type int in the tracking plan` `total_cents is of the type string here and of the type int in slog.go:\d+`
	l.Sugar().Infow("a", "event", "anything", "access_token", id)                      // want `anything: the property access_token looks like personal data or a secret`
	l.With(zap.String("authorization", id)).Info("a", zap.String("event", "anything")) // want `anything: the property authorization looks like personal data`
	l.Info("a", zap.String("event", "Order Placed"))                                   // want `the event Order Placed is not in snake_case: order_placed` `makes it the analytics event Order Placed`
	l.Info("a", zap.String("event", "anything"), zap.Float64("session_id", 1.5))       // want `the value of session_id is no string and no whole number`
}
