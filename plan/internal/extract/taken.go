package extract

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// functionValue is a function that is used as a value; of a method value, with the
// receiver that is bound to it.
func (f *function) functionValue(v ssa.Value) *term.Node {
	fn, bound := f.functionOf(v)
	n := &term.Node{Op: term.Function, Str: idOf(fn)}
	object, ok := fn.Object().(*types.Func)
	if !ok {
		return n // a closure, which has its variables from the function around it
	}
	sig := object.Origin().Type().(*types.Signature)
	for _, receiver := range bound {
		n.Args = append(n.Args, f.boxed(receiver, nil, v.(ssa.Instruction)))
	}
	if model, ok := sinks[n.Str]; ok {
		f.sinkValue(n.Str, sig, model)
	}
	return n
}

// sinkValue writes down a logger's method that is used as a value like a function of the
// program, whose calls say what is on the line.
func (f *function) sinkValue(id string, sig *types.Signature, model sinkOf) {
	if f.out.Funcs[id] != nil || model.logger == term.Zerolog {
		return
	}
	var params []*types.Var
	if sig.Recv() != nil {
		params = append(params, sig.Recv())
	}
	for param := range sig.Params().Variables() {
		params = append(params, param)
	}
	m := &modelled{f: f, args: make([]ssa.Value, len(params)), id: id}
	fn := &term.Func{ID: id}
	for i, p := range params {
		fn.Params = append(fn.Params, p.Name())
		m.params = append(m.params, &term.Node{Op: term.Param, Str: id, N: i, Names: []string{p.Name()}, Lift: !isLogger(p.Type())})
	}
	fn.Sinks = []term.Sink{{Logger: model.logger, Line: model.line(m)}}
	f.out.Funcs[id] = fn
}
