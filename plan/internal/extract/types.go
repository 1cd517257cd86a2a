package extract

import (
	"go/types"
	"strings"
)

const (
	modulePath  = "github.com/SebastienMelki/causality/sdk/go"
	corePath    = modulePath + "/core"
	slogPath    = "log/slog"
	zapPath     = "go.uber.org/zap"
	zapcorePath = "go.uber.org/zap/zapcore"
	zerologPath = "github.com/rs/zerolog"

	ourSlog    = modulePath + "/slogcausality"
	ourZap     = modulePath + "/zapcausality"
	ourZerolog = modulePath + "/zerologcausality"
)

// IsSDK reports whether a package is one of the SDK's own, whose functions are known
// here by what they mean.
func IsSDK(path string) bool {
	switch path {
	case corePath, ourSlog, ourZap, ourZerolog:
		return true
	}
	return strings.HasPrefix(path, modulePath+"/internal/") || strings.HasPrefix(path, corePath+"/")
}

// Loggers are the packages without which a package writes no line itself.
var Loggers = []string{slogPath, zapPath, zapcorePath, zerologPath, zerologPath + "/log", corePath, ourSlog, ourZap, ourZerolog}

// mayPassOn reports whether the function may be one of the program's, which is looked
// into.
func (x *extractor) mayPassOn(c *callee) bool {
	if c.pkg == nil {
		return false
	}
	path := c.pkg.Path()
	switch path {
	case slogPath, zapPath, zapcorePath, zerologPath, zerologPath + "/log":
		return false
	}
	return path == x.pkg.Path() || !IsSDK(path) && !IsStandard(path)
}

// IsStandard reports whether a package is of the standard library.
func IsStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && standard[first]
}

// standard is the first elements of the standard library's import paths.
var standard = map[string]bool{}

func init() {
	for _, name := range strings.Fields(`archive bufio bytes cmp compress container context crypto database debug embed encoding errors
		expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime
		slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak`) {
		standard[name] = true
	}
}

// typeName is a type with its packages' paths.
func typeName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return t.Name()
	case *types.Named:
		if t.Obj().Pkg() == nil {
			return t.Obj().Name()
		}
		return t.Obj().Pkg().Path() + "." + t.Obj().Name()
	case *types.Pointer:
		return "*" + typeName(t.Elem())
	case *types.Slice:
		return "[]" + typeName(t.Elem())
	default:
		return types.TypeString(t, nil)
	}
}

// isLogger reports whether a value of a type is bound to, not passed on: who has it
// may be anybody who is given it.
func isLogger(t types.Type) bool {
	name := strings.TrimPrefix(typeName(t), "*")
	switch name {
	case slogPath + ".Logger", slogPath + ".Handler", zapPath + ".Logger", zapPath + ".SugaredLogger", zapcorePath + ".Core",
		zerologPath + ".Logger", zerologPath + ".Context", corePath + ".Client", "context.Context",
		ourSlog + ".Handler", zapPath + ".Option":
		return true
	}
	// A struct of the program's, which may hold loggers.
	if named, ok := types.Unalias(deref(t)).(*types.Named); ok && named.Obj().Pkg() != nil {
		if s, ok := named.Underlying().(*types.Struct); ok {
			for i := range s.NumFields() {
				if ft := s.Field(i).Type(); typeName(ft) != typeName(t) && isPlainLogger(ft) {
					return true
				}
			}
		}
	}
	return false
}

func isPlainLogger(t types.Type) bool {
	switch strings.TrimPrefix(typeName(t), "*") {
	case slogPath + ".Logger", slogPath + ".Handler", zapPath + ".Logger", zapPath + ".SugaredLogger", zerologPath + ".Logger", corePath + ".Client":
		return true
	}
	return false
}

func isLoggerStruct(t types.Type) bool { return typeName(t) == zerologPath+".Logger" }

func isRecord(t types.Type) bool { return typeName(t) == slogPath+".Record" }

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isNumber(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsNumeric != 0
}

// matters reports whether a value of a type can say something of an event.
func matters(t types.Type) bool { return mattersDeep(t, 0) }

func mattersDeep(t types.Type, depth int) bool {
	switch typeName(t) {
	case "context.Context", "net/http.ResponseWriter", "*net/http.Request", "error", "*testing.T":
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsString != 0 || u.Kind() == types.UntypedNil
	case *types.Interface, *types.Struct, *types.Map, *types.Signature:
		return true
	case *types.Pointer:
		return depth < 2 && mattersDeep(u.Elem(), depth+1)
	case *types.Slice:
		return depth < 2 && mattersDeep(u.Elem(), depth+1)
	case *types.Array:
		return depth < 2 && mattersDeep(u.Elem(), depth+1)
	}
	return isTypeParam(t)
}

func short(id string) string {
	return id[strings.LastIndex(id, "/")+1:]
}
