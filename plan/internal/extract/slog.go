package extract

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

func init() {
	logger, handler := "(*"+slogPath+".Logger).", "("+slogPath+".Handler)."
	with := func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), slogPairs(m.arg(1))) }
	withGroup := func(m *modelled) *term.Node { return term.Append(m.arg(0), term.Of(term.Open, m.arg(1))) }
	withAttrs := func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), m.arg(1)) }
	notOurs := func(*modelled) *term.Node { return root(term.NotOurs, nil) }
	for id, model := range map[string]model{
		logger + "With":            with,
		logger + "WithGroup":       withGroup,
		logger + "Handler":         func(m *modelled) *term.Node { return m.arg(0) },
		handler + "WithAttrs":      withAttrs,
		handler + "WithGroup":      withGroup,
		slogPath + ".New":          func(m *modelled) *term.Node { return m.arg(0) },
		slogPath + ".Default":      func(*modelled) *term.Node { return global(defaultSlog) },
		slogPath + ".With":         func(m *modelled) *term.Node { return term.Of(term.Cat, global(defaultSlog), slogPairs(m.arg(0))) },
		slogPath + ".NewRecord":    func(m *modelled) *term.Node { return term.Of(term.List, m.levelOf(1)) },
		slogPath + ".Group":        func(m *modelled) *term.Node { return term.Field(m.arg(0), term.Of(term.Group, slogPairs(m.arg(1)))) },
		slogPath + ".GroupAttrs":   func(m *modelled) *term.Node { return term.Field(m.arg(0), term.Of(term.Group, m.arg(1))) },
		slogPath + ".GroupValue":   func(m *modelled) *term.Node { return term.Of(term.Group, m.arg(0)) },
		slogPath + ".Any":          slogAttr,
		slogPath + ".AnyValue":     slogValue,
		slogPath + ".Event":        nil,
		ourSlog + ".NewHandler":    func(m *modelled) *term.Node { return root(term.Ours, m.arg(1)) },
		ourSlog + ".Tee":           func(m *modelled) *term.Node { return root(term.Ours, m.arg(2)) },
		ourSlog + ".WithEventKeys": eventKeys,
		ourSlog + ".WithEventKey":  eventKey,
		ourSlog + ".WithLevel":     minLevel,
		ourSlog + ".Event": func(m *modelled) *term.Node {
			return term.Field(term.Const("event"), eventGroup(m.arg(0), m.arg(1)))
		},
		"(*" + ourSlog + ".Handler).WithAttrs": withAttrs,
		"(*" + ourSlog + ".Handler).WithGroup": withGroup,
		slogPath + ".NewJSONHandler":           notOurs,
		slogPath + ".NewTextHandler":           notOurs,
	} {
		if model != nil {
			values[id] = model
		}
	}
	for _, kind := range strings.Fields("String Int Int64 Uint64 Float64 Bool Time Duration") {
		values[slogPath+"."+kind] = slogAttr
		values[slogPath+"."+kind+"Value"] = slogValue
	}
	values[slogPath+".IntValue"] = slogValue

	record := "(*" + slogPath + ".Record)."
	changes[record+"Add"] = func(m *modelled, before *term.Node) *term.Node {
		return term.Of(term.Cat, before, slogPairs(m.arg(1)))
	}
	changes[record+"AddAttrs"] = func(m *modelled, before *term.Node) *term.Node {
		return term.Of(term.Cat, before, m.arg(1))
	}

	for name, n := range map[string]int{"Debug": -4, "Info": 0, "Warn": 4, "Error": 8} {
		line := func(args int, recv bool) sinkModel {
			return func(m *modelled) *term.Node {
				bound := global(defaultSlog)
				if recv {
					bound = m.arg(0)
				}
				return term.Of(term.Cat, term.Append(bound, level(n)), slogPairs(m.arg(args)))
			}
		}
		sinks[logger+name] = sinkOf{term.Slog, line(2, true)}
		sinks[logger+name+"Context"] = sinkOf{term.Slog, withContext(1, line(3, true))}
		sinks[slogPath+"."+name] = sinkOf{term.Slog, line(1, false)}
		sinks[slogPath+"."+name+"Context"] = sinkOf{term.Slog, withContext(0, line(2, false))}
	}
	sinks[logger+"Log"] = sinkOf{term.Slog, withContext(1, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(m.arg(0), m.levelOf(2)), slogPairs(m.arg(4)))
	})}
	sinks[logger+"LogAttrs"] = sinkOf{term.Slog, withContext(1, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(m.arg(0), m.levelOf(2)), m.arg(4))
	})}
	sinks[slogPath+".Log"] = sinkOf{term.Slog, withContext(0, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(global(defaultSlog), m.levelOf(1)), slogPairs(m.arg(3)))
	})}
	sinks[slogPath+".LogAttrs"] = sinkOf{term.Slog, withContext(0, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(global(defaultSlog), m.levelOf(1)), m.arg(3))
	})}
	handle := sinkOf{term.Slog, func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), m.arg(2)) }}
	sinks[handler+"Handle"] = handle
	sinks["(*"+ourSlog+".Handler).Handle"] = handle
}

func slogPairs(list *term.Node) *term.Node {
	return &term.Node{Op: term.Pairs, N: int(term.Log), Args: []*term.Node{list}}
}

func slogAttr(m *modelled) *term.Node { return term.Field(m.arg(0), m.prop(1, term.Log)) }

func slogValue(m *modelled) *term.Node { return m.prop(0, term.Log) }

// withContext is a line whose argument i is a context.
func withContext(i int, line sinkModel) sinkModel {
	return func(m *modelled) *term.Node {
		n := line(m)
		if hasContext(m, i) {
			n = term.Append(n, term.Of(term.Context))
		}
		return n
	}
}

// hasContext reports whether the argument i is a context that may say whom an event is
// about: any but an empty one.
func hasContext(m *modelled, i int) bool {
	call, ok := m.args[i].(*ssa.Call)
	if !ok {
		return true
	}
	fn := call.Call.StaticCallee()
	return fn == nil || fn.String() != "context.Background" && fn.String() != "context.TODO"
}
