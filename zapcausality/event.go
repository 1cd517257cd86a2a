package zapcausality

import (
	"context"

	"github.com/SebastienMelki/causality/sdk/go/internal/record"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Event returns a field that makes its entry an event with exactly the given
// properties, whatever else the line carries. It is an object "event" whose
// first member is "event_type", and the log line shows it as such. The identity
// fields (user_id and so on) and a context may be among the properties.
//
//	logger.Info("order placed", zapcausality.Event("purchase_complete", zap.String("order_id", "o-42")))
//
// Like zap.Dict it keeps the fields it is given until the entry is written.
func Event(eventType string, fields ...zap.Field) zap.Field {
	return zap.Object(record.EventKey, &event{eventType, fields})
}

// event is what the field holds for every core that writes it. Nothing tells it
// from an object written by hand; the encoder only reads it without detour.
type event struct {
	eventType string
	fields    []zap.Field
}

// MarshalLogObject implements zapcore.ObjectMarshaler.
func (ev *event) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString(record.TypeKey, ev.eventType)
	for i := range ev.fields {
		ev.fields[i].AddTo(enc)
	}
	return nil
}

// Context returns a field that hands the context of a log call to the cores,
// for the identity of its event, and that the line does not show. zap has no
// other way to pass one.
//
//	logger.Info("order placed", zapcausality.Context(ctx), zap.String("event", "purchase_complete"))
//
// If it is bound with Logger.With it counts for every entry, and is kept for as long
// as the logger.
func Context(ctx context.Context) zap.Field {
	return zap.Field{Type: zapcore.SkipType, Interface: ctx}
}
