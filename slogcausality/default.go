package slogcausality

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// safeDefault returns next, or, if next is log/slog's own default handler, one
// that does the same and survives slog.SetDefault.
//
// The default handler writes through the log package, and slog.SetDefault makes
// the log package write through the new default handler. If that one wraps the
// old one, the two wait for each other's mutex for good (go.dev/issue/62424).
func safeDefault(next slog.Handler) slog.Handler {
	if fmt.Sprintf("%T", next) != "*slog.defaultHandler" {
		return next
	}
	out := &lineWriter{logger: log.New(log.Writer(), log.Prefix(), log.Flags()&^(log.Lshortfile|log.Llongfile)), flags: log.Flags()}
	return &defaultHandler{next: next, out: out, text: out.handler()}
}

// defaultHandler passes records to log/slog's default handler while that is safe,
// which is until the process has another default. From then on it writes them
// itself, in the same form, to where the log package wrote when it was made.
type defaultHandler struct {
	next slog.Handler
	out  *lineWriter
	text slog.Handler // writes a record's attributes to out
}

func (h *defaultHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *defaultHandler) Handle(ctx context.Context, r slog.Record) error {
	// Nothing of the log package may be asked here: its mutex may be held by
	// the log.Print that led to this record.
	if reflect.TypeOf(slog.Default().Handler()) == reflect.TypeOf(h.next) {
		return h.next.Handle(ctx, r)
	}
	return h.out.write(ctx, h.text, r)
}

func (h *defaultHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &defaultHandler{next: h.next.WithAttrs(attrs), out: h.out, text: h.text.WithAttrs(attrs)}
}

func (h *defaultHandler) WithGroup(name string) slog.Handler {
	return &defaultHandler{next: h.next.WithGroup(name), out: h.out, text: h.text.WithGroup(name)}
}

// noLevel marks the level that a text handler is given and must not write.
const noLevel = slog.Level(-1 << 31)

// lineWriter turns the lines of a text handler, whose message holds the level
// and the place too, into lines such as
//
//	2026/11/23 09:52:55 INFO message key=value
type lineWriter struct {
	logger *log.Logger
	flags  int
}

// handler returns the text handler that writes to w.
func (w *lineWriter) handler() slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{
		Level: noLevel, // next has decided
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if level, ok := a.Value.Any().(slog.Level); ok && level == noLevel {
				return slog.Attr{}
			}
			return a
		},
	})
}

func (w *lineWriter) write(ctx context.Context, text slog.Handler, r slog.Record) error {
	line := slog.Record{Level: noLevel, Message: w.place(r.PC) + r.Level.String() + " " + r.Message}
	r.Attrs(func(a slog.Attr) bool {
		line.AddAttrs(a)
		return true
	})
	return text.Handle(ctx, line)
}

// Write takes one line of the text handler: msg="INFO message" key=value. The
// message has a space in it, so it is quoted.
func (w *lineWriter) Write(p []byte) (int, error) {
	rest := strings.TrimPrefix(string(p), slog.MessageKey+"=")
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return 0, err
	}
	message, err := strconv.Unquote(quoted)
	if err != nil {
		return 0, err
	}
	return len(p), w.logger.Output(0, message+rest[len(quoted):])
}

// place is what the log package's flags ask to be said of where the call stands.
func (w *lineWriter) place(pc uintptr) string {
	if w.flags&(log.Lshortfile|log.Llongfile) == 0 || pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	file := frame.File
	if w.flags&log.Lshortfile != 0 {
		file = filepath.Base(file)
	}
	return fmt.Sprintf("%s:%d: ", file, frame.Line)
}
