// Package purchase is the one event that all libraries send: purchase_complete
// with four strings and two integers, and whose it is.
package purchase

import (
	"context"
	"log/slog"

	"github.com/rs/zerolog"
	"go.uber.org/zap"

	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

const (
	Type   = "purchase_complete"
	UserID = "u-83c1f0"
	// Message is that of the log line.
	Message = "order placed"

	OrderID = "o-42-7f9a"
	Cart    = "cart-1138"
	Method  = "card"
	Coin    = "EUR"
	Cents   = 1999
	Items   = 3
)

// Map is the properties as a map, a new one each time.
func Map() map[string]any {
	return map[string]any{
		"order_id": OrderID, "cart_id": Cart, "payment_method": Method, "currency": Coin,
		"total_cents": Cents, "item_count": Items,
	}
}

// Attrs is the properties as attributes.
func Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("order_id", OrderID), slog.String("cart_id", Cart), slog.String("payment_method", Method),
		slog.String("currency", Coin), slog.Int("total_cents", Cents), slog.Int("item_count", Items),
	}
}

// Slog logs the event, or with another key than "event" a line that is none.
func Slog(l *slog.Logger, level slog.Level, key string) {
	l.LogAttrs(context.Background(), level, Message,
		slog.String(key, Type), slog.String("user_id", UserID),
		slog.String("order_id", OrderID), slog.String("cart_id", Cart), slog.String("payment_method", Method),
		slog.String("currency", Coin), slog.Int("total_cents", Cents), slog.Int("item_count", Items))
}

// SlogGroup logs the event in the group form.
func SlogGroup(l *slog.Logger) {
	l.LogAttrs(context.Background(), slog.LevelInfo, Message, slogcausality.Event(Type,
		slog.String("user_id", UserID),
		slog.String("order_id", OrderID), slog.String("cart_id", Cart), slog.String("payment_method", Method),
		slog.String("currency", Coin), slog.Int("total_cents", Cents), slog.Int("item_count", Items)))
}

// Zap is Slog for zap.
func Zap(l *zap.Logger, key string) {
	l.Info(Message,
		zap.String(key, Type), zap.String("user_id", UserID),
		zap.String("order_id", OrderID), zap.String("cart_id", Cart), zap.String("payment_method", Method),
		zap.String("currency", Coin), zap.Int("total_cents", Cents), zap.Int("item_count", Items))
}

// Zerolog is Slog for zerolog.
func Zerolog(l *zerolog.Logger, key string) {
	l.Info().Str(key, Type).Str("user_id", UserID).
		Str("order_id", OrderID).Str("cart_id", Cart).Str("payment_method", Method).
		Str("currency", Coin).Int("total_cents", Cents).Int("item_count", Items).Msg(Message)
}
