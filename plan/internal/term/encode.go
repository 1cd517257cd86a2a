package term

import (
	"bytes"
	"encoding/gob"
	"maps"
	"slices"
)

// flatNode is a Node whose arguments are numbers: 1 and more say which of a list of
// nodes, 0 is nil. Nodes are shared and can have cycles, which gob does not keep.
type flatNode struct {
	Op    Op
	Kinds Kinds
	N     int
	Str   string
	Names []string
	Maybe bool
	Lift  bool
	Args  []int
}

type flatSummary struct {
	Nodes   []flatNode
	Path    string
	Funcs   []flatFunc
	Stores  []flatStore
	Calls   []flatSite
	Dynamic []flatSite
	Taken   map[string]Place

	Adapters []Logger
}

type flatFunc struct {
	ID      string
	Params  []string
	Results []int
	Effects map[int]int
	Sinks   []flatSink
}

type flatSink struct {
	Logger Logger
	Line   int
	Place  Place
}

type flatStore struct {
	Name   string
	Values []int
}

type flatSite struct {
	Callee, Caller string
	Args           []int
	Place          Place
}

type flattener struct {
	index map[*Node]int
	nodes []flatNode
}

func (f *flattener) node(n *Node) int {
	if n == nil {
		return 0
	}
	if at, ok := f.index[n]; ok {
		return at
	}
	f.nodes = append(f.nodes, flatNode{Op: n.Op, Kinds: n.Kinds, N: n.N, Str: n.Str, Names: n.Names, Maybe: n.Maybe, Lift: n.Lift})
	at := len(f.nodes)
	f.index[n] = at
	args := f.all(n.Args)
	f.nodes[at-1].Args = args
	return at
}

func (f *flattener) all(nodes []*Node) []int {
	if nodes == nil {
		return nil
	}
	flat := make([]int, len(nodes))
	for i, n := range nodes {
		flat[i] = f.node(n)
	}
	return flat
}

// Encode returns a summary as bytes. What it invokes of interfaces is left out.
func (s *Summary) Encode() ([]byte, error) {
	f := &flattener{index: map[*Node]int{}}
	flat := flatSummary{Path: s.Path, Taken: s.Taken, Adapters: s.Adapters}
	for _, id := range sorted(s.Funcs) {
		fn := s.Funcs[id]
		ff := flatFunc{ID: id, Params: fn.Params, Results: f.all(fn.Results), Effects: map[int]int{}}
		for i, effect := range fn.Effects {
			ff.Effects[i] = f.node(effect)
		}
		for _, sink := range fn.Sinks {
			ff.Sinks = append(ff.Sinks, flatSink{sink.Logger, f.node(sink.Line), sink.Place})
		}
		flat.Funcs = append(flat.Funcs, ff)
	}
	for _, name := range sorted(s.Stores) {
		flat.Stores = append(flat.Stores, flatStore{name, f.all(s.Stores[name])})
	}
	for _, callee := range sorted(s.Calls) {
		for _, site := range s.Calls[callee] {
			flat.Calls = append(flat.Calls, flatSite{callee, site.Caller, f.all(site.Args), site.Place})
		}
	}
	for _, site := range s.Dynamic {
		flat.Dynamic = append(flat.Dynamic, flatSite{"", site.Caller, f.all(site.Args), site.Place})
	}
	flat.Nodes = f.nodes
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(flat)
	return b.Bytes(), err
}

// Decode reads what Encode has written.
func Decode(data []byte) (*Summary, error) {
	var flat flatSummary
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(&flat); err != nil {
		return nil, err
	}
	nodes := make([]*Node, len(flat.Nodes)+1)
	for i := range flat.Nodes {
		nodes[i+1] = &Node{}
	}
	all := func(flat []int) []*Node {
		if flat == nil {
			return nil
		}
		found := make([]*Node, len(flat))
		for i, at := range flat {
			found[i] = nodes[at]
		}
		return found
	}
	for i, n := range flat.Nodes {
		*nodes[i+1] = Node{Op: n.Op, Kinds: n.Kinds, N: n.N, Str: n.Str, Names: n.Names, Maybe: n.Maybe, Lift: n.Lift, Args: all(n.Args)}
	}
	s := &Summary{Path: flat.Path, Funcs: map[string]*Func{}, Stores: map[string][]*Node{}, Calls: map[string][]Site{}, Taken: flat.Taken, Adapters: flat.Adapters}
	for _, ff := range flat.Funcs {
		fn := &Func{ID: ff.ID, Params: ff.Params, Results: all(ff.Results)}
		for i, effect := range ff.Effects {
			if fn.Effects == nil {
				fn.Effects = map[int]*Node{}
			}
			fn.Effects[i] = nodes[effect]
		}
		for _, sink := range ff.Sinks {
			fn.Sinks = append(fn.Sinks, Sink{sink.Logger, nodes[sink.Line], sink.Place})
		}
		s.Funcs[ff.ID] = fn
	}
	for _, store := range flat.Stores {
		s.Stores[store.Name] = all(store.Values)
	}
	for _, site := range flat.Calls {
		s.Calls[site.Callee] = append(s.Calls[site.Callee], Site{site.Caller, all(site.Args), site.Place})
	}
	for _, site := range flat.Dynamic {
		s.Dynamic = append(s.Dynamic, Site{site.Caller, all(site.Args), site.Place})
	}
	return s, nil
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
