package fix // want package:"logs"

import "log/slog"

func lines(l *slog.Logger, id string) {
	l.Info("a", "event", "order_placd", "order_id", id)  // want `did you mean order_placed`
	l.Info("a", "event", "order_placed", "order_di", id) // want `did you mean order_id`
	l.Info("a", "event", "order_placed", "order_id", id)
}
