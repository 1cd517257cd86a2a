package extract

import (
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

func init() {
	first := func(m *modelled) *term.Node { return m.arg(0) }
	logger, log := "("+zerologPath+".Logger).", zerologPath+"/log."
	hooked := func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), m.arg(1)) }
	fromContext := func(*modelled) *term.Node { return global(contextZerolog) }
	fromDefault := func(*modelled) *term.Node { return global(defaultZerolog) }
	for id, model := range map[string]model{
		zerologPath + ".New":                       zerologNew,
		zerologPath + ".Nop":                       func(*modelled) *term.Node { return root(term.NotOurs, nil) },
		zerologPath + ".Ctx":                       fromContext,
		zerologPath + ".MultiLevelWriter":          func(m *modelled) *term.Node { return root(term.AllOfThese, m.arg(0)) },
		zerologPath + ".Dict":                      func(*modelled) *term.Node { return term.Nothing },
		"(*" + zerologPath + ".Event).CreateDict":  func(*modelled) *term.Node { return term.Nothing },
		"(" + zerologPath + ".Context).CreateDict": func(*modelled) *term.Node { return term.Nothing },
		log + "Ctx":                                fromContext,
		log + "With":                               fromDefault,
		log + "Output":                             fromDefault,
		log + "Level":                              fromDefault,
		log + "Sample":                             fromDefault,
		log + "Hook": func(m *modelled) *term.Node {
			return term.Of(term.Cat, global(defaultZerolog), term.Of(term.List, m.arg(0)))
		},

		logger + "With": first, logger + "Level": first, logger + "Output": first, logger + "Sample": first,
		logger + "Hook":                        hooked,
		"(" + zerologPath + ".Context).Logger": first,
		ourZerolog + ".NewHook":                func(m *modelled) *term.Node { return root(term.OursToo, m.arg(1)) },
		ourZerolog + ".NewWriter":              func(m *modelled) *term.Node { return root(term.Ours, m.arg(1)) },
		ourZerolog + ".WithEventKeys":          eventKeys,
		ourZerolog + ".WithEventKey":           eventKey,
		ourZerolog + ".WithLevel":              minLevel,
		ourZerolog + ".Event": func(m *modelled) *term.Node {
			return eventGroup(m.arg(0), m.added(m.args[1], term.Nothing))
		},
	} {
		values[id] = model
	}
	changes["(*"+zerologPath+".Logger).UpdateContext"] = func(m *modelled, before *term.Node) *term.Node {
		if fn, _ := m.f.functionOf(m.args[1]); fn != nil {
			return &term.Node{Op: term.Call, Str: idOf(fn), Args: []*term.Node{before}}
		}
		return term.Why("UpdateContext is given a function that is not known")
	}
	for name, n := range map[string]int{"Trace": -1, "Debug": 0, "Info": 1, "Warn": 2, "Error": 3, "Fatal": 4, "Panic": 5, "Log": noLevel} {
		values["(*"+zerologPath+".Logger)."+name] = func(m *modelled) *term.Node { return term.Append(m.pointee(0), level(n)) }
		values[log+name] = func(*modelled) *term.Node { return term.Append(global(defaultZerolog), level(n)) }
	}
	values["(*"+zerologPath+".Logger).WithLevel"] = func(m *modelled) *term.Node { return term.Append(m.pointee(0), m.levelOf(1)) }
	values[log+"WithLevel"] = func(m *modelled) *term.Node { return term.Append(global(defaultZerolog), m.levelOf(0)) }
	withErr := func(logger, err *term.Node) *term.Node {
		return term.Append(logger, term.MaybeField(global(zerologPath+".ErrorFieldName"), err))
	}
	values["(*"+zerologPath+".Logger).Err"] = func(m *modelled) *term.Node { return withErr(m.pointee(0), m.prop(1, term.Log)) }
	values[log+"Err"] = func(m *modelled) *term.Node { return withErr(global(defaultZerolog), m.prop(0, term.Log)) }

	for _, name := range []string{"Msg", "Msgf", "MsgFunc", "Send"} {
		sinks["(*"+zerologPath+".Event)."+name] = sinkOf{term.Zerolog, func(m *modelled) *term.Node { return m.f.contents(m.args[0], m.call) }}
	}
	sinks["(*"+zerologPath+".Logger).Printf"] = sinkOf{} // at level debug, with what is bound: not worth a line
	delete(sinks, "(*"+zerologPath+".Logger).Printf")
}

// noLevel is above all levels, as zerolog has it.
const noLevel = 6

// zerologNew is a logger by what it writes to.
func zerologNew(m *modelled) *term.Node {
	w := m.args[0]
	if boxed, ok := w.(*ssa.MakeInterface); ok {
		switch typeName(boxed.X.Type()) {
		case "*os.File", "*bytes.Buffer", "*strings.Builder", zerologPath + ".ConsoleWriter":
			return root(term.NotOurs, nil)
		}
	}
	if n := m.arg(0); n.Op == term.Root || n.Op == term.Param || n.Op == term.Call || n.Op == term.Either {
		return root(term.AllOfThese, term.Of(term.List, n))
	}
	return root(term.MayBeOurs, nil)
}

// added is what a function adds to a zerolog event or to what zap marshals an object
// to, after before.
func (m *modelled) added(v ssa.Value, before *term.Node) *term.Node {
	if c, ok := v.(*ssa.Const); ok && c.Value == nil {
		return before
	}
	fn, _ := m.f.functionOf(v)
	if fn == nil {
		return term.Of(term.Cat, before, term.Of(term.List, term.Why("the function that adds fields is not known")))
	}
	return &term.Node{Op: term.Effect, Str: idOf(fn), N: len(fn.Params) - 1, Args: pad(before, len(fn.Params))}
}

// pad is n arguments, of which the last is known.
func pad(last *term.Node, n int) []*term.Node {
	args := make([]*term.Node, n)
	args[n-1] = last
	return args
}

// holder is what a zerolog method adds to.
type holder int

const (
	zerologEvent holder = iota
	zerologContext
)

// zerologValue is what a method of a zerolog Context returns: the Context with more.
func (f *function) zerologValue(c *callee, args []ssa.Value, call *ssa.Call) *term.Node {
	if !strings.HasPrefix(c.id, "("+zerologPath+".Context).") || len(args) == 0 {
		return nil
	}
	m := &modelled{f: f, args: args, call: call, id: c.id}
	make, changes := m.zerologField(zerologContext)
	if !changes {
		return m.arg(0)
	}
	return make(func() *term.Node { return m.arg(0) })
}

// zerologField is what a method of a zerolog Event or Context adds.
func (m *modelled) zerologField(holder) (func(func() *term.Node) *term.Node, bool) {
	name := m.id[strings.LastIndex(m.id, ".")+1:]
	appendTo := func(element *term.Node) (func(func() *term.Node) *term.Node, bool) {
		return func(before func() *term.Node) *term.Node { return term.Append(before(), element) }, true
	}
	field := func(value *term.Node) (func(func() *term.Node) *term.Node, bool) {
		return appendTo(term.Field(m.arg(1), value))
	}
	switch name {
	case "Timestamp", "Caller", "CallerSkipFrame", "CallerWithSkipFrameCount", "Stack", "Enabled", "Discard", "GetCtx",
		"Send", "Msg", "Msgf", "MsgFunc", "CreateDict", "CreateArray", "Logger":
		return nil, false // nothing that is a property
	case "Ctx":
		return appendTo(term.Of(term.Context))
	case "Reset":
		return func(func() *term.Node) *term.Node { return root(term.MayBeOurs, nil) }, true
	case "Str", "Bool", "Int", "Int8", "Int16", "Int32", "Int64", "Uint", "Uint8", "Uint16", "Uint32", "Uint64",
		"Float32", "Float64", "Time", "Dur":
		return field(m.prop(2, term.Fields))
	case "Bytes", "Hex", "Type", "IPAddr", "IPPrefix", "MACAddr":
		return field(term.Kind(term.String))
	case "TimeDiff":
		return field(term.Kind(term.Float))
	case "RawJSON", "RawCBOR":
		return field(term.Why("it is JSON that is only known when the program runs"))
	case "Stringer", "AnErr":
		return field(m.prop(2, term.Log))
	case "Err":
		return appendTo(term.Field(global(zerologPath+".ErrorFieldName"), m.prop(1, term.Log)))
	case "Interface", "Any", "Object":
		return field(m.prop(2, term.Marsh))
	case "Dict":
		return field(term.Of(term.Group, m.f.contents(m.args[2], m.call)))
	case "EmbedObject":
		return appendTo(term.Field(term.Const(""), m.prop(1, term.Marsh)))
	case "Func":
		return func(before func() *term.Node) *term.Node { return m.added(m.args[1], before()) }, true
	case "Fields":
		pairs := &term.Node{Op: term.Pairs, N: int(term.Fields), Args: []*term.Node{m.arg(1)}}
		return func(before func() *term.Node) *term.Node { return term.Of(term.Cat, before(), pairs) }, true
	}
	if len(m.args) > 2 { // lists
		return field(term.Kind(term.JSON))
	}
	return nil, false
}
