// Made of another file, which is the one that people know.

//line lined.tmpl:1
package list

import "log/slog"

func lined(l *slog.Logger) {
	l.Info("a", "event", "lined", "n", 1) //= lined n=int
}
