package program

import (
	"fmt"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// text is what a string may be: a known text, or the reason why it is not known.
type text struct {
	text, why string
	hole      *hole
}

// texts are the strings that a term may be.
func (p *Program) texts(n *term.Node, e *env) (found []text) {
	return p.textsOf(n, e, "")
}

// textsOf is texts within the loop acc, where what the turns before have left is known.
func (p *Program) textsOf(n *term.Node, e *env, acc string) (found []text) {
	for _, v := range p.resolve(n, e, ask) {
		switch node := v.node; node.Op {
		case term.Text:
			found = append(found, text{text: node.Str})
		case term.Boxed:
			found = append(found, p.texts(node.Arg(0), v.env)...)
		case term.Plain:
			if node.Kinds == term.String && len(node.Args) > 0 {
				found = append(found, p.texts(node.Args[0], v.env)...)
				continue
			}
			found = append(found, text{why: "it is computed"})
		case term.Concat:
			found = append(found, p.concat(node, v.env)...)
		case term.Fold:
			turns := p.textsOf(node.Arg(2), v.env, node.Str)
			for _, first := range p.texts(node.Arg(1), v.env) {
				if first.text != "" || first.why != "" || len(turns) == 0 { // it is there to be assigned
					found = append(found, first)
				}
			}
			found = append(found, turns...)
		case term.Acc:
			if node.Str != acc || acc == "" {
				found = append(found, text{why: "it is computed"})
			}
		case term.Unknown:
			found = append(found, text{why: node.Str})
		case open:
			found = append(found, text{why: fmt.Sprintf("it is the parameter %s of %s", name(node), short(node.Str)), hole: &hole{node.Str, node.N}})
		default:
			found = append(found, text{why: "it is computed"})
		}
		if len(found) > maxAlternatives {
			return []text{{why: "it has too many possible values"}}
		}
	}
	return found
}

func (p *Program) concat(n *term.Node, e *env) []text {
	all := []text{{}}
	for _, arg := range n.Args {
		var longer []text
		for _, next := range p.texts(arg, e) {
			for _, before := range all {
				t := text{text: before.text + next.text, why: before.why, hole: before.hole}
				if t.why == "" {
					t.why, t.hole = next.why, next.hole
				}
				longer = append(longer, t)
			}
		}
		if len(longer) > maxAlternatives {
			return []text{{why: "it has too many possible values"}}
		}
		all = longer
	}
	return all
}
