package noplan // want package:"logs"

import "log/slog"

func lines(l *slog.Logger, id, long string) {
	l.Info("a", "event", "cart_viewed", "items", 1)
	l.Info("a", "event", "cart_viewed", "items", "1")        // want `cart_viewed: the property items is of the type string here and of the type int in noplan.go:\d+ \(two-types\)`
	l.Info("a", "event", "cart_vieved", "items", 1)          // want `the event cart_vieved is one edit from cart_viewed`
	l.Info("a", "event", "step_1_done")                      //
	l.Info("a", "event", "step_2_done")                      // a digit is no typo
	l.Info("a", "event", "purchase_complet", "order_id", id) // want `the event purchase_complet is one edit from purchase_complete of the platform's catalogue`
	l.Info("a", "event", "screen_view", "screen_name", id)   //
	l.Info("a", "event", "screen_view", "screen_class", "x") // want `screen_view: the property screen_name is missing, which the platform's catalogue requires`
	l.Info("a", "event", "shipped", "carrier_name", id)      //
	l.Info("a", "event", "shipped", "carier_name", id)       // want `shipped: the property carier_name is one edit from carrier_name \(noplan.go:\d+\); are they one property\?`
	l.Info("a", "event", "both_names", "item_id", 1, "item_ids", 1)
	l.Info("a", "event", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") // want `the event's name is over 256 bytes and is cut: a+…`
}
