// Package slogcausality turns log/slog records that carry an event attribute
// into Causality events.
//
//	package main
//
//	import (
//		"context"
//		"log"
//		"log/slog"
//		"os"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/slogcausality"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv())
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//		logger := slog.New(slogcausality.Tee(slog.NewJSONHandler(os.Stdout, nil), client))
//
//		ctx := causality.ContextWithIdentity(context.Background(), causality.Identity{UserID: "u-1"})
//		logger.InfoContext(ctx, "order placed",
//			"event", "purchase_complete", "order_id", "o-42", "total_cents", 1999)
//	}
//
// The line still goes to the JSON handler, and a purchase_complete event with
// the properties order_id and total_cents goes to the gateway. Without a gateway
// at hand, CAUSALITY_DRY_RUN=1 prints the event instead.
//
// # Which records are events
//
// A record is an event when it has, itself or bound with Logger.With, an
// attribute "event" or "otel.event.name" (see [WithEventKeys]) whose value is
// text: the event type. Every other attribute of the line is then a property of the event, bound
// ones too. A ReplaceAttr of the other handler does not redact them: use
// causality.Config.ReplaceAttr.
//
// To say exactly which properties go, use [Event]: a group "event" whose first
// member is "event_type". The group may be written by hand as well.
//
// # Identity
//
// The attributes user_id, session_id, device_id and correlation_id are taken out
// of the properties and say whom the event is about. What the record does not
// say comes from the logger's bound attributes, then from the context
// (causality.ContextWithIdentity, or what Config.Identity reads in it), so log
// with the …Context methods.
//
// # Levels
//
// With [Tee] the level that analytics need is not the level that logs need: a
// logger at Warn still tracks its Info events. See [WithLevel].
package slogcausality
