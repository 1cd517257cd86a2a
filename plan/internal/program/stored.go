package program

import (
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

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
			r.updates(n.Str)
			return
		}
	}
	if n.Maybe || len(stores) == 0 {
		r.unknown("the field %s is only known when the program runs", name(n))
		return
	}
	r.stored(n.Str, depth)
	if r.p.InPart && isExported(n.Str) {
		r.unknown("other packages may assign to the field %s", name(n))
	}
}

// stored adds what is assigned to a variable or a field, of whose callers none is the one
// that is looked at.
func (r *resolver) stored(name string, depth int) {
	values := r.p.stores[name]
	for _, n := range values {
		r.add(n, anyCaller, depth+1)
	}
	r.updates(name)
}

// updates adds what is assigned to the members of the maps that a variable or field has.
func (r *resolver) updates(name string) {
	for _, n := range r.p.stores[term.Updates+name] {
		r.found = append(r.found, value{n, anyCaller})
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
	r.stored(n.Str, depth)
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
