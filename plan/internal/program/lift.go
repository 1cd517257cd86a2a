package program

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// liftable returns the hole that the callers of fn can fill.
func (f *finder) liftable(holes []hole, fn string) (hole, bool) {
	for _, h := range holes {
		if h.fn == fn {
			return h, true
		}
	}
	for _, h := range holes {
		if strings.HasPrefix(fn, h.fn+"$") {
			return h, true
		}
	}
	return hole{}, false
}

// lift reads a sink for each caller of the function that has the hole. The events are
// listed at place, or, if that is nil, where the caller calls. It returns false if there
// is no caller.
func (f *finder) lift(sink *term.Sink, h hole, e *env, place *term.Place, lifts int) bool {
	sites := f.p.sitesOf(h.fn)
	if len(sites) == 0 || lifts >= maxLifts {
		return false
	}
	for _, site := range sites {
		if again := e.called(site); again != nil {
			if !f.isUnchanged(h, again) {
				f.unknown(Unknown{Why: short(h.fn) + " passes something else on to itself, so not all that it tracks is known", Place: site.Place})
			}
			continue
		}
		called := outermost(e, &env{fn: h.fn, args: site.Args, up: site.env, site: site})
		f.p.forget()
		if f.isPossible(called) {
			f.sink(sink, site.Caller, called, *cmp.Or(place, &site.Place), lifts+1)
		}
	}
	if at, ok := f.p.taken[h.fn]; ok {
		f.unknown(Unknown{Why: fmt.Sprintf("%s is passed on as a value here, so not all its calls are seen", short(h.fn)), Place: at})
	}
	return true
}

// sitesOf are the calls that may be of a function.
func (p *Program) sitesOf(fn string) []*site {
	sites := slices.Clone(p.calls[fn])
	for _, method := range slices.Sorted(maps.Keys(p.Implementations)) {
		if slices.ContainsFunc(p.Implementations[method], func(m term.Method) bool { return m.ID == fn }) {
			for _, at := range p.calls[method] {
				through := *at
				through.of, through.method = at.Args[0], method
				sites = append(sites, &through)
			}
		}
	}
	return sites
}

// called returns the frame of a call, if it is among those of e.
func (e *env) called(at *site) *env {
	for ; e != nil; e = e.up {
		if e.site != nil && e.site.Place == at.Place && e.site.Caller == at.Caller && e.site.method == at.method {
			return e
		}
	}
	return nil
}

// isUnchanged reports whether a function that calls itself, which is the frame again,
// passes on what it was given.
func (f *finder) isUnchanged(h hole, again *env) bool {
	param := &term.Node{Op: term.Param, Str: h.fn, N: h.arg, Lift: true}
	f.p.forget()
	return !slices.ContainsFunc(f.p.resolve(param, again, ask), func(v value) bool {
		return v.node.Op != open || v.node.Str != h.fn || v.node.N != h.arg
	})
}

// isPossible reports whether each call through a value or an interface may be the one of
// its frame, with what the frames around it say.
func (f *finder) isPossible(e *env) bool {
	for ; e != nil; e = e.up {
		if e.site != nil && e.site.of != nil && !f.p.mayBe(e.site.method, e.site.of, e.up, e.fn) {
			return false
		}
	}
	return true
}

// isCallee reports whether a hole is only whose method, or which function, the calls of e
// call. Then the call in the function that has the hole says what is tracked, and its
// callers only say with what.
func (e *env) isCallee(h hole) bool {
	var frames []*env
	for ; e != nil; e = e.up {
		if e.site != nil {
			frames = append(frames, e)
		}
	}
	return isCalleeOf(frames, h)
}

// isCalleeOf is isCallee for the calls that were found, the innermost first.
func isCalleeOf(frames []*env, h hole) bool {
	if len(frames) == 0 {
		return false
	}
	last := frames[len(frames)-1]
	if h.isAt(last.site.of) {
		return true
	}
	isMethod := strings.HasPrefix(last.fn, "(")
	for i, arg := range last.args {
		if h.isAt(arg) && (i == 0 && isMethod || isCalleeOf(frames[:len(frames)-1], hole{last.fn, i})) {
			return true
		}
	}
	return false
}

// isAt reports whether a term is the parameter, or a variable that has it.
func (h hole) isAt(n *term.Node) bool {
	switch {
	case n == nil:
		return false
	case n.Op == term.Either:
		return slices.ContainsFunc(n.Args, h.isAt)
	}
	return n.Op == term.Param && n.Str == h.fn && n.N == h.arg
}

// outermost is e with one frame more around it.
func outermost(e, frame *env) *env {
	if e == nil || frame == nil {
		return cmp.Or(e, frame)
	}
	c := *e
	c.up = outermost(e.up, frame)
	return &c
}
