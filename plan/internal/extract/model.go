package extract

import (
	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// modelled is a call of a function that is known here by what it means.
type modelled struct {
	f    *function
	args []ssa.Value
	call ssa.Instruction
	id   string
	// params are the terms of the arguments, where the call is of a function that is a
	// value.
	params []*term.Node
}

// arg is the term of an argument; of a variadic one, the list.
func (m *modelled) arg(i int) *term.Node {
	if i >= len(m.args) {
		return term.Nothing
	}
	if m.params != nil {
		return m.params[i]
	}
	return m.f.term(m.args[i], m.call)
}

// text is an argument that is a string, as a property that may be an event's name.
func (m *modelled) prop(i int, style term.Style) *term.Node {
	if i >= len(m.args) {
		return term.Nothing
	}
	return m.f.property(m.args[i], style, m.call)
}

// pointee is what a pointer argument points to.
func (m *modelled) pointee(i int) *term.Node {
	switch m.args[i].(type) {
	case *ssa.Alloc, *ssa.Global, *ssa.FieldAddr, *ssa.FreeVar, *ssa.IndexAddr:
		return m.f.pointee(m.args[i], m.call)
	}
	return m.arg(i)
}

type model func(m *modelled) *term.Node

// values are the functions that return something of which an event may be made.
var values = map[string]model{}

// changes are the methods that change their receiver.
var changes = map[string]func(m *modelled, before *term.Node) *term.Node{}

// setters are the functions that set what a variable holds.
var setters = map[string]struct {
	global string
	arg    int
}{
	slogPath + ".SetDefault":                    {defaultSlog, 0},
	zapPath + ".ReplaceGlobals":                 {defaultZap, 0},
	"(" + zerologPath + ".Logger).WithContext":  {contextZerolog, 0},
	"(*" + zerologPath + ".Logger).WithContext": {contextZerolog, 0},
}

// The loggers that a program has one of.
const (
	defaultSlog    = slogPath + ".Default"
	defaultZap     = zapPath + ".L"
	contextZerolog = zerologPath + ".Ctx"
	defaultZerolog = zerologPath + "/log.Logger"
)

func init() {
	first := func(m *modelled) *term.Node { return m.arg(0) }
	for _, id := range []string{"slices.Clone", "slices.Clip", "slices.Grow", "maps.Clone"} {
		values[id] = first
	}
	values["(context.Context).Value"] = func(m *modelled) *term.Node {
		if name := contextKey(m.args[1]); name != "" {
			return global(name)
		}
		return term.Why("it comes from a context")
	}
	values["slices.Concat"] = func(m *modelled) *term.Node {
		list := m.arg(0)
		if list.Op != term.List {
			return term.Why("it is computed")
		}
		return term.Of(term.Cat, list.Args...)
	}
	changes["maps.Copy"] = func(m *modelled, before *term.Node) *term.Node {
		return term.Of(term.Cat, before, m.arg(1))
	}
}

func global(name string) *term.Node { return &term.Node{Op: term.Global, Str: name} }

func root(kind int, options *term.Node) *term.Node {
	return &term.Node{Op: term.Root, N: kind, Args: []*term.Node{options}}
}

func level(n int) *term.Node { return &term.Node{Op: term.AtLevel, N: n} }

// levelOf is a level that is an argument.
func (m *modelled) levelOf(i int) *term.Node {
	if n := m.constant(i); n != nil {
		return level(n.N)
	}
	return term.Nothing
}

// constant returns an argument that is a known number, or nil.
func (m *modelled) constant(i int) *term.Node {
	v := m.args[i]
	if boxed, ok := v.(*ssa.MakeInterface); ok {
		v = boxed.X
	}
	if c, ok := v.(*ssa.Const); ok {
		if n := constTerm(c); n.Op == term.Plain {
			return n
		}
	}
	return nil
}

// minLevel is the option that says at which level a line can be an event.
func minLevel(m *modelled) *term.Node {
	if n := m.constant(0); n != nil {
		return &term.Node{Op: term.MinLevel, N: n.N}
	}
	return &term.Node{Op: term.MinLevel, Maybe: true}
}

func eventKeys(m *modelled) *term.Node { return term.Of(term.EventKeys, m.arg(0)) }

func eventKey(m *modelled) *term.Node {
	return term.Of(term.EventKeys, term.Of(term.List, m.arg(0)))
}

// eventGroup is the group form of an event.
func eventGroup(name, members *term.Node) *term.Node {
	typed := term.Field(term.Const("event_type"), textOf(name))
	return term.Of(term.Group, term.Of(term.Cat, term.Of(term.List, typed), members))
}

// textOf is a string as a property.
func textOf(raw *term.Node) *term.Node {
	return &term.Node{Op: term.Plain, Kinds: term.String, Args: []*term.Node{raw}}
}

// contextKey is the name of what contexts have under a key: its type and, if it is a
// constant, its value.
func contextKey(key ssa.Value) string {
	boxed, ok := key.(*ssa.MakeInterface)
	if !ok {
		if load, isLoad := key.(*ssa.UnOp); isLoad { // a variable is a key too
			if g, isGlobal := load.X.(*ssa.Global); isGlobal {
				return "context " + g.String()
			}
		}
		return ""
	}
	name := "context " + typeName(boxed.X.Type())
	switch x := boxed.X.(type) {
	case *ssa.Const:
		if x.Value != nil {
			name += " " + x.Value.ExactString()
		}
	case *ssa.UnOp:
		if g, ok := x.X.(*ssa.Global); ok {
			name += " " + g.String()
		}
	}
	return name
}
