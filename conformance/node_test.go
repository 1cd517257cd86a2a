package conformance

import (
	"log/slog"
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// node is one attribute of a log call: a value, or a group of attributes.
type node struct {
	key     string
	isGroup bool
	nodes   []node // of the group
	sample
	// isLazy: the group is given by a LogValuer, where a logger knows them.
	isLazy bool
	// isEventGroup: the group is made by the adapter's own Event function.
	isEventGroup bool
}

// tree is what arrives of the attribute as a property.
func (n node) tree() tree {
	if !n.isGroup {
		return n.want
	}
	t := objectTree()
	for _, m := range n.nodes {
		t.members = append(t.members, member{m.key, m.tree()})
	}
	return t
}

// asNode is an object that was reduced to its tree before anybody looked at it.
func (t tree) asNode(key string) node {
	if !t.isObject {
		return node{key: key, sample: sample{want: t, isText: t.hasText()}}
	}
	n := node{key: key, isGroup: true}
	for _, m := range t.members {
		n.nodes = append(n.nodes, m.tree.asNode(m.key))
	}
	return n
}

// nodes generates up to limit attributes.
func (d *dice) nodes(limit, depth int) []node {
	nodes := make([]node, d.upTo(limit+1))
	for i := range nodes {
		nodes[i] = d.node(d.key(), depth)
	}
	return nodes
}

func (d *dice) node(key string, depth int) node {
	switch {
	case depth >= maxNesting || !d.oneIn(8):
		if key == "" && !d.isWild {
			// An object without a name that is not a group is not promised
			// to be like one.
			return node{sample: pickOf(d, scalars)(d)}
		}
		return node{key: key, sample: d.sampleFor(key, depth)}
	case d.oneIn(6):
		return d.deepNode()
	default:
		return node{key: key, isGroup: true, nodes: d.nodes(4, depth+1), isLazy: key != "" && d.oneIn(4)}
	}
}

func (d *dice) deepNode() node {
	n := node{key: "leaf", sample: sample{val: "deep", want: textTree("deep"), isText: true}}
	for range d.levels() {
		n = node{key: deepKey, isGroup: true, nodes: []node{n}}
	}
	return n
}

// sampleFor keeps to values whose meaning is plain in every logger where the
// key decides what the record is: whether an error is a string there, and what
// the type of an event that panics would be, is nobody's promise.
func (d *dice) sampleFor(key string, depth int) sample {
	if d.isWild || key != eventKey && key != otherEventKey && key != typeKey && !slices.Contains(identityKeys, key) {
		return d.sample(depth)
	}
	switch d.upTo(10) {
	default:
		s := d.text()
		return sample{val: s, want: textTree(s), isText: true}
	case 4:
		n := d.int64()
		return sample{val: n, want: intTree(n)}
	case 5:
		n := uint64(d.int64())
		return sample{val: n, want: uintTree(n)}
	case 6:
		return sample{val: 0.5, want: floatTree(0.5)}
	case 7:
		return sample{}
	case 8:
		return listOf([]string{"u-1"})
	case 9:
		if depth >= maxNesting {
			return sample{val: true, want: boolTree(true)}
		}
		return d.anyMap(depth + 1)
	}
}

// attr is the attribute for log/slog.
func (n node) attr() slog.Attr {
	if !n.isGroup {
		return slog.Any(n.key, n.val)
	}
	attrs := attrsOf(n.nodes)
	switch {
	case n.isEventGroup:
		return slogcausality.Event(n.nodes[0].val.(string), attrs[1:]...)
	case n.isLazy:
		return slog.Any(n.key, valuer{slog.GroupValue(attrs...)})
	}
	return slog.Attr{Key: n.key, Value: slog.GroupValue(attrs...)}
}

func attrsOf(nodes []node) []slog.Attr {
	attrs := make([]slog.Attr, len(nodes))
	for i, n := range nodes {
		attrs[i] = n.attr()
	}
	return attrs
}

// property is the attribute as a value in a map, with what comes of it.
func (n node) property(d *dice) (any, tree) {
	if !n.isGroup {
		return n.val, n.want
	}
	if d.oneIn(3) {
		return attrsOf(n.nodes), n.tree()
	}
	m, t := make(map[string]any), objectTree()
	for _, child := range n.nodes {
		if _, taken := m[child.key]; taken || child.key == "" {
			continue
		}
		var of tree
		m[child.key], of = child.property(d)
		t.members = append(t.members, member{child.key, of})
	}
	t.sort()
	return m, t
}

// sort puts the members into the order in which those of a map come.
func (t tree) sort() {
	slices.SortFunc(t.members, func(a, b member) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
}
