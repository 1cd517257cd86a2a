package diagnostic

import (
	"runtime"
	"strings"
)

// IsOwnLine reports whether a message is one of the client's own lines, which may
// have lost the mark of its context: a writer and the log package pass on none.
func IsOwnLine(message string) bool {
	const shortest = 32 // a sentence after the name
	return len(message) >= shortest && strings.Contains(message, "causality: ") && IsOwnMessage(message)
}

// OnStack reports whether a function whose name begins so is among the callers.
func OnStack(name string) bool {
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
