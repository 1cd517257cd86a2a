package generate

import (
	"fmt"
	"strings"
)

func (g *generator) zapField() string {
	if g.depth > 2 {
		return `zap.Int("deep", 1)`
	}
	g.depth++
	defer func() { g.depth-- }()
	k := g.key()
	switch g.IntN(18) {
	case 0:
		return fmt.Sprintf("zap.Int(%s, r.number())", k)
	case 1:
		return fmt.Sprintf("zap.Bool(%s, true)", k)
	case 2:
		return fmt.Sprintf("zap.Float64(%s, r.float())", k)
	case 3:
		return fmt.Sprintf("zap.Duration(%s, r.wait())", k)
	case 4:
		return fmt.Sprintf("zap.Error(%s)", g.fresh(g.oneOf("r.err(0)", `errors.New("x")`)))
	case 5:
		return fmt.Sprintf("zap.Dict(%s, %s)", g.oneOf(`"g"`, `"h"`), g.zapFields(1+g.IntN(2)))
	case 6:
		return fmt.Sprintf("zap.Strings(%s, %s)", k, g.fresh(g.oneOf("r.list(1)", `[]string{"x"}`)))
	case 7:
		return fmt.Sprintf("zap.Object(%s, both{\"x\", 3})", k)
	case 8:
		return `zap.Inline(both{"x", 3})`
	case 9:
		return fmt.Sprintf("zap.Stringer(%s, shown(3))", k)
	case 10:
		return fmt.Sprintf("zap.Time(%s, time.Now())", k)
	case 11:
		return fmt.Sprintf("zap.Reflect(%s, %s)", k, g.plain())
	case 12:
		return fmt.Sprintf("zap.Object(%s, zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {\n\t\tenc.AddInt(\"i\", 1)\n\t\tif r.bit(%d) {\n\t\t\tenc.AddString(\"s\", \"x\")\n\t\t}\n\t\treturn nil\n\t}))", k, g.bit())
	case 13:
		return fmt.Sprintf("zap.Intp(%s, %s)", k, g.fresh("r.pointer(0)"))
	case 14:
		return fmt.Sprintf("zap.String(%s, r.text())", k)
	default:
		return fmt.Sprintf("zap.Any(%s, %s)", k, g.plain())
	}
}

func (g *generator) zapFields(n int) string {
	fields := make([]string, n)
	for i := range fields {
		fields[i] = g.zapField()
	}
	return strings.Join(fields, ", ")
}

func (g *generator) sugarArgs(n int) string {
	var args []string
	for range n {
		if g.chance(25) {
			args = append(args, g.zapField())
		} else {
			args = append(args, g.key(), g.plain())
		}
	}
	return strings.Join(args, ", ")
}

func (g *generator) zapLogger() string {
	logger := g.oneOf("r.zap", "r.zap", "zap.L()")
	for range g.IntN(3) {
		switch g.IntN(5) {
		case 0:
			logger += `.With(zap.Namespace("ns"))`
		case 1:
			v := g.variable()
			g.line("%s := %s", v, logger)
			g.line("if r.bit(%d) {", g.bit())
			g.line("\t%s = %s.With(%s)", v, v, g.zapFields(1))
			g.line("}")
			logger = v
		case 2:
			logger += ".Sugar().With(" + g.sugarArgs(1) + ").Desugar()"
		case 3:
			logger += ".Named(\"x\").WithOptions(zap.AddCaller())"
		default:
			logger += ".With(" + g.zapFields(1) + ")"
		}
	}
	v := g.variable()
	g.line("%s := %s", v, logger)
	return v
}

func (g *generator) zap() {
	logger, event := g.zapLogger(), g.event()
	switch g.IntN(7) {
	case 0:
		g.within(fmt.Sprintf(`%s.Info("m", zapcausality.Event(%s%s)%s)`, logger, event, comma(g.zapFields(g.IntN(4))), comma(g.zapFields(g.IntN(2)))))
	case 1:
		g.within(fmt.Sprintf(`%s.Sugar().%s("m", "event", %s%s)`, logger, g.oneOf("Infow", "Warnw", "Debugw"), event, comma(g.sugarArgs(g.IntN(3)))))
	case 2:
		v := g.variable()
		g.line("%s := []zap.Field{zap.String(\"event\", %s)}", v, event)
		g.grow(v, g.zapField)
		g.within(fmt.Sprintf(`%s.Info("m", %s...)`, logger, v))
	case 3:
		h := g.helper("(l *zap.Logger, name string, fields ...zap.Field)",
			`	l.Info(name, append(fields, zap.String("event", name))...)`)
		g.within(fmt.Sprintf("%s(%s, %s%s)", h, logger, event, comma(g.zapFields(g.IntN(3)))))
	case 4:
		g.within(fmt.Sprintf(`if ce := %s.Check(zap.InfoLevel, "m"); ce != nil { ce.Write(zap.String("event", %s)%s) }`, logger, event, comma(g.zapFields(g.IntN(2)))))
	case 5:
		h := g.helper("(l *zap.SugaredLogger, name string, props map[string]any)",
			"\targs := []any{\"event\", name}\n\tfor k, v := range props {\n\t\targs = append(args, zap.Any(k, v))\n\t}\n\tl.Infow(\"m\", args...)")
		g.within(fmt.Sprintf(`%s(%s.Sugar(), %s, map[string]any{"a": %s})`, h, logger, event, g.plain()))
	default:
		fields := []string{fmt.Sprintf(`zap.String("event", %s)`, event)}
		if more := g.zapFields(g.IntN(4)); more != "" {
			fields = append(fields, more)
			if g.chance(40) {
				fields[0], fields[1] = fields[1], fields[0]
			}
		}
		g.within(fmt.Sprintf(`%s.%s("m", %s)`, logger, g.oneOf("Info", "Info", "Error", "Debug"), strings.Join(fields, ", ")))
	}
}
