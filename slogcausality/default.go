package slogcausality

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
)

// safeDefault returns next, or, if next is log/slog's own default handler, one
// that does the same and survives slog.SetDefault.
//
// The default handler writes through the log package, and slog.SetDefault makes
// the log package write through the new default handler. If that one wraps the
// old one, the two wait for each other's mutex for good (go.dev/issue/62424).
func safeDefault(next slog.Handler) slog.Handler {
	if !isDefault(next) {
		return next
	}
	out, groups := newLineWriter(next)
	text := out.handler()
	for _, name := range groups {
		text = text.WithGroup(name)
	}
	return &defaultHandler{next: next, out: out, text: text}
}

// isDefault reports whether h is log/slog's default handler.
func isDefault(h slog.Handler) bool {
	t := reflect.TypeOf(h)
	return t.Kind() == reflect.Pointer && t.Elem().Name() == "defaultHandler" && t.Elem().PkgPath() == "log/slog"
}

// defaultHandler passes records to log/slog's default handler while that is safe,
// which is until the process has another default. From then on it writes them
// itself, in the same form, to where the log package writes, or wrote before it
// began to write to that default.
type defaultHandler struct {
	next slog.Handler
	out  *lineWriter
	text slog.Handler // writes a record's attributes to out
}

func (h *defaultHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *defaultHandler) Handle(ctx context.Context, r slog.Record) error {
	// Nothing of the log package that takes its mutex may be asked here: the
	// log.Print that led to this record may hold it. That can be so even while
	// the default is log/slog's own, if there was another before.
	if isDefault(slog.Default().Handler()) && !isInLog() {
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

// isInLog reports whether the log package is writing on this goroutine through
// the handler of slog.SetDefault, and so holds its mutex.
func isInLog() bool { return diagnostic.OnStack("log/slog.(*handlerWriter).Write") }

// noLevel marks the level that a text handler is given and must not write.
const noLevel = slog.Level(-1 << 31)

// lineWriter turns the lines of a text handler, whose message holds the level
// and the place too, into lines such as
//
//	2026/11/23 09:52:55 INFO message key=value
type lineWriter struct {
	out   atomic.Pointer[io.Writer] // that of the log package
	flags int                       // of the log package, before SetDefault cleared them
	bound string                    // what was bound to the default handler, as a line has it
}

// newLineWriter returns a lineWriter for a log/slog default handler, and the
// groups that were open there.
func newLineWriter(next slog.Handler) (w *lineWriter, groups []string) {
	w = &lineWriter{flags: log.Flags()}
	out := log.Writer()
	w.out.Store(&out)
	w.bound, groups = boundTo(next)
	return w, groups
}

// boundTo reads what With and WithGroup have bound to a log/slog default handler,
// which has no public way to say it. Where log/slog has changed, it is nothing.
func boundTo(next slog.Handler) (attrs string, groups []string) {
	common := reflect.Indirect(reflect.ValueOf(next)).FieldByName("ch")
	if common.Kind() != reflect.Pointer || common.Type().Elem().Kind() != reflect.Struct || common.IsNil() {
		return "", nil
	}
	if f := common.Elem().FieldByName("preformattedAttrs"); f.Kind() == reflect.Slice && f.Type().Elem().Kind() == reflect.Uint8 && f.Len() > 0 {
		attrs = " " + string(f.Bytes())
	}
	if f := common.Elem().FieldByName("groups"); f.Kind() == reflect.Slice {
		for i := range f.Len() {
			groups = append(groups, f.Index(i).String())
		}
	}
	return attrs, groups
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
	// Not in Write, which has the text handler's mutex: a log.Print that waits for
	// that one has the mutex of the log package.
	w.follow()
	line := slog.Record{Level: noLevel, Message: w.place(r.PC) + r.Level.String() + " " + w.message(r) + w.bound}
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
	// The logger ends the line, unless the message has ended it.
	rest = strings.TrimSuffix(rest[len(quoted):], "\n")
	flags, prefix := w.currentFlags(), log.Prefix()
	if flags&log.Lmsgprefix != 0 {
		prefix = "" // it comes after the place, which we write
	}
	return len(p), log.New(*w.out.Load(), prefix, flags&^(log.Lshortfile|log.Llongfile)).Output(0, message+rest)
}

// follow takes the writer that log.SetOutput has set meanwhile. The one that
// slog.SetDefault sets leads back here.
func (w *lineWriter) follow() {
	if isInLog() {
		return // the mutex of the log package is held, and its writer is slog's
	}
	out := log.Writer()
	if t := reflect.TypeOf(out); t != nil && t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "log/slog" {
		return
	}
	w.out.Store(&out)
}

// currentFlags are those of the log package. slog.SetDefault clears them.
func (w *lineWriter) currentFlags() int {
	if flags := log.Flags(); flags != 0 {
		return flags
	}
	return w.flags
}

// message is the record's, without the log package's prefix if it comes from
// there: the logger writes it.
func (w *lineWriter) message(r slog.Record) string {
	if prefix := log.Prefix(); prefix != "" && strings.HasPrefix(r.Message, prefix) && isInLog() {
		return r.Message[len(prefix):]
	}
	return r.Message
}

// place is what the log package's flags say of the place of the call,
// and what they ask to come after it.
func (w *lineWriter) place(pc uintptr) string {
	flags, prefix := w.currentFlags(), ""
	if flags&log.Lmsgprefix != 0 {
		prefix = log.Prefix()
	}
	if flags&(log.Lshortfile|log.Llongfile) == 0 || pc == 0 {
		return prefix
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	file := frame.File
	if flags&log.Lshortfile != 0 {
		file = path.Base(file) // with slashes on every system
	}
	return fmt.Sprintf("%s:%d: %s", file, frame.Line, prefix)
}
