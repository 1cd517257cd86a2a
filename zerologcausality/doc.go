// Package zerologcausality turns zerolog lines that carry an event field into
// Causality events.
//
//	package main
//
//	import (
//		"context"
//		"log"
//		"os"
//
//		"github.com/rs/zerolog"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv())
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//		logger := zerolog.New(os.Stdout).With().Timestamp().Logger().Hook(zerologcausality.NewHook(client))
//
//		ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1"})
//		logger.Info().Ctx(ctx).Str("event", "purchase_complete").Str("order_id", "o-42").Int("total_cents", 1999).Msg("order placed")
//	}
//
// The line still goes to standard output, and a purchase_complete event with the
// properties order_id and total_cents goes to the gateway. Without a gateway at
// hand, CAUSALITY_DRY_RUN=1 prints the event instead.
//
// # Which lines are events
//
// A line is an event when it has, itself or bound with Logger.With, a field
// "event" or "otel.event.name" (see [WithEventKeys]) whose value is text: the event
// type. Every
// other field of the line is then a property of the event, bound ones too.
//
// To say exactly which properties go, use [Event]: an object under "event" whose
// first member is "event_type". It may be written by hand as well, with Dict.
//
// The level, the time, the caller and the message are no properties where zerolog
// itself puts them on the line. A field of your own under one of these names is
// one: a "time" that is not now, a "caller" that is not a place in a Go file, any
// "level" after zerolog's, and any "message".
//
// # Identity
//
// The fields user_id, session_id, device_id and correlation_id are taken out of
// the properties and say whom the event is about. What the line does not say
// comes from the context
// (causality.ContextWithIdentity, or what Config.Identity reads in it). zerolog has the context only if you pass it:
// with Ctx(ctx) in the call or, once for a request, bound to its logger:
//
//	ctx = logger.With().Ctx(ctx).Logger().WithContext(ctx)
//	…
//	zerolog.Ctx(ctx).Info().Str("event", "cart_viewed").Send()
//
// # Levels and samplers
//
// zerolog applies the level and the sampler of a logger before anything else, so
// what they leave out is never an event. Where the console should see less than
// the analytics, put them on the console:
//
//	console := &zerolog.FilteredLevelWriter{
//		Writer: zerolog.LevelWriterAdapter{Writer: os.Stdout},
//		Level:  zerolog.WarnLevel,
//	}
//	logger := zerolog.New(console).Level(zerolog.InfoLevel).Hook(zerologcausality.NewHook(client))
//
// The lines between the two levels then cost what it costs to write them. The
// example of [NewHook] named Sampling does the same for a sampler.
//
// # What differs from the other loggers
//
// A property is what zerolog has written. So an integral float, such as 3.0, is
// an integer; a float32 has the digits of a float32; a duration is a number in
// zerolog.DurationFieldUnit and a time is in zerolog.TimeFieldFormat, with its
// precision; Bytes is text; and Interface writes an error, and a Stringer that is
// a number, as encoding/json does. Everything else is the event that package
// slogcausality makes of the same call.
package zerologcausality
