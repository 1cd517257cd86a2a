package usercode_test

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// deep calls f with n more frames on the stack.
//
//go:noinline
func deep(n int, f func()) {
	if n == 0 {
		f()
		return
	}
	deep(n-1, f)
}

func TestRunning(t *testing.T) {
	want := func(what string, want bool) {
		t.Helper()
		if got := usercode.Running(); got != want {
			t.Errorf("%s: Running is %v, want %v", what, got, want)
		}
	}
	want("before a call", false)
	for _, depth := range []int{0, 1, 55, 56, 57, 60, 64, 65, 500} { // the stack is read in pieces
		usercode.Call(func() { deep(depth, func() { want("in a call", true) }) })
	}
	want("after a call", false)

	usercode.Call(func() {
		other := make(chan bool)
		go func() { other <- usercode.Running() }()
		if <-other {
			t.Error("Running is true on a goroutine that is not in a call")
		}
		want("in a call, while others ask", true)
	})

	func() {
		defer func() { _ = recover() }()
		usercode.Call(func() { panic("of the user's code") })
	}()
	want("after a call that panicked", false)

	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		usercode.Call(runtime.Goexit)
	}()
	done.Wait()
	want("after a call that ended its goroutine", false)
}

// The setting that marks the goroutine may be the user's.
func TestAFaultThatTheUserWantsToRecoverIsNoCall(t *testing.T) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	if usercode.Running() {
		t.Error("Running is true with nothing of the user's on the stack")
	}
	usercode.Call(func() {})
	if !debug.SetPanicOnFault(true) {
		t.Error("a call has changed the user's setting")
	}
}

func TestTryEndsARecursion(t *testing.T) {
	calls := 0
	var again func()
	again = func() {
		calls++
		usercode.Try(func() { deep(100, again) })
	}
	again()
	if calls < 2 || calls > 10 {
		t.Errorf("the user's code was called %d times", calls)
	}
	if !usercode.Try(func() {}) {
		t.Error("Try called nothing, with nothing of the user's on the stack")
	}
}

func BenchmarkRunning(b *testing.B) {
	b.Run("nothing is called", func(b *testing.B) {
		for b.Loop() {
			usercode.Running()
		}
	})
	b.Run("something is", func(b *testing.B) {
		usercode.Call(func() {
			deep(20, func() {
				for b.Loop() {
					usercode.Running()
				}
			})
		})
	})
	b.Run("a call", func(b *testing.B) {
		for b.Loop() {
			usercode.Call(func() {})
		}
	})
}
