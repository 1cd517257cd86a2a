package program

import (
	"fmt"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// open is what resolve returns for a parameter whose callers must be asked.
const open = term.Param

// resolve returns the values that a term may have: none of them is a choice, a call, a
// variable or a parameter, but for the holes.
func (p *Program) resolve(n *term.Node, e *env, policy policy) []value {
	switch n.Op {
	case term.Either, term.Member, term.Index, term.Param, term.Global, term.Call, term.Invoke, term.Elem, term.Key, term.Val, term.As:
	default:
		return []value{{n, e}}
	}
	key, cache := cacheKey{n, e, policy}, p.cache
	if e != nil {
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
	case term.Either, term.Member, term.Index, term.Param, term.Global, term.Call, term.Invoke, term.Elem, term.Key, term.Val, term.As:
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
		for _, a := range n.Args {
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
	if r.policy == ask && n.Lift {
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

// member is a field of a struct: where the struct is not known, any value that the
// program assigns to that field.
func (r *resolver) member(n *term.Node, e *env, depth int) {
	base := n.Arg(0)
	stores := r.p.stores[n.Str]
	if base.Op == term.Struct || base.Op == term.Either || base.Op == term.Elem || base.Op == term.Index || base.Op == term.Val ||
		base.Op == term.Member && n.Lift || base.Op == term.Param && (base.Lift || e.frame(base.Str) != nil) ||
		(base.Op == term.Call || base.Op == term.Invoke) && len(stores) == 0 {
		all, holes := []value{}, []value{}
		for _, v := range r.p.resolve(base, e, r.policy) {
			node := v.node
			if node.Op == term.Boxed {
				node = node.Arg(0)
			}
			switch {
			case node.Op == term.Struct:
				for i, field := range node.Names {
					if field == name(n) {
						all = append(all, value{node.Arg(i), v.env})
					}
				}
				continue
			case node.Op == open:
				holes = append(holes, v)
				continue
			case node.Op == term.Nil:
				continue
			}
			all = nil
			holes = nil
			break
		}
		if len(all)+len(holes) > 0 {
			for _, v := range all {
				r.add(v.node, v.env, depth+1)
			}
			r.found = append(r.found, holes...)
			return
		}
	}
	if n.Maybe || len(stores) == 0 {
		r.unknown("the field %s is only known when the program runs", name(n))
		return
	}
	for _, stored := range stores {
		r.add(stored, nil, depth+1)
	}
	if r.p.InPart && isExported(n.Str) {
		r.unknown("other packages may assign to the field %s", name(n))
	}
}

// isExported reports whether other packages can use what has this name.
func isExported(id string) bool {
	last := id[strings.LastIndex(id, ".")+1:]
	return last != "" && 'A' <= last[0] && last[0] <= 'Z' && !strings.Contains(last, "$")
}

// initial is what variables of other packages hold if nobody assigns to them.
var initial = map[string]*term.Node{
	"log/slog.Default":                          {Op: term.Root, N: term.MayBeOurs},
	"log/slog.DiscardHandler":                   {Op: term.Root, N: term.NotOurs},
	"go.uber.org/zap.L":                         {Op: term.Root, N: term.MayBeOurs},
	"github.com/rs/zerolog/log.Logger":          {Op: term.Root, N: term.MayBeOurs},
	"github.com/rs/zerolog.Ctx":                 {Op: term.Root, N: term.MayBeOurs},
	errorField:                                  term.Const("error"),
	"github.com/rs/zerolog.ErrorStackFieldName": term.Const("stack"),
	"github.com/rs/zerolog.LevelFieldName":      term.Const("level"),
	"github.com/rs/zerolog.MessageFieldName":    term.Const("message"),
	"github.com/rs/zerolog.CallerFieldName":     term.Const("caller"),
	"github.com/rs/zerolog.TimestampFieldName":  term.Const("time"),
}

// unseen begins the reason why what is bound to a logger is not known.
const unseen = "no call of "

const errorField = "github.com/rs/zerolog.ErrorFieldName"

func (r *resolver) global(n *term.Node, depth int) {
	stores := r.p.stores[n.Str]
	for _, stored := range stores {
		r.add(stored, nil, depth+1)
	}
	if r.p.InPart && isExported(n.Str) && n.Str != errorField {
		r.unknown("other packages may assign to %s", short(n.Str))
	}
	if len(stores) > 0 {
		return
	}
	if first := initial[n.Str]; first != nil {
		r.keep(first, nil)
		return
	}
	r.unknown("the variable %s is only known when the program runs", short(n.Str))
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

// targets are the functions that a call may be of.
func (p *Program) targets(id string) []string {
	if all := p.Implementations[id]; len(all) > 0 {
		return all
	}
	return []string{id}
}

func (r *resolver) invoke(n *term.Node, e *env, depth int) {
	for _, fn := range r.p.resolve(n.Arg(0), e, r.policy) {
		switch fn.node.Op {
		case term.Function:
			up := e
			if fn.env != nil {
				up = outermost(fn.env, e)
			}
			r.add(&term.Node{Op: term.Call, Str: fn.node.Str, N: n.N, Args: n.Args[1:]}, up, depth+1)
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
