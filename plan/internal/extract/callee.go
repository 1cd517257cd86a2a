package extract

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// callee is the function that a call is of, as far as it is known.
type callee struct {
	id  string
	pkg *types.Package
	sig *types.Signature
	// method is the name of a method of an interface, which any type may have.
	method string
	iface  types.Type
}

// param is the type of a parameter, where the receiver is the first.
func (c *callee) param(i int) types.Type {
	if c.sig == nil {
		return nil
	}
	if recv := c.sig.Recv(); recv != nil {
		if i == 0 {
			return recv.Type()
		}
		i--
	}
	if i < c.sig.Params().Len() {
		return c.sig.Params().At(i).Type()
	}
	return nil
}

// callee returns what is called and all its arguments, a method's receiver first.
func (f *function) callee(common *ssa.CallCommon) (*callee, []ssa.Value) {
	if common.IsInvoke() {
		m := common.Method
		return &callee{
			id: m.FullName(), pkg: m.Pkg(), sig: m.Type().(*types.Signature),
			method: m.Name(), iface: common.Value.Type(),
		}, append([]ssa.Value{common.Value}, common.Args...)
	}
	fn, bound := f.functionOf(common.Value)
	if fn == nil {
		return nil, nil
	}
	args := common.Args
	if strings.HasSuffix(fn.Name(), "$bound") {
		args = append(append([]ssa.Value(nil), bound...), args...)
	}
	c := &callee{id: idOf(fn)}
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	c.sig = fn.Signature
	if object, ok := fn.Object().(*types.Func); ok {
		c.pkg, c.sig = object.Pkg(), object.Origin().Type().(*types.Signature)
		if types.IsInterface(recvType(c.sig)) { // an interface's method as a value
			c.method, c.iface = object.Name(), recvType(c.sig)
		}
	} else if fn.Pkg != nil {
		c.pkg = fn.Pkg.Pkg
	} else if fn.Parent() != nil && fn.Parent().Pkg != nil {
		c.pkg = fn.Parent().Pkg.Pkg
	}
	return c, args
}

func recvType(sig *types.Signature) types.Type {
	if sig.Recv() == nil {
		return types.Typ[types.Invalid]
	}
	return sig.Recv().Type()
}

// functionOf returns the function that a value is, and what is bound to it, if that
// is one.
func (f *function) functionOf(v ssa.Value) (*ssa.Function, []ssa.Value) {
	switch v := v.(type) {
	case *ssa.Function:
		return v, nil
	case *ssa.MakeClosure:
		return v.Fn.(*ssa.Function), v.Bindings
	case *ssa.ChangeType:
		return f.functionOf(v.X)
	case *ssa.UnOp: // a variable that a closure shares, assigned once
		if stored := f.onlyStore(v.X); stored != nil {
			return f.functionOf(stored)
		}
	case *ssa.FreeVar:
		if bound := f.binding(v); bound != nil {
			return f.parent().functionOf(bound)
		}
	}
	return nil, nil
}

// onlyStore returns the one value that a variable which closures share ever has, or
// nil.
func (f *function) onlyStore(addr ssa.Value) ssa.Value {
	switch addr := addr.(type) {
	case *ssa.FreeVar:
		if bound := f.binding(addr); bound != nil {
			return f.parent().onlyStore(bound)
		}
	case *ssa.Alloc:
		if stores := f.stores(addr); len(stores) == 1 {
			return stores[0].Val
		}
	case *ssa.Global: // of the package, where it is a function
		if _, ok := deref(addr.Type()).Underlying().(*types.Signature); ok && addr.Pkg != nil {
			return f.onlyGlobalStore(addr)
		}
	}
	return nil
}

func (f *function) onlyGlobalStore(global *ssa.Global) (found ssa.Value) {
	if global.Object() == nil || global.Object().Exported() {
		return nil
	}
	for fn := range f.known {
		for _, block := range fn.Blocks {
			for _, instr := range block.Instrs {
				if store, ok := instr.(*ssa.Store); ok && store.Addr == global {
					if found != nil {
						return nil
					}
					found = store.Val
				}
			}
		}
	}
	return found
}

// stores are the assignments to a whole variable, in its function and the closures
// that share it.
func (f *function) stores(alloc ssa.Value) (found []*ssa.Store) {
	referrers := alloc.Referrers()
	if referrers == nil {
		return nil
	}
	for _, instr := range *referrers {
		switch instr := instr.(type) {
		case *ssa.Store:
			if instr.Addr == alloc {
				found = append(found, instr)
			}
		case *ssa.MakeClosure:
			for i, binding := range instr.Bindings {
				if binding == alloc {
					fn := instr.Fn.(*ssa.Function)
					if i < len(fn.FreeVars) {
						found = append(found, f.stores(fn.FreeVars[i])...)
					}
				}
			}
		}
	}
	return found
}

// isShared reports whether a closure has the variable too.
func isShared(alloc *ssa.Alloc) bool {
	for _, instr := range *alloc.Referrers() {
		if _, ok := instr.(*ssa.MakeClosure); ok {
			return true
		}
	}
	return false
}

func (f *function) parent() *function { return f.extractor.function(f.fn.Parent()) }

// closure is where a function's closure is made, nil unless there is one place.
func closure(fn *ssa.Function) (made *ssa.MakeClosure) {
	if fn.Parent() == nil {
		return nil
	}
	for _, block := range fn.Parent().Blocks {
		for _, instr := range block.Instrs {
			if m, ok := instr.(*ssa.MakeClosure); ok && m.Fn == fn {
				if made != nil {
					return nil
				}
				made = m
			}
		}
	}
	return made
}

// binding is what a captured variable is in the function around this one.
func (f *function) binding(v *ssa.FreeVar) ssa.Value {
	made := closure(f.fn)
	if made == nil {
		return nil
	}
	for i, free := range f.fn.FreeVars {
		if free == v {
			return made.Bindings[i]
		}
	}
	return nil
}
