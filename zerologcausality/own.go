package zerologcausality

import (
	"runtime"
	"strings"
)

// isOwnLine reports whether a message is one of the client's own, on its way to a
// writer or through the log package: they pass on no context, so it has lost the
// mark that keeps it from becoming an event.
func isOwnLine(message string) bool {
	return strings.Contains(message, "causality: ") && isOnStack("github.com/SebastienMelki/causality/sdk/go/core.(*reporter).")
}

// isOnStack reports whether a function whose name begins so is among the callers.
func isOnStack(name string) bool {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, name) {
			return true
		}
		if !more {
			return false
		}
	}
}
