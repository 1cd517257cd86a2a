// Package generate writes small programs that log and track at random, for a test that
// runs them and compares what arrives with what is read out of their code.
package generate

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Program is a function p(r *run) and what it needs, as the text of a Go file of package
// name. Its conditions are r.bit(0) to r.bit(Bits-1).
func Program(seed uint64, pkg, function string) string {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 7)), name: function}
	for range 1 + g.IntN(3) {
		g.statement()
	}
	for _, v := range g.used {
		g.line("_ = %s", v)
	}
	var b strings.Builder
	if g.shared {
		b.WriteString(Shared)
	}
	fmt.Fprintf(&b, "package %s\n\n", pkg)
	b.WriteString(imports)
	fmt.Fprintf(&b, "func %s(r *run) {\n%s}\n\n%s", function, g.body.String(), g.helpers.String())
	return b.String()
}

// Bits is how many conditions a program has.
const Bits = 6

// Shared begins a program in which two things depend on one condition.
const Shared = "// Two things depend on one condition.\n\n"

const imports = `import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

var (
	_ = errors.New
	_ context.Context
	_ slog.Attr
	_ time.Time
	_ zerolog.Logger
	_ zap.Field
	_ zapcore.Field
	_ causality.Event
	_ = slogcausality.Event
	_ = zapcausality.Event
	_ = zerologcausality.Event
)

`

type generator struct {
	*rand.Rand
	name    string
	body    strings.Builder
	helpers strings.Builder
	n       int // variables and helpers so far
	events  int
	depth   int
	bits    int
	used    []string
	shared  bool // two things depend on one condition
}

func (g *generator) oneOf(options ...string) string { return options[g.IntN(len(options))] }

func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func (g *generator) line(format string, args ...any) {
	fmt.Fprintf(&g.body, "\t"+format+"\n", args...)
}

func (g *generator) variable() string {
	g.n++
	v := fmt.Sprint("v", g.n)
	g.used = append(g.used, v)
	return v
}

// event is an event's name, as a Go expression.
func (g *generator) event() string {
	g.events++
	name := fmt.Sprintf("event_%d", g.IntN(4))
	switch g.IntN(6) {
	case 0:
		return fmt.Sprintf(`"ev" + "ent_%d"`, g.IntN(4))
	case 1:
		return "constName"
	case 2:
		v := g.variable()
		g.line(`%s := "%s"`, v, name)
		if g.chance(50) {
			g.line(`if r.bit(%d) {`, g.bit())
			g.line(`	%s = "other_%d"`, v, g.IntN(3))
			g.line(`}`)
		}
		return v
	}
	return fmt.Sprintf("%q", name)
}

func (g *generator) key() string {
	switch g.IntN(12) {
	case 0:
		return "constKey"
	case 1:
		return `"a.b"`
	case 2:
		return `"user_id"`
	case 3:
		return `"` + g.oneOf("session_id", "device_id", "correlation_id") + `"`
	}
	return fmt.Sprintf("%q", g.oneOf("a", "b", "c", "d", "e", "f", "total_cents", "order_id", "x_y"))
}

// plain is a value of any type, as a Go expression.
func (g *generator) plain() string {
	v := g.oneOf(`"text"`, `r.text()`, `7`, `r.number()`, `int64(9)`, `uint8(3)`, `1.5`, `r.float()`, `true`, `r.flag()`,
		`r.wait()`, `1500*time.Microsecond`, `time.Now()`, `errors.New("x")`, `r.err(0)`, `[]string{"x"}`, `r.list(1)`,
		`named("x")`, `kind(3)`, `shown(4)`, `[]byte("x")`, `point{1.5, 2, nil}`, `r.point(1)`, `r.pointer(0)`, `valuer{"x"}`,
		`map[string]any{"k": 1, "l": "x"}`, `map[string]int{"m": r.number()}`, `[2]int{1, 2}`, `complex(1, 2)`, `nil`,
		`r.any(1)`, `struct{ A int; B string `+"`json:\"bee\"`"+` }{1, r.text()}`, `both{"x", 3}`, `&both{"y", 4}`)
	return g.fresh(v)
}

// fresh gives the functions of r that depend on a condition one of their own.
func (g *generator) fresh(expr string) string {
	for _, name := range []string{"err", "list", "point", "pointer", "any"} {
		if at := strings.Index(expr, "r."+name+"("); at >= 0 {
			at += len("r." + name + "(")
			return expr[:at] + fmt.Sprint(g.bit()) + expr[at+1:]
		}
	}
	return expr
}

// bit is a condition that nothing else depends on, as long as there is one.
func (g *generator) bit() int {
	if g.bits < Bits {
		g.bits++
		return g.bits - 1
	}
	g.shared = true
	return g.IntN(Bits)
}

func (g *generator) statement() {
	switch g.IntN(5) {
	case 0, 1:
		g.slog()
	case 2:
		g.zap()
	case 3:
		g.zerolog()
	default:
		g.track()
	}
}

// within writes a statement, maybe under a condition or in a loop.
func (g *generator) within(statement string) {
	switch g.IntN(8) {
	case 0:
		g.line("if r.bit(%d) {", g.bit())
		g.line("\t%s", statement)
		g.line("}")
	case 1:
		g.line("for range 2 {")
		g.line("\t%s", statement)
		g.line("}")
	case 2:
		g.line("func() { %s }()", statement)
	default:
		g.line("%s", statement)
	}
}

// helper declares a function and returns its name.
func (g *generator) helper(signature, body string) string {
	g.n++
	name := fmt.Sprintf("%s_h%d", g.name, g.n)
	fmt.Fprintf(&g.helpers, "func %s%s {\n%s\n}\n\n", name, signature, body)
	return name
}
