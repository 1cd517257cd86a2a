// Package program reads the terms of all functions of a program together, and so
// finds its events.
package program

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Program is what is known of a program: the summaries of its packages.
type Program struct {
	funcs  map[string]*term.Func
	stores map[string][]*term.Node
	calls  map[string][]*site
	taken  map[string]term.Place
	// Implementations are the methods that a call of an interface's method may be.
	Implementations map[string][]term.Method
	// hasOurs says of which loggers an adapter is made somewhere.
	hasOurs [term.Track + 1]bool

	// InPart says that other packages may call the functions of these.
	InPart bool

	// mayHaveEvents says that a known string may be an event key. Without one no line
	// is an event.
	mayHaveEvents bool

	depth int // of items
	// cache is what is known of terms wherever they are read, lineCache what is known of
	// those that are read for one call.
	cache, lineCache map[cacheKey]cached
	// steps counts the work for one line, cycles how often something came of itself.
	steps, cycles int
}

// New puts the summaries of a program's packages together.
func New(summaries ...*term.Summary) *Program {
	p := &Program{
		funcs: map[string]*term.Func{}, stores: map[string][]*term.Node{},
		calls: map[string][]*site{}, taken: map[string]term.Place{},
		cache: map[cacheKey]cached{}, lineCache: map[cacheKey]cached{},
	}
	for _, s := range summaries {
		for id, fn := range s.Funcs {
			p.funcs[id] = fn
		}
		for name, values := range s.Stores {
			p.stores[name] = append(p.stores[name], values...)
		}
		for id, sites := range s.Calls {
			for _, at := range sites {
				p.calls[id] = append(p.calls[id], &site{Site: at})
			}
		}
		for id, place := range s.Taken {
			p.taken[id] = place
		}
		for _, logger := range s.Adapters {
			p.hasOurs[logger] = true
		}
	}
	for _, s := range summaries {
		for _, at := range s.Dynamic {
			p.forget()
			p.dynamic(at)
		}
	}
	clear(p.cache) // more calls are known now
	p.mayHaveEvents = hasEventKey(summaries)
	return p
}

// site is a call of a function. env is where a function that is a value was made: what
// its free variables are.
type site struct {
	term.Site
	env *env
	// of is what is called, a function that is a value, or an interface whose method
	// this is: not every function that the call may be of is the one here.
	of     *term.Node
	method string
}

// dynamic notes a call of a function that is a value, for each that it may be.
func (p *Program) dynamic(at term.Site) {
	for _, v := range p.resolve(at.Args[0], nil, join) {
		node := v.node
		if node.Op == term.Boxed {
			node = node.Arg(0)
		}
		if node.Op == term.Function {
			args := slices.Concat(node.Args, at.Args[1:])
			p.calls[node.Str] = append(p.calls[node.Str], &site{
				Site: term.Site{Caller: at.Caller, Args: args, Place: at.Place}, env: v.env, of: at.Args[0],
			})
		}
	}
}

// env is what is known where a term is read: the arguments of the function that it is
// of, and the turn of the loop that it is in.
type env struct {
	up *env

	fn   string
	args []*term.Node
	site *site // the call, where it is one of those that are looked at for a line

	loop          string
	elem, key, at *value // the element, key and value of the turn
	acc           string
	before        *state
}

// value is a term and where it is read.
type value struct {
	node *term.Node
	env  *env
}

// anyCaller is where what is assigned to variables and fields is read: a parameter is
// whatever any caller passes.
var anyCaller = &env{fn: "any caller"}

func (e *env) isOfAnyCaller() bool { return e.frame(anyCaller.fn) != nil }

// frame returns the innermost call of a function that env is in.
func (e *env) frame(fn string) *env {
	for ; e != nil; e = e.up {
		if e.fn == fn && e.loop == "" {
			return e
		}
	}
	return nil
}

func (e *env) turn(loop string) *env {
	for ; e != nil; e = e.up {
		if e.loop == loop && loop != "" {
			return e
		}
	}
	return nil
}

func (e *env) length() (n int) {
	for ; e != nil; e = e.up {
		n++
	}
	return n
}

// hole is a parameter whose callers must be asked.
type hole struct {
	fn  string
	arg int
}

// policy says what becomes of a parameter of which nothing is known here.
type policy int

const (
	// ask leaves a hole: the call is looked at for each caller.
	ask policy = iota
	// join takes whatever any caller passes.
	join
)

const (
	maxDepth        = 40
	maxAlternatives = 64
	maxFrames       = 24
)
