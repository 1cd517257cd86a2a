package check // want package:"logs"

import (
	"context"
	"log/slog"

	"example.com/shop/check/wrapper"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func slogLines(l *slog.Logger, id, name string, gift bool, any1 any) {
	l.Info("a", "event", "order_placed", "order_id", id, "total_cents", 1999)
	l.Info("a", "event", "order_placed", "order_id", id, "total_cents", 1999, "coupon", "SPRING")
	l.Info("a", "event", "order_placd", "order_id", id, "total_cents", 1999)                      // want `the event order_placd is not in the tracking plan; did you mean order_placed\? \(unknown-event\)`
	l.Info("a", slogcausality.Event("cart_viewed"))                                               // want `the event cart_viewed is not in the tracking plan \(unknown-event\)`
	l.Info("a", "event", "webhook")                                                               // want `this line's event attribute makes it the analytics event webhook, with all its attributes, which is not in the tracking plan`
	l.Info("a", "event", "order_placed", "order_id", id)                                          // want `order_placed: the property total_cents is missing, which the tracking plan requires`
	l.Info("a", "event", "order_placed", "order_id", id, "total_cents", "1999")                   // want `order_placed: the property total_cents is of the type string here and of the type int in the tracking plan` `order_placed: the property total_cents is of the type string here and of the type int in slog.go:\d+`
	l.Info("a", "event", "order_placed", "order_id", id, "total_cents", 1999, "cuopon", "SPRING") // want `order_placed: the property cuopon is not in the tracking plan; did you mean coupon\? \(unknown-property\)`
	l.Info("a", "event", "order_placed", "order_id", id, "total_cents", 1999, "gift", gift)       // want `order_placed: the property gift is not in the tracking plan \(unknown-property\)`
	l.Info("a", "event", "old_event")                                                             // want `the event old_event is deprecated in the tracking plan`
	l.Info("a", "event", name)                                                                    // no call of this function is seen
	l.Info("a", "event", "order_"+kind())                                                         // want `the event's name is not known: it is converted; what varies is a property, never part of the name \(not-constant\)`
	l.Info("a", "event", "anything", "userAgent", id)                                             // want `the property userAgent is not in snake_case: user_agent`
	l.Info("a", "event", "anything", "a.b", 1, "a_b", 1)                                          // want `anything: the keys a.b and a_b arrive as one property, a_b, and the last one wins \(dotted-key\)`
	l.Info("a", "event", "anything", "customer_email", id)                                        // want `anything: the property customer_email looks like personal data or a secret; the plain form sends it with all else on the line, the group form would not \(personal-data\)`
	l.Info("a", "event", "anything", "email_sent", true, "zip", id, "token", 5)                   // none of these is one
	l.With("password", id).Info("a", "event", "anything")                                         // want `anything: the property password looks like personal data`
	l.Info("a", slogcausality.Event("anything", slog.String("phone", id)), "email", id)           // listed on purpose, and not sent
	l.Info("a", "event", "anything", "user_id", 1.5)                                              // want `anything: the value of user_id is no string and no whole number`
	l.Info("a", "event", "anything", "user_id", 15)                                               //
	l.Info("a", "event", "purchase_complete", "total_cents", 5)                                   // want `purchase_complete: the property order_id is missing, which the platform's catalogue requires` `this line's event attribute makes it the analytics event purchase_complete`
	l.Info("a", "event", "webhook_2")                                                             //nolint:causality-plan // an excuse
	//nolint:causality-plan,errcheck // above the line
	l.Info("a", "event", "webhook_3")
	l.Info("a", "event", "webhook_4") //nolint:errcheck // another's // want `webhook_4`
	//lint:ignore causality-plan it was there before
	l.Info("a", "event", "webhook_5")
	l.Info("a", "event", "webhook_6") //nolint

	wrapper.Track(context.Background(), l, "order_placed", slog.String("order_id", id), slog.Int("total_cents", 1))
	wrapper.Track(context.Background(), l, "order_placed", slog.String("order_id", id)) // want `order_placed: the property total_cents is missing`
	wrapper.Track(context.Background(), l, "order_paced", wrapper.Order(id)...)         // want `the event order_paced is not in the tracking plan; did you mean order_placed\?`
	wrapper.Track(context.Background(), l, "order_placed", wrapper.Order(id)...)
}

func kind() string { return string([]byte{'a'}) }
