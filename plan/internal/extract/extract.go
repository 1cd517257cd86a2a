// Package extract writes down what the functions of a package log, as terms: one
// function at a time, without looking into another. What a function does not know
// itself (its parameters, what it calls, a variable that others assign) stays a hole
// in the term, which package program fills.
package extract

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Package writes down one package, whose functions are given, anonymous ones and
// methods included.
func Package(fset *token.FileSet, pkg *types.Package, files []*ast.File, funcs []*ssa.Function) *term.Summary {
	x := &extractor{
		fset: fset, files: files, pkg: pkg,
		known:  map[*ssa.Function]*function{},
		shapes: map[shapeKey]*term.Node{}, elements: map[*ssa.Global][]*term.Node{},
		out: &term.Summary{
			Path: pkg.Path(), Funcs: map[string]*term.Func{}, Stores: map[string][]*term.Node{},
			Calls: map[string][]term.Site{}, Taken: map[string]term.Place{}, Invoked: map[string]term.Interface{},
		},
	}
	for _, fn := range funcs {
		if fn.Blocks != nil && (fn.Synthetic == "" || strings.HasPrefix(fn.Synthetic, "range-over-func")) || fn.Name() == "init" {
			x.function(fn).run()
		}
	}
	x.arrays()
	return x.out
}

type extractor struct {
	fset  *token.FileSet
	files []*ast.File
	pkg   *types.Package
	known map[*ssa.Function]*function
	calls map[token.Pos]*ast.CallExpr // by their opening parenthesis
	// shapes are the property values of types.
	shapes map[shapeKey]*term.Node
	// elements are those of the package's arrays.
	elements map[*ssa.Global][]*term.Node
	out      *term.Summary
}

// function is one function while it is written down.
type function struct {
	*extractor
	fn    *ssa.Function
	id    string
	terms map[ssa.Value]*term.Node
	// entries are what is known of memory at the beginning of a block.
	entries map[entryKey]*term.Node
	roots   map[ssa.Value]ssa.Value
	members map[*ssa.MapUpdate]*term.Node
	loops   map[*ssa.BasicBlock]*loop
	looked  map[ssa.Value]bool // those whose loops are known, see loopsFirst
}

func (x *extractor) function(fn *ssa.Function) *function {
	f := x.known[fn]
	if f == nil {
		f = &function{
			extractor: x, fn: fn, id: idOf(fn),
			terms: map[ssa.Value]*term.Node{}, entries: map[entryKey]*term.Node{},
			roots: map[ssa.Value]ssa.Value{}, members: map[*ssa.MapUpdate]*term.Node{}, loops: map[*ssa.BasicBlock]*loop{}, looked: map[ssa.Value]bool{},
		}
		x.known[fn] = f
	}
	return f
}

// idOf is the name of a function in all packages.
func idOf(fn *ssa.Function) string {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	if object, ok := fn.Object().(*types.Func); ok {
		return object.Origin().FullName()
	}
	if parent := fn.Parent(); parent != nil {
		return idOf(parent) + "$" + fn.Name()
	}
	return fn.String()
}

func (f *function) run() {
	out := &term.Func{ID: f.id}
	for _, p := range f.fn.Params {
		out.Params = append(out.Params, p.Name())
	}
	for _, block := range f.fn.Blocks {
		for _, instr := range block.Instrs {
			f.instruction(out, instr)
		}
	}
	f.effects(out)
	if len(out.Sinks)+len(out.Results)+len(out.Effects) > 0 {
		f.out.Funcs[f.id] = out
	}
}

func (f *function) instruction(out *term.Func, instr ssa.Instruction) {
	switch instr := instr.(type) {
	case ssa.CallInstruction:
		common := instr.Common()
		f.callSite(common, instr)
		f.assigned(instr)
		if sink, ok := f.sink(common, instr); ok {
			sink.Place = f.place(instr)
			out.Sinks = append(out.Sinks, sink)
		}
	case *ssa.Store:
		f.store(instr)
	case *ssa.MapUpdate:
		f.updated(instr)
	case *ssa.Return:
		for i, result := range instr.Results {
			if !matters(result.Type()) {
				continue
			}
			for len(out.Results) <= i {
				out.Results = append(out.Results, nil)
			}
			value := f.boxed(result, f.fn.Signature.Results().At(i).Type(), instr)
			if before := out.Results[i]; before != nil {
				value = term.Choice(before, value)
			}
			out.Results[i] = value
		}
	}
	f.taken(instr)
}

// taken notes the functions that are used as values.
func (f *function) taken(instr ssa.Instruction) {
	var callee ssa.Value
	if call, ok := instr.(ssa.CallInstruction); ok {
		callee = call.Common().Value
	}
	for _, operand := range instr.Operands(nil) {
		fn, ok := (*operand).(*ssa.Function)
		if !ok || *operand == callee {
			continue
		}
		if _, ok := instr.(*ssa.MakeClosure); ok && fn.Parent() != nil {
			continue // see callSite
		}
		if object, ok := fn.Object().(*types.Func); ok && sinks[object.FullName()].line == nil {
			if id := object.Origin().FullName(); f.out.Taken[id].File == "" {
				f.out.Taken[id] = f.place(instr)
			}
		}
	}
}

// callSite notes a call of a function that may pass its arguments on.
func (f *function) callSite(common *ssa.CallCommon, at ssa.Instruction) {
	callee, args := f.callee(common)
	if _, isBuiltin := common.Value.(*ssa.Builtin); callee == nil && !isBuiltin && passesOn(common) {
		site := term.Site{Caller: f.id, Place: f.place(at), Args: []*term.Node{f.term(common.Value, at)}}
		for _, arg := range common.Args {
			site.Args = append(site.Args, f.boxed(arg, nil, at))
		}
		f.out.Dynamic = append(f.out.Dynamic, site)
		return
	}
	if callee == nil || callee.pkg == nil || !f.mayPassOn(callee) {
		return
	}
	if callee.method != "" {
		f.out.Invoked[callee.id] = term.Interface{Type: callee.iface, Method: callee.method}
	}
	site := term.Site{Caller: f.id, Place: f.place(at), Args: f.arguments(callee, args, at)}
	f.out.Calls[callee.id] = append(f.out.Calls[callee.id], site)
}

// passesOn reports whether a call has arguments that can say something of an event.
func passesOn(common *ssa.CallCommon) bool {
	for _, arg := range common.Args {
		if isString(arg.Type()) || isMutable(arg.Type()) || typeName(arg.Type()) == corePath+".Event" {
			return true
		}
		if slice, ok := arg.Type().Underlying().(*types.Slice); ok && matters(slice.Elem()) {
			return true
		}
	}
	return false
}

// arguments are the terms of a call's arguments. Those that cannot matter are nil.
func (f *function) arguments(callee *callee, args []ssa.Value, at ssa.Instruction) []*term.Node {
	nodes := make([]*term.Node, len(args))
	for i, arg := range args {
		if matters(arg.Type()) || isTypeParam(callee.param(i)) {
			nodes[i] = f.boxed(arg, callee.param(i), at)
		}
	}
	return nodes
}

// store notes what is assigned to what other functions read.
func (f *function) store(store *ssa.Store) {
	name := ""
	switch addr := store.Addr.(type) {
	case *ssa.Global:
		name = addr.String()
	case *ssa.FieldAddr:
		name = fieldName(addr.X.Type(), addr.Field)
	case *ssa.IndexAddr:
		f.arrayElement(store)
		return
	default:
		return
	}
	f.arrayElement(store)
	if !matters(store.Val.Type()) || name == "" {
		return
	}
	if isHook(name) && !isGuard(store.Val) {
		f.out.Taken[name] = f.place(store)
	}
	f.out.Stores[name] = append(f.out.Stores[name], f.term(store.Val, store))
	if field, ok := store.Addr.(*ssa.FieldAddr); ok {
		if root, _ := pathOf(field); !isOwn(root) && !isElement(root) {
			f.out.Stores[later+name] = append(f.out.Stores[later+name], f.term(store.Val, store))
		}
	}
}

// isHook reports whether a field of causality.Config is a function that may change what
// events have.
func isHook(field string) bool {
	return field == corePath+".Config.ReplaceAttr" || field == corePath+".Config.BeforeTrack"
}

// isGuard reports whether a function is that of a plan.Guard, which changes no event.
func isGuard(v ssa.Value) bool {
	made, ok := v.(*ssa.MakeClosure)
	if !ok {
		return false
	}
	object, ok := made.Fn.(*ssa.Function).Object().(*types.Func)
	return ok && object.Pkg() != nil && object.Pkg().Path() == modulePath+"/plan"
}

// fieldName is the name of a field in all packages, "" where the struct has none.
func fieldName(t types.Type, i int) string {
	t = deref(t)
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return ""
	}
	s, ok := named.Underlying().(*types.Struct)
	if !ok {
		return ""
	}
	return named.Obj().Pkg().Path() + "." + named.Obj().Name() + "." + s.Field(i).Name()
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func isTypeParam(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := types.Unalias(t).(*types.TypeParam)
	return ok
}

// place is where an instruction is: the whole call expression, if it is one.
func (x *extractor) place(instr ssa.Instruction) term.Place {
	start, end := instr.Pos(), instr.Pos()
	if call, ok := instr.(ssa.CallInstruction); ok {
		start = call.Common().Pos()
		end = start
		if x.calls == nil {
			x.findCalls()
		}
		if expr := x.calls[start]; expr != nil {
			start, end = expr.Pos(), expr.End()
		}
	}
	from, to := x.fset.Position(start), x.fset.Position(end)
	return term.Place{
		File: from.Filename, Line: from.Line, Column: from.Column, EndLine: to.Line, EndColumn: to.Column,
		Parsed: x.fset.PositionFor(start, false).Filename, Offset: from.Offset, EndOffset: to.Offset,
	}
}

func (x *extractor) findCalls() {
	x.calls = map[token.Pos]*ast.CallExpr{}
	for _, file := range x.files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				x.calls[call.Lparen] = call
			}
			return true
		})
	}
}
