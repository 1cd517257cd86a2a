package extract

import (
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

func init() { values["fmt.Sprintf"] = sprintf }

// sprintf is a text that is put together of strings: with another verb than %s and %v, or
// another value, it is not known.
func sprintf(m *modelled) *term.Node {
	unknown := term.Why("it comes from fmt.Sprintf")
	format, list := m.arg(0), m.arg(1)
	if format.Op != term.Text || list.Op != term.List && list.Op != term.Nil {
		return unknown
	}
	text, args := term.Of(term.Concat), list.Args
	for rest := format.Str; rest != ""; {
		before, after, found := strings.Cut(rest, "%")
		text.Args = append(text.Args, term.Const(before))
		if !found {
			break
		}
		switch {
		case strings.HasPrefix(after, "%"):
			text.Args = append(text.Args, term.Const("%"))
		case len(args) > 0 && (strings.HasPrefix(after, "s") || strings.HasPrefix(after, "v")) && args[0].Op == term.Boxed && args[0].Str == "string":
			text.Args = append(text.Args, args[0].Arg(0))
			args = args[1:]
		default:
			return unknown
		}
		rest = after[1:]
	}
	if len(args) > 0 {
		return unknown
	}
	return text
}
