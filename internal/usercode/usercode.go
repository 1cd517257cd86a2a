// Package usercode calls functions and methods of the user's, and knows on a
// goroutine that one of them is being called. Such a function may log, and what it
// logs may be an event: it would be called again for that one, and so on for ever.
//
// The stack says whether it is so, but to read one at every event would cost more
// than the event. Go has nothing else that is known of a goroutine and cheap to
// ask, but for one setting, [debug.SetPanicOnFault]: it is on while the user's code
// is called, and where it is off there is no need to look at the stack. All that it
// does besides is to make a fault at a bad address in that code a panic, which is
// recovered like every other of the user's.
package usercode

import (
	"reflect"
	"runtime"
	"runtime/debug"
)

// maxNested is how often Try calls into the user's code from within the user's
// code.
const maxNested = 4

// Call calls f, which calls a function of the user's. It must have a frame of its
// own on the stack, by which Running finds it.
//
//go:noinline
func Call(f func()) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	f()
}

// Try is Call for code that may come to be called by the user's code that it
// calls, such as the reading of a value that logs itself. It returns false, and
// calls nothing, where that has gone on for a while.
func Try(f func()) bool {
	if isMarked() && calls(maxNested) >= maxNested {
		return false
	}
	Call(f)
	return true
}

// Running reports whether this goroutine is in a function that Call has called.
func Running() bool { return isMarked() && calls(1) > 0 }

// isMarked reports whether the setting is on for this goroutine, which the user's
// code may have set itself.
func isMarked() bool {
	if !debug.SetPanicOnFault(false) {
		return false
	}
	debug.SetPanicOnFault(true)
	return true
}

// calls counts the calls of Call on the stack, up to limit.
func calls(limit int) (n int) {
	var pcs [64]uintptr
	for skip := 3; ; skip += len(pcs) { // Callers, calls and who called it
		found := runtime.Callers(skip, pcs[:])
		for _, pc := range pcs[:found] {
			if callBegin < pc && pc <= callEnd { // it is where f returns to
				if n++; n == limit {
					return n
				}
			}
		}
		if found < len(pcs) {
			return n
		}
	}
}

// callBegin and callEnd are where the code of Call lies.
var callBegin, callEnd = codeOf(Call)

func codeOf(f any) (begin, end uintptr) {
	begin = runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Entry()
	for end = begin + 1; ; end++ {
		if next := runtime.FuncForPC(end); next == nil || next.Entry() != begin {
			return begin, end
		}
	}
}
