package extract

import (
	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

type sinkModel func(m *modelled) *term.Node

type sinkOf struct {
	logger term.Logger
	line   sinkModel
}

// sinks are the functions that write a line or track an event.
var sinks = map[string]sinkOf{}

func init() {
	client := "(*" + corePath + ".Client)."
	sinks[client+"Track"] = sinkOf{term.Track, func(m *modelled) *term.Node { return m.arg(1) }}
	inContext := func(m *modelled) *term.Node {
		if hasContext(m, 1) {
			return term.Of(term.Cat, term.Of(term.Context), m.arg(2))
		}
		return m.arg(2)
	}
	sinks[client+"TrackContext"] = sinkOf{term.Track, inContext}
	sinks[client+"Send"] = sinkOf{term.Track, inContext}
}

// sink returns what a call writes or tracks, if it does.
func (f *function) sink(common *ssa.CallCommon, at ssa.Instruction) (term.Sink, bool) {
	callee, args := f.callee(common)
	if callee == nil {
		return term.Sink{}, false
	}
	m := &modelled{f: f, args: args, call: at, id: callee.id}
	if setter, ok := setters[callee.id]; ok {
		value := m.arg(setter.arg)
		if setter.global == contextZerolog {
			value = m.pointee(setter.arg)
		}
		f.out.Stores[setter.global] = append(f.out.Stores[setter.global], value)
	}
	if callee.id == "context.WithValue" {
		if name := contextKey(m.args[1]); name != "" && matters(m.args[2].Type()) {
			f.out.Stores[name] = append(f.out.Stores[name], m.arg(2))
		}
	}
	if logger, ok := adapters[callee.id]; ok {
		f.out.Adapters = append(f.out.Adapters, logger)
	}
	model, ok := sinks[callee.id]
	if !ok && callee.method != "" {
		model, ok = throughInterface(callee)
	}
	if !ok {
		return term.Sink{}, false
	}
	return term.Sink{Logger: model.logger, Line: model.line(m)}, true
}

// adapters are what makes lines events.
var adapters = map[string]term.Logger{
	ourSlog + ".NewHandler":   term.Slog,
	ourSlog + ".Tee":          term.Slog,
	ourZap + ".NewCore":       term.ZapLogger,
	ourZap + ".Tee":           term.ZapLogger,
	ourZerolog + ".NewHook":   term.Zerolog,
	ourZerolog + ".NewWriter": term.Zerolog,
}

// throughInterface returns what a method of an interface of the program's tracks, where a
// client is in it.
func throughInterface(c *callee) (sinkOf, bool) {
	last := map[string]string{"Track": corePath + ".Event", "TrackContext": corePath + ".Event", "Send": "[]" + corePath + ".Event"}
	at := map[string]int{"Track": 0, "TrackContext": 1, "Send": 1}[c.method]
	if last[c.method] == "" || c.sig.Params().Len() != at+1 || typeName(c.sig.Params().At(at).Type()) != last[c.method] {
		return sinkOf{}, false
	}
	return sinks["(*"+corePath+".Client)."+c.method], true
}
