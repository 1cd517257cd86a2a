// Package zapcausality turns zap log entries that carry an event field into
// Causality events.
//
//	package main
//
//	import (
//		"log"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/zapcausality"
//		"go.uber.org/zap"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv())
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//		logger := zap.Must(zap.NewProduction(zapcausality.Tee(client)))
//
//		logger.Info("order placed",
//			zap.String("event", "purchase_complete"), zap.String("user_id", "u-1"),
//			zap.String("order_id", "o-42"), zap.Int("total_cents", 1999))
//	}
//
// The line is still written as before, and a purchase_complete event of the user
// u-1 with the properties order_id and total_cents goes to the gateway. Without
// a gateway at hand, CAUSALITY_DRY_RUN=1 prints the event instead.
//
// # Which entries are events
//
// An entry is an event when it has, itself or bound with Logger.With, a field
// "event" or "otel.event.name" (see [WithEventKeys]) whose value is text: the
// event type. Every
// other field of the line is then a property of the event, bound ones too. The
// message, the logger's name, the caller and the stack are not.
//
// To say exactly which properties go, use [Event]: an object "event" whose first
// member is "event_type". The object may be written by hand as well, with
// zap.Dict or as anything else that logs as such an object.
//
// # Identity
//
// The fields user_id, session_id, device_id and correlation_id are taken out of
// the properties and say whom the event is about.
//
// zap hands no context to its cores, so the context is a field ([Context]):
//
//	logger.Info("order placed", zapcausality.Context(ctx), zap.String("event", "purchase_complete"))
//
// It supplies the identity of causality.ContextWithIdentity, is not a property,
// and is not shown in the line. Any other field whose value is a context.Context,
// such as zap.Any("ctx", ctx), does the same and is shown. Either may be bound with
// With, which keeps the context for as long as the logger. If both have one,
// the call's context is used; of several, the last.
//
// What the entry does not say comes from the logger's bound fields, then from the
// context, where Config.Identity reads it.
//
// # Properties
//
// zap's fields become what the same values are as attributes of log/slog; the
// documentation of package causality says how each type is sent.
//
//   - zap.Object, zap.Dict and zap.Namespace are groups: the member id of an
//     object cart is the property cart_id. The members of zap.Inline are the
//     entry's own, so an event or an identity may be among them.
//   - An array is its JSON text, as encoding/json writes it. Complex numbers and
//     floats that JSON has no form for are strings in it.
//   - An error is its text. The errorVerbose and errorCauses that zap writes
//     beside it are not sent.
//   - nil is left out, a typed nil too, be it an error, a Stringer or a
//     marshaler.
//   - A marshaler that fails keeps what it has added. The property with "Error"
//     after its key, which is what zap calls it in the line, says why in a text
//     that begins with "!ERROR: ", or "!PANIC: " where it panicked. A panic costs
//     that value only, here: zap's own cores let it pass, but for a Stringer's
//     and an error's.
//
// Fields given to With are evaluated there and then; fields given to WithLazy
// are evaluated when the logger is first used, which is zap's design.
//
// # Levels
//
// With [Tee] the level that analytics need is not the level that logs need: a
// logger at Warn still tracks its Info events. See [WithLevel].
//
// # Sampling
//
// A sampler must not sample events. It belongs around the core that writes, not
// around the tee:
//
//	// Right: lines are sampled, events are not.
//	zapcore.NewTee(zapcore.NewSamplerWithOptions(console, time.Second, 100, 100), zapcausality.NewCore(client))
//
//	// Wrong: what the sampler drops never reaches the core that tracks.
//	zapcore.NewSamplerWithOptions(zapcore.NewTee(console, zapcausality.NewCore(client)), time.Second, 100, 100)
//
// [Tee] is right where it is the last option: zap.NewProduction and
// zap.Config.Build apply their own sampler first. An option that wraps the core
// after it, such as zap.IncreaseLevel, applies to events too.
//
// # The end of the process
//
// A Fatal entry, event or not, waits up to 2 seconds until everything tracked is
// delivered, before zap ends the process; a Panic or DPanic entry up to 1 second;
// each at most once in 10, for those that do not end it. Logger.Sync waits up to Config.CloseTimeout.
package zapcausality
