package extract

import (
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

func init() {
	first := func(m *modelled) *term.Node { return m.arg(0) }
	second := func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), m.arg(1)) }
	notOurs := func(*modelled) *term.Node { return root(term.NotOurs, nil) }
	logger, sugar := "(*"+zapPath+".Logger).", "(*"+zapPath+".SugaredLogger)."
	withPairs := func(m *modelled) *term.Node { return term.Of(term.Cat, m.arg(0), zapPairs(m.arg(1))) }
	for id, model := range map[string]model{
		logger + "With": second, logger + "WithLazy": second, logger + "WithOptions": second,
		logger + "Named": first, logger + "Sugar": first, logger + "Core": first,
		logger + "Check": func(m *modelled) *term.Node { return term.Append(m.arg(0), m.levelOf(1)) },
		sugar + "With":   withPairs, sugar + "WithLazy": withPairs, sugar + "WithOptions": second,
		sugar + "Named": first, sugar + "Desugar": first,
		zapPath + ".New": second, zapPath + ".Must": first,
		zapPath + ".L":                   func(*modelled) *term.Node { return global(defaultZap) },
		zapPath + ".S":                   func(*modelled) *term.Node { return global(defaultZap) },
		zapPath + ".NewProduction":       notOursWith(0),
		zapPath + ".NewDevelopment":      notOursWith(0),
		zapPath + ".NewExample":          notOursWith(0),
		zapPath + ".NewNop":              notOurs,
		"(" + zapPath + ".Config).Build": notOursWith(1),
		zapPath + ".Fields":              first,
		zapPath + ".WrapCore": func(m *modelled) *term.Node {
			if fn, _ := m.f.functionOf(m.args[0]); fn != nil {
				return &term.Node{Op: term.Call, Str: idOf(fn), Args: []*term.Node{root(term.NotOurs, nil)}}
			}
			return root(term.MayBeOurs, nil)
		},
		zapcorePath + ".NewTee":                func(m *modelled) *term.Node { return root(term.AllOfThese, m.arg(0)) },
		zapcorePath + ".NewCore":               notOurs,
		zapcorePath + ".NewNopCore":            notOurs,
		zapcorePath + ".NewSamplerWithOptions": first,
		zapcorePath + ".NewLazyWith":           second,
		"(" + zapcorePath + ".Core).With":      second,
		ourZap + ".NewCore":                    func(m *modelled) *term.Node { return root(term.Ours, m.arg(1)) },
		ourZap + ".Tee":                        func(m *modelled) *term.Node { return root(term.Ours, m.arg(1)) },
		ourZap + ".WithEventKeys":              eventKeys,
		ourZap + ".WithEventKey":               eventKey,
		ourZap + ".WithLevel":                  minLevel,
		ourZap + ".Context":                    func(*modelled) *term.Node { return term.Of(term.Context) },
		ourZap + ".Event": func(m *modelled) *term.Node {
			return term.Field(term.Const("event"), eventGroup(m.arg(0), m.arg(1)))
		},

		zapPath + ".Error":      func(m *modelled) *term.Node { return term.Field(term.Const("error"), m.prop(0, term.Zap)) },
		zapPath + ".ByteString": func(m *modelled) *term.Node { return term.Field(m.arg(0), term.TextKind(term.String)) },
		zapPath + ".Stack":      func(m *modelled) *term.Node { return term.Field(m.arg(0), term.Kind(term.String)) },
		zapPath + ".StackSkip":  func(m *modelled) *term.Node { return term.Field(m.arg(0), term.Kind(term.String)) },
		zapPath + ".Reflect":    func(m *modelled) *term.Node { return term.Field(m.arg(0), m.prop(1, term.Log)) },
		zapPath + ".Dict":       func(m *modelled) *term.Node { return term.Field(m.arg(0), term.Of(term.Group, m.arg(1))) },
		zapPath + ".DictObject": func(m *modelled) *term.Node { return term.Of(term.Group, m.arg(0)) },
		zapPath + ".Inline":     func(m *modelled) *term.Node { return term.Field(term.Const(""), m.prop(0, term.Zap)) },
		zapPath + ".Namespace":  func(m *modelled) *term.Node { return term.Of(term.Open, m.arg(0)) },
		zapPath + ".Skip":       func(*modelled) *term.Node { return term.Nothing },
	} {
		values[id] = model
	}
	field := func(m *modelled) *term.Node { return term.Field(m.arg(0), m.prop(1, term.Zap)) }
	for _, name := range strings.Fields(`Binary Bool Boolp Complex128 Complex128p Complex64 Complex64p Float64 Float64p Float32 Float32p
		Int Intp Int64 Int64p Int32 Int32p Int16 Int16p Int8 Int8p String Stringp Uint Uintp Uint64 Uint64p Uint32 Uint32p Uint16 Uint16p
		Uint8 Uint8p Uintptr Uintptrp Stringer Time Timep Duration Durationp Object Any NamedError`) {
		values[zapPath+"."+name] = field
	}
	array := func(m *modelled) *term.Node {
		kinds := term.JSON
		if !nonNil(m.args[1], 0) && !isChecked(m.args[1], m.call) {
			kinds |= term.Absent
		}
		return term.Field(m.arg(0), term.Kind(kinds))
	}
	for _, name := range strings.Fields(`Array Bools ByteStrings Complex128s Complex64s Durations Float64s Float32s Ints Int64s Int32s
		Int16s Int8s Objects ObjectValues Strings Stringers Times Uints Uint64s Uint32s Uint16s Uint8s Uintptrs Errors`) {
		values[zapPath+"."+name] = array
	}

	for name, n := range map[string]int{"Debug": -1, "Info": 0, "Warn": 1, "Error": 2, "DPanic": 3, "Panic": 4, "Fatal": 5} {
		line := func(args int, pairs func(*term.Node) *term.Node) sinkOf {
			return sinkOf{term.ZapLogger, func(m *modelled) *term.Node {
				return term.Of(term.Cat, term.Append(m.arg(0), level(n)), pairs(m.arg(args)))
			}}
		}
		sinks[logger+name] = line(2, func(list *term.Node) *term.Node { return list })
		sinks[sugar+name+"w"] = line(2, zapPairs)
		for _, form := range []string{"", "f", "ln"} { // nothing but what is bound
			sinks[sugar+name+form] = line(0, func(*term.Node) *term.Node { return term.Nothing })
		}
	}
	sinks[logger+"Log"] = sinkOf{term.ZapLogger, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(m.arg(0), m.levelOf(1)), m.arg(3))
	}}
	sinks[sugar+"Logw"] = sinkOf{term.ZapLogger, func(m *modelled) *term.Node {
		return term.Of(term.Cat, term.Append(m.arg(0), m.levelOf(1)), zapPairs(m.arg(3)))
	}}
	sinks["(*"+zapcorePath+".CheckedEntry).Write"] = sinkOf{term.ZapLogger, second}
}

func notOursWith(options int) model {
	return func(m *modelled) *term.Node { return term.Of(term.Cat, root(term.NotOurs, nil), m.arg(options)) }
}

func zapPairs(list *term.Node) *term.Node {
	return &term.Node{Op: term.Pairs, N: int(term.Zap), Args: []*term.Node{list}}
}

// encoderField is what a method of zap's ObjectEncoder adds.
func (m *modelled) encoderField(method string) (func(func() *term.Node) *term.Node, bool) {
	var element *term.Node
	switch method {
	case "OpenNamespace":
		element = term.Of(term.Open, m.arg(1))
	case "AddArray":
		element = term.Field(m.arg(1), term.Kind(term.JSON))
	case "AddBinary", "AddByteString":
		element = term.Field(m.arg(1), term.Kind(term.String))
	case "AddReflected":
		element = term.Field(m.arg(1), m.prop(2, term.Log))
	default:
		if !strings.HasPrefix(method, "Add") {
			return nil, false
		}
		element = term.Field(m.arg(1), m.prop(2, term.Zap))
	}
	return func(before func() *term.Node) *term.Node { return term.Append(before(), element) }, true
}
