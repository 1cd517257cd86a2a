package program

import (
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// hasEventKey reports whether a string that may be an event key is somewhere in the
// program: the quick look at programs that track nothing.
func hasEventKey(summaries []*term.Summary) bool {
	q := quick{seen: map[*term.Node]bool{}}
	for _, s := range summaries {
		for _, fn := range s.Funcs {
			q.nodes(fn.Results...)
			for _, effect := range fn.Effects {
				q.nodes(effect)
			}
			for _, sink := range fn.Sinks {
				q.nodes(sink.Line)
			}
		}
		for _, values := range s.Stores {
			q.nodes(values...)
		}
		for _, sites := range s.Calls {
			for _, site := range sites {
				q.nodes(site.Args...)
			}
		}
		for _, site := range s.Dynamic {
			q.nodes(site.Args...)
		}
	}
	return q.found
}

type quick struct {
	seen  map[*term.Node]bool
	found bool
}

func (q *quick) nodes(nodes ...*term.Node) {
	for _, n := range nodes {
		if n == nil || q.found || q.seen[n] {
			continue
		}
		q.seen[n] = true
		// Other keys are among an adapter's options.
		if n.Op == term.EventKeys || n.Op == term.Text && slices.Contains(DefaultEventKeys, n.Str) {
			q.found = true
			return
		}
		q.nodes(n.Args...)
	}
}
