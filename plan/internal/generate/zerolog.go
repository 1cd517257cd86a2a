package generate

import (
	"fmt"
	"strings"
)

// zerologField is a method call that adds to an Event; of a Context all but a few do
// the same.
func (g *generator) zerologField(isContext bool) string {
	if g.depth > 2 {
		return `Int("deep", 1)`
	}
	g.depth++
	defer func() { g.depth-- }()
	k := g.key()
	n := 20
	if isContext {
		n = 16
	}
	switch g.IntN(n) {
	case 0:
		return fmt.Sprintf("Int(%s, r.number())", k)
	case 1:
		return fmt.Sprintf("Bool(%s, r.flag())", k)
	case 2:
		return fmt.Sprintf("Float64(%s, %s)", k, g.oneOf("r.float()", "1.5", "2"))
	case 3:
		return fmt.Sprintf("Dur(%s, %s)", k, g.oneOf("r.wait()", "time.Second", "1500*time.Microsecond"))
	case 4:
		return fmt.Sprintf("Err(%s)", g.fresh(g.oneOf("r.err(0)", `errors.New("x")`)))
	case 5:
		return fmt.Sprintf(`Dict(%s, zerolog.Dict().%s)`, g.oneOf(`"g"`, `"h"`), g.zerologFields(1+g.IntN(2), false))
	case 6:
		return fmt.Sprintf("Strs(%s, %s)", k, g.fresh("r.list(1)"))
	case 7:
		return fmt.Sprintf("Object(%s, both{\"x\", 3})", k)
	case 8:
		return `EmbedObject(both{"x", 3})`
	case 9:
		return fmt.Sprintf("Stringer(%s, shown(3))", k)
	case 10:
		return fmt.Sprintf("Time(%s, time.Now())", k)
	case 11:
		return fmt.Sprintf("Interface(%s, %s)", k, g.jsonable())
	case 12:
		return fmt.Sprintf(`Fields(map[string]any{"a": %s, "b": %s})`, g.jsonable(), g.jsonable())
	case 13:
		return fmt.Sprintf(`Fields([]any{"c", %s, "d", %s})`, g.jsonable(), g.jsonable())
	case 14:
		return fmt.Sprintf("Str(%s, r.text())", k)
	case 15:
		return fmt.Sprintf("Any(%s, %s)", k, g.jsonable())
	case 16:
		return "Func(func(e *zerolog.Event) { e." + g.zerologFields(1, false) + " })"
	case 17:
		return fmt.Sprintf("Uint8(%s, 3).Bytes(\"y\", []byte(\"z\"))", k)
	case 18:
		return fmt.Sprintf("TimeDiff(%s, time.Now(), time.Now().Add(-1500*time.Microsecond))", k)
	default:
		return fmt.Sprintf("AnErr(%s, %s)", k, g.fresh("r.err(1)"))
	}
}

// jsonable is a value that encoding/json writes.
func (g *generator) jsonable() string {
	for {
		v := g.plain()
		if !strings.HasPrefix(v, "complex") && !strings.Contains(v, "r.any") && !strings.Contains(v, "r.err") {
			return v
		}
	}
}

func (g *generator) zerologFields(n int, isContext bool) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = g.zerologField(isContext)
	}
	return strings.Join(fields, ".")
}

func dot(fields string) string {
	if fields == "" {
		return ""
	}
	return "." + fields
}

func (g *generator) zerologLogger() string {
	logger := g.oneOf("r.zerolog", "r.zerolog", "*zerolog.Ctx(r.ctx)", "zlog.Logger")
	if logger == "zlog.Logger" {
		logger = "r.zerolog"
	}
	v := g.variable()
	g.line("%s := %s", v, logger)
	for range g.IntN(3) {
		switch g.IntN(4) {
		case 0:
			g.line("if r.bit(%d) {", g.bit())
			g.line("\t%s = %s.With().%s.Logger()", v, v, g.zerologFields(1, true))
			g.line("}")
		case 1:
			g.line("%s.UpdateContext(func(c zerolog.Context) zerolog.Context { return c.%s })", v, g.zerologFields(1, true))
		default:
			w := g.variable()
			g.line("%s := %s.With().%s.Logger()", w, v, g.zerologFields(1+g.IntN(2), true))
			v = w
		}
	}
	return v
}

func (g *generator) zerolog() {
	logger, event := g.zerologLogger(), g.event()
	end := g.oneOf(`Msg("m")`, "Send()", `Msgf("%d", 1)`)
	switch g.IntN(8) {
	case 0:
		g.within(fmt.Sprintf(`%s.Info().Object("event", zerologcausality.Event(%s, func(e *zerolog.Event) { e.%s }))%s.%s`,
			logger, event, g.zerologFields(1+g.IntN(3), false), dot(g.zerologFields(g.IntN(2), false)), end))
	case 1:
		v := g.variable()
		g.line(`%s := %s.Info().Str("event", %s)`, v, logger, event)
		for range g.IntN(3) {
			switch g.IntN(4) {
			case 0:
				g.line("if r.bit(%d) {\n\t\t%s = %s.%s\n\t}", g.bit(), v, v, g.zerologFields(1, false))
			case 1:
				g.line("if r.bit(%d) {\n\t\t%s.%s\n\t}", g.bit(), v, g.zerologFields(1, false))
			case 2:
				h := g.helper("(e *zerolog.Event, r *run) *zerolog.Event", "\treturn e."+g.zerologFields(1, false))
				g.line("%s = %s(%s, r)", v, h, v)
			default:
				h := g.helper("(e *zerolog.Event, r *run)", fmt.Sprintf("\tif r.bit(%d) {\n\t\te.%s\n\t}", g.bit(), g.zerologFields(1, false)))
				g.line("%s(%s, r)", h, v)
			}
		}
		g.line("%s.%s", v, end)
	case 2:
		h := g.helper("(l zerolog.Logger, name string) *zerolog.Event", `	return l.Info().Str("event", name)`)
		g.within(fmt.Sprintf("%s(%s, %s)%s.%s", h, logger, event, dot(g.zerologFields(g.IntN(3), false)), end))
	case 3:
		w := g.variable()
		g.line(`%s := %s.With().Str("event", %s).Logger()`, w, logger, event)
		g.within(fmt.Sprintf("%s.%s()%s.%s", w, g.oneOf("Info", "Warn", "Debug", "Log"), dot(g.zerologFields(g.IntN(3), false)), end))
	case 4:
		h := g.helper("(l *zerolog.Logger, name string, props map[string]any)",
			"\te := l.Info().Str(\"event\", name)\n\tfor k, v := range props {\n\t\te = e.Interface(k, v)\n\t}\n\te.Send()")
		g.within(fmt.Sprintf(`%s(&%s, %s, map[string]any{"a": %s})`, h, logger, event, g.jsonable()))
	default:
		before, after := g.zerologFields(g.IntN(2), false), g.zerologFields(g.IntN(3), false)
		g.within(fmt.Sprintf(`%s.%s()%s.Str("event", %s)%s.%s`, logger, g.oneOf("Info", "Info", "Error", "Debug"), dot(before), event, dot(after), end))
	}
}
