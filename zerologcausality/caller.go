package zerologcausality

import (
	"log/slog"
	"runtime"
	"strings"

	"github.com/rs/zerolog"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// isCaller reports whether the value of a member under zerolog.CallerFieldName is
// the place that zerolog puts on a line: one in a Go file, or, where a
// zerolog.CallerMarshalFunc of the user's writes places in another way, one that
// is on the stack now. Anything else is the user's.
func isCaller(v slog.Value) bool {
	if v.Kind() != slog.KindString {
		return false
	}
	place := v.String()
	if isGoPlace(place) {
		return true
	}
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs[:])])
	for {
		frame, more := frames.Next()
		text := marshalCaller(frame)
		if isGoPlace(text) {
			return false // this one would be too
		}
		if isSamePlace(text, place) {
			return true
		}
		if !more {
			return false
		}
	}
}

// isGoPlace reports whether text ends like "main.go:42".
func isGoPlace(text string) bool {
	file := trimLine(text)
	return len(file) < len(text) && strings.HasSuffix(file, ".go:")
}

// isSamePlace compares two places but for their lines: of a call that spans some,
// Caller and Msg are on different ones.
func isSamePlace(a, b string) bool {
	file := trimLine(a)
	return a == b || file != "" && file == trimLine(b)
}

func trimLine(place string) string { return strings.TrimRight(place, "0123456789") }

// marshalCaller calls the user's function, which may not expect a frame that is
// not the user's.
func marshalCaller(frame runtime.Frame) (text string) {
	defer func() {
		if recover() != nil {
			text = ""
		}
	}()
	usercode.Call(func() { text = zerolog.CallerMarshalFunc(frame.PC, frame.File, frame.Line) })
	return text
}
