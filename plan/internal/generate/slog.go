package generate

import (
	"fmt"
	"strings"
)

func (g *generator) slogAttr() string {
	if g.depth > 2 {
		return `slog.Int("deep", 1)`
	}
	g.depth++
	defer func() { g.depth-- }()
	switch g.IntN(12) {
	case 0:
		return fmt.Sprintf("slog.Int(%s, r.number())", g.key())
	case 1:
		return fmt.Sprintf("slog.Bool(%s, true)", g.key())
	case 2:
		return fmt.Sprintf("slog.Float64(%s, r.float())", g.key())
	case 3:
		return fmt.Sprintf("slog.Duration(%s, r.wait())", g.key())
	case 4:
		return fmt.Sprintf("slog.Time(%s, time.Now())", g.key())
	case 5:
		return fmt.Sprintf("slog.Group(%s, %s)", g.oneOf(`"g"`, `""`, `"h"`), g.slogArgs(1+g.IntN(2)))
	case 6:
		return fmt.Sprintf("slog.Attr{Key: %s, Value: slog.GroupValue(%s)}", g.oneOf(`"g"`, `"h"`), g.slogAttr())
	case 7:
		return fmt.Sprintf("slog.Attr{Key: %s, Value: slog.%s}", g.key(), g.oneOf("IntValue(1)", "StringValue(r.text())", "AnyValue("+g.plain()+")"))
	case 8:
		return fmt.Sprintf("%s(%s)", g.helper("(v int) slog.Attr", fmt.Sprintf("return slog.Int(%s, v)", g.key())), "r.number()")
	case 9:
		return fmt.Sprintf("slog.String(%s, r.text())", g.key())
	default:
		return fmt.Sprintf("slog.Any(%s, %s)", g.key(), g.plain())
	}
}

func (g *generator) slogAttrs(n int) string {
	attrs := make([]string, n)
	for i := range attrs {
		attrs[i] = g.slogAttr()
	}
	return strings.Join(attrs, ", ")
}

func (g *generator) slogArgs(n int) string {
	var args []string
	for range n {
		if g.chance(30) {
			args = append(args, g.slogAttr())
		} else {
			args = append(args, g.key(), g.plain())
		}
	}
	return strings.Join(args, ", ")
}

func comma(list string) string {
	if list == "" {
		return ""
	}
	return ", " + list
}

// slogLogger is a logger, as an expression.
func (g *generator) slogLogger() string {
	logger := g.oneOf("r.slog", "r.slog", "slog.Default()", "r.service.log")
	for range g.IntN(3) {
		switch g.IntN(5) {
		case 0:
			logger += ".WithGroup(" + g.oneOf(`"req"`, `"g.h"`, `""`) + ")"
		case 1:
			logger = fmt.Sprintf("%s(%s)", g.helper("(l *slog.Logger, id string) *slog.Logger", fmt.Sprintf("return l.With(%s, id)", g.key())), logger+", r.text()")
		case 2:
			v := g.variable()
			g.line("%s := %s", v, logger)
			if g.chance(50) {
				g.line("if r.bit(%d) {", g.bit())
				g.line("\t%s = %s.With(%s)", v, v, g.slogArgsHere(1))
				g.line("}")
			}
			logger = v
		default:
			logger += ".With(" + g.slogArgs(1) + ")"
		}
	}
	return logger
}

// slogArgsHere is slogArgs where no statement may be written before.
func (g *generator) slogArgsHere(n int) string { return g.slogArgs(n) }

func (g *generator) slog() {
	switch g.IntN(9) {
	case 0: // the group form
		event, props := g.event(), comma(g.slogAttrs(g.IntN(4)))
		g.within(fmt.Sprintf(`%s.Info("m", slogcausality.Event(%s%s)%s)`, g.slogLoggerBefore(), event, props, comma(g.slogArgs(g.IntN(2)))))
	case 1: // bound
		event := g.event()
		g.within(fmt.Sprintf(`%s.With("event", %s).%s("m"%s)`, g.slogLoggerBefore(), event, g.oneOf("Info", "Warn", "Error", "Debug"), comma(g.slogArgs(g.IntN(3)))))
	case 2: // a list that grows
		v := g.variable()
		g.line("%s := []slog.Attr{slog.String(\"event\", %s)%s}", v, g.event(), comma(g.slogAttrs(g.IntN(2))))
		g.grow(v, g.slogAttr)
		g.within(fmt.Sprintf(`%s.LogAttrs(context.Background(), slog.LevelInfo, "m", %s...)`, g.slogLoggerBefore(), v))
	case 3: // a list of any that grows
		v := g.variable()
		g.line("%s := []any{\"event\", %s}", v, g.event())
		g.grow(v, func() string { return g.slogArgs(1) })
		g.within(fmt.Sprintf(`%s.InfoContext(context.Background(), "m", %s...)`, g.slogLoggerBefore(), v))
	case 4: // a helper
		g.slogHelper()
	case 5: // a method value
		v := g.variable()
		g.line("%s := %s.Info", v, g.slogLogger())
		g.within(fmt.Sprintf(`%s("m", "event", %s%s)`, v, g.event(), comma(g.slogArgs(g.IntN(2)))))
	case 6:
		if g.chance(40) { // the group is open
			event := g.event()
			g.within(fmt.Sprintf(`%s.WithGroup("event").Info("m", "event_type", %s%s)`, g.slogLoggerBefore(), event, comma(g.slogArgs(g.IntN(3)))))
			return
		}
		if g.chance(40) { // two keys
			first, second := g.event(), g.event()
			g.within(fmt.Sprintf(`%s.With(%q, %s).Info("m", %q, %s%s)`, g.slogLoggerBefore(),
				g.oneOf("event", "otel.event.name"), first, g.oneOf("event", "otel.event.name"), second, comma(g.slogArgs(g.IntN(3)))))
			return
		}
		// by hand
		event := g.event()
		g.within(fmt.Sprintf(`%s.Warn("m", slog.Group("event", "event_type", %s%s))`, g.slogLoggerBefore(), event, comma(g.slogArgs(g.IntN(3)))))
	default:
		event := g.event()
		args := []string{`"event", ` + event}
		if more := g.slogArgs(g.IntN(4)); more != "" {
			args = append(args, more)
			if g.chance(40) {
				args[0], args[1] = args[1], args[0]
			}
		}
		g.within(fmt.Sprintf(`%s.%s("m", %s)`, g.slogLoggerBefore(), g.oneOf("Info", "Info", "Error", "Debug"), strings.Join(args, ", ")))
	}
}

func (g *generator) slogLoggerBefore() string {
	v := g.variable()
	g.line("%s := %s", v, g.slogLogger())
	return v
}

// grow appends to a list, maybe under conditions and in loops.
func (g *generator) grow(list string, element func() string) {
	for range g.IntN(3) {
		e := element()
		switch g.IntN(4) {
		case 0:
			g.line("if r.bit(%d) {", g.bit())
			g.line("\t%s = append(%s, %s)", list, list, e)
			g.line("}")
		case 1:
			g.line("if r.bit(%d) {", g.bit())
			g.line("\t%s = append(%s, %s)", list, list, e)
			g.line("} else {")
			g.line("\t%s = append(%s, %s)", list, list, element())
			g.line("}")
		default:
			g.line("%s = append(%s, %s)", list, list, e)
		}
	}
}

func (g *generator) slogHelper() {
	logger := g.slogLoggerBefore()
	event := g.event()
	switch g.IntN(7) {
	case 0:
		h := g.helper("(l *slog.Logger, name string, attrs ...slog.Attr)",
			`	l.LogAttrs(context.Background(), slog.LevelInfo, "m", append(attrs, slog.String("event", name))...)`)
		g.within(fmt.Sprintf("%s(%s, %s%s)", h, logger, event, comma(g.slogAttrs(g.IntN(3)))))
	case 1:
		h := g.helper("(l *slog.Logger, name string, args ...any)",
			`	l.Info("m", append([]any{"event", name}, args...)...)`)
		outer := g.helper("(l *slog.Logger, name string, args ...any)", fmt.Sprintf("\t%s(l, \"event_\"+name, args...)", h))
		g.within(fmt.Sprintf(`%s(%s, "9"%s)`, outer, logger, comma(g.slogArgs(g.IntN(3)))))
	case 2:
		h := g.helper("(l *slog.Logger, name string, props map[string]any)",
			"\targs := []any{\"event\", name}\n\tfor k, v := range props {\n\t\targs = append(args, k, v)\n\t}\n\tl.Info(\"m\", args...)")
		g.within(fmt.Sprintf(`%s(%s, %s, map[string]any{"a": %s, "b": %s})`, h, logger, event, g.plain(), g.plain()))
	case 3:
		h := g.helper("(l *slog.Logger, name string, attrs ...slog.Attr)",
			"\tvar args []any\n\tfor _, a := range attrs {\n\t\targs = append(args, a)\n\t}\n\tl.With(\"event\", name).Info(\"m\", args...)")
		g.within(fmt.Sprintf("%s(%s, %s%s)", h, logger, event, comma(g.slogAttrs(g.IntN(3)))))
	case 4:
		h := g.helper("(l *slog.Logger, name string, v any)", `	l.Info("m", "event", name, "v", v)`)
		g.within(fmt.Sprintf("%s(%s, %s, %s)", h, logger, event, g.plain()))
	case 5:
		g.within(fmt.Sprintf("r.service.emit(%s%s)", event, comma(g.slogArgs(g.IntN(3)))))
	default:
		g.within(fmt.Sprintf("r.sender.Send(%s%s)", event, comma(g.slogAttrs(g.IntN(3)))))
	}
}
