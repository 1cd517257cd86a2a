package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// open is what resolve returns for a parameter whose callers must be asked.
const open = term.Param

// resolve returns the values that a term may have: none of them is a choice, a call, a
// variable or a parameter, but for the holes.
func (p *Program) resolve(n *term.Node, e *env, policy policy) []value {
	switch n.Op {
	case term.Either, term.Member, term.Index, term.Param, term.Global, term.Call, term.Invoke, term.Elem, term.Key, term.Val, term.As, term.Later, term.Effect:
	default:
		return []value{{n, e}}
	}
	key, cache := cacheKey{n, e, policy}, p.cache
	if e != nil && e != anyCaller {
		cache = p.lineCache
	}
	if known, ok := cache[key]; ok {
		if known.isBusy {
			p.cycles++ // what comes of it by way of itself adds nothing
			return nil
		}
		return known.values
	}
	if p.steps > maxSteps {
		return []value{{term.Why("it takes too long to find out"), nil}}
	}
	cycles := p.cycles
	cache[key] = cached{isBusy: true}
	r := resolver{p: p, policy: policy, seen: map[seenKey]bool{}}
	r.add(n, e, 0)
	if cycles == p.cycles {
		cache[key] = cached{values: r.found}
	} else {
		delete(cache, key) // it may be more, seen from elsewhere
	}
	return r.found
}

// maxSteps bounds the work for one line.
const maxSteps = 100_000

type cacheKey struct {
	node   *term.Node
	env    *env
	policy policy
}

type cached struct {
	values []value
	isBusy bool
}

// forget begins the work for another line: what was found out for its calls is of no
// more use.
func (p *Program) forget() {
	p.steps = 0
	clear(p.lineCache)
}

type resolver struct {
	p      *Program
	policy policy
	found  []value
	seen   map[seenKey]bool
}

type seenKey struct {
	node *term.Node
	env  *env
}

func (r *resolver) unknown(format string, args ...any) {
	r.keep(term.Why(fmt.Sprintf(format, args...)), nil)
}

func (r *resolver) keep(n *term.Node, e *env) {
	if len(r.found) < maxAlternatives {
		r.found = append(r.found, value{n, e})
		return
	}
	r.found[maxAlternatives-1] = value{term.Why("it has too many possible values"), nil}
}

func (r *resolver) add(n *term.Node, e *env, depth int) {
	if n == nil {
		n = term.Nothing
	}
	switch n.Op {
	case term.Either, term.Member, term.Index, term.Param, term.Global, term.Call, term.Invoke, term.Elem, term.Key, term.Val, term.As, term.Later, term.Effect:
	default:
		r.keep(n, e)
		return
	}
	if r.p.steps++; r.p.steps > maxSteps {
		r.unknown("it takes too long to find out")
		return
	}
	if depth > maxDepth || e.length() > maxFrames {
		r.unknown("it is passed on too often")
		return
	}
	key := seenKey{n, e}
	if r.seen[key] {
		return // what it adds is being added
	}
	r.seen[key] = true
	switch n.Op {
	case term.Either:
		last := n.Arg(len(n.Args) - 1)
		for _, a := range n.Args {
			if last.Op == term.Later && len(r.p.stores[last.Str]) > 0 && (a.Op == term.Nil || a.Op == term.Text && a.Str == "") {
				continue // it is there to be assigned
			}
			r.add(a, e, depth+1)
		}
	case term.Param:
		r.param(n, e, depth)
	case term.Member:
		r.member(n, e, depth)
	case term.Global:
		r.global(n, depth)
	case term.Call:
		r.call(n, e, depth)
	case term.Invoke:
		r.invoke(n, e, depth)
	case term.Index:
		r.index(n, e, depth)
	case term.Elem, term.Key, term.Val:
		r.turn(n, e, depth)
	case term.Effect:
		r.effect(n, e, depth)
	case term.Later:
		r.stored(n.Str, depth)
	case term.As:
		r.as(n, e, depth)
	}
}

func (r *resolver) param(n *term.Node, e *env, depth int) {
	if frame := e.frame(n.Str); frame != nil {
		if n.N < len(frame.args) && frame.args[n.N] != nil {
			r.add(frame.args[n.N], frame.up, depth+1)
			return
		}
		r.unknown("the parameter %s of %s is not known", name(n), short(n.Str))
		return
	}
	if r.policy == ask && n.Lift && !e.isOfAnyCaller() {
		r.keep(n, e)
		return
	}
	sites := r.p.calls[n.Str]
	for _, site := range sites {
		if n.N < len(site.Args) && site.Args[n.N] != nil {
			r.add(site.Args[n.N], site.env, depth+1)
		}
	}
	if len(sites) == 0 && !isExported(n.Str) && !n.Lift && r.policy == ask {
		if _, taken := r.p.taken[n.Str]; !taken {
			return // it is never called
		}
	}
	if len(sites) == 0 || r.p.InPart && isExported(n.Str) {
		r.unknown(unseen+"%s is seen, so its parameter %s is not known", short(n.Str), name(n))
	}
}

func name(n *term.Node) string {
	if len(n.Names) > 0 {
		return n.Names[0]
	}
	return fmt.Sprint("number ", n.N)
}

// short is the name of a function without the path of its package.
func short(id string) string {
	if strings.HasPrefix(id, "(") { // a method
		star := ""
		if strings.HasPrefix(id, "(*") {
			star = "*"
		}
		return "(" + star + id[strings.LastIndex(id, "/")+1:]
	}
	id = id[strings.LastIndex(id, "/")+1:]
	if outer, _, ok := strings.Cut(id, "$"); ok {
		return "a function in " + outer
	}
	return id
}

func (r *resolver) call(n *term.Node, e *env, depth int) {
	for _, id := range r.p.targets(n.Str) {
		fn := r.p.funcs[id]
		if fn == nil || n.N >= len(fn.Results) || fn.Results[n.N] == nil {
			r.unknown("it comes from %s", short(n.Str))
			continue
		}
		r.add(fn.Results[n.N], &env{up: e, fn: id, args: n.Args}, depth+1)
	}
}

// effect is what a function makes of what it is given a pointer to.
func (r *resolver) effect(n *term.Node, e *env, depth int) {
	for _, id := range r.p.targets(n.Str) {
		fn := r.p.funcs[id]
		if fn == nil || fn.Effects[n.N] == nil {
			r.unknown("it is passed to %s", short(n.Str))
			continue
		}
		r.add(fn.Effects[n.N], &env{up: e, fn: id, args: n.Args}, depth+1)
	}
}

// targets are the functions that a call may be of.
func (p *Program) targets(id string) []string {
	all := p.Implementations[id]
	if len(all) == 0 {
		return []string{id}
	}
	ids := make([]string, 0, len(all))
	for _, m := range all {
		if !slices.Contains(ids, m.ID) {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// mayBe reports whether a call of a function that is a value or, with a method, of an
// interface's method may be one of fn. It is not where all that the value may be is known,
// and is another.
func (p *Program) mayBe(method string, value *term.Node, e *env, fn string) bool {
	if method != "" && len(p.Implementations[method]) == 0 {
		return true
	}
	all := p.resolve(value, e, join)
	for _, v := range all {
		n := v.node
		switch {
		case n.Op == term.Nil:
			continue
		case method == "" && n.Op == term.Boxed:
			n = n.Arg(0)
		}
		switch {
		case method == "" && n.Op == term.Function:
			if n.Str == fn {
				return true
			}
		case method != "" && n.Op == term.Boxed && p.isOf(method, n.Str):
			if slices.Contains(p.Implementations[method], term.Method{Type: strings.TrimLeft(n.Str, "*"), ID: fn}) {
				return true
			}
		default:
			return true
		}
	}
	return len(all) == 0
}

// isOf reports whether a type is known to have an interface's method.
func (p *Program) isOf(method, name string) bool {
	name = strings.TrimLeft(name, "*")
	return slices.ContainsFunc(p.Implementations[method], func(m term.Method) bool { return m.Type == name })
}

func (r *resolver) invoke(n *term.Node, e *env, depth int) {
	for _, fn := range r.p.resolve(n.Arg(0), e, r.policy) {
		switch fn.node.Op {
		case term.Function:
			up := e
			if fn.env != nil {
				up = outermost(fn.env, e)
			}
			args := slices.Concat(fn.node.Args, n.Args[1:])
			r.add(&term.Node{Op: term.Call, Str: fn.node.Str, N: n.N, Args: args}, up, depth+1)
		case open:
			r.keep(fn.node, fn.env)
		default:
			r.unknown("the function that it comes from is not known")
		}
	}
}

func (r *resolver) index(n *term.Node, e *env, depth int) {
	for _, list := range r.p.resolve(n.Arg(0), e, r.policy) {
		switch {
		case list.node.Op == term.List && n.N < len(list.node.Args):
			r.add(list.node.Args[n.N], list.env, depth+1)
		case list.node.Op == open:
			r.keep(list.node, list.env)
		default:
			r.unknown("it is an element of a list that is not known")
		}
	}
}

// turn is the element, key or value of a turn of a loop; outside of the loop's turns,
// any.
func (r *resolver) turn(n *term.Node, e *env, depth int) {
	if turn := e.turn(n.Str); turn != nil {
		v := turn.elem
		switch n.Op {
		case term.Key:
			v = turn.key
		case term.Val:
			v = turn.at
		}
		if v != nil {
			r.add(v.node, v.env, depth+1)
			return
		}
	}
	items, holes, ok := r.p.items(n.Arg(0), e, r.policy)
	r.found = append(r.found, holes...)
	if !ok && len(holes) == 0 {
		r.unknown("it is an element of a list that is not known")
	}
	for _, item := range items {
		v := item.elem
		switch n.Op {
		case term.Key:
			v = item.key
		case term.Val:
			v = item.at
		}
		if v == nil {
			r.unknown("it is an element of a list that is not known")
			continue
		}
		r.add(v.node, v.env, depth+1)
	}
}

// as is a value as a property.
func (r *resolver) as(n *term.Node, e *env, depth int) {
	for _, v := range r.p.resolve(n.Arg(0), e, r.policy) {
		switch v.node.Op {
		case term.Boxed:
			r.add(v.node.Arg(1+n.N), v.env, depth+1)
		case term.Text:
			r.keep(&term.Node{Op: term.Plain, Kinds: term.String, Args: []*term.Node{v.node}}, v.env)
		case open:
			if r.policy == ask {
				r.keep(v.node, v.env)
			} else {
				r.unknown("the parameter %s is only known when the program runs", name(v.node))
			}
		case term.Plain, term.Group, term.Nil, term.Unknown:
			r.keep(v.node, v.env)
		default:
			r.unknown("its type is only known when the program runs")
		}
	}
}
