// Package term is a small language for what a log call says: an expression over
// lists of attributes, with holes for what another function knows. Package extract
// writes it from a function's code, one function at a time; package program reads it,
// with all functions at hand.
//
// A logger is a list too: the attributes that are bound to it, and the groups that
// are open. So is a zerolog event: the fields that have been added to it.
package term

// Op says what a Node is.
type Op uint8

const (
	// Values.

	Nil      Op = iota // nothing: a nil value, an empty list
	Text               // a string that is known: Str
	Plain              // a value of the kinds Kinds
	Unknown            // what cannot be known; Str says why
	Concat             // strings one after the other: Args
	Boxed              // a value in an interface: Args[0] as it is, Args[1+style] as a property
	As                 // Args[0] as a property, in the style N
	Group              // a group of attributes: Args[0] is their list
	Map                // a map: Args[0] is the list of its members
	Struct             // a struct: Args are its fields, Names their names
	Function           // a function: Str; Args are its first arguments, which are bound to it

	// Lists and their elements.

	List      // Args are the elements
	Cat       // Args are lists, one after the other
	Pairs     // Args[0] is a list of keys and values, in the style N
	More      // Args[0] is a list that may be added to what else a variable has
	Attr      // Args are the key and the value; Maybe says that it can be absent
	Open      // Args[0] is the name of a group, which what follows is in
	Root      // a new logger: N is a RootKind, Args[0] a list of options
	EventKeys // option: Args[0] is the list of the event keys
	MinLevel  // option: N is the lowest level of an event; Maybe: it is not known
	AtLevel   // the level of the line: N
	Context   // the line has a context, which may say whom it is about

	// Choices, and what is known elsewhere.

	Either // one of Args
	Member // the field Str of Args[0], or, where that is not known, of all its kind
	Index  // the element N of the list Args[0]
	Param  // the parameter N of the function Str
	Global // the variable Str
	Later  // what is assigned to the field Str of a struct that others are given: any of it, or nothing
	Call   // the result N of the function Str with the arguments Args
	Effect // what the function Str makes of its argument N, of the arguments Args
	Invoke // what the function Args[0] returns for the arguments Args[1:]

	// Loops. Str is the loop's name.

	Fold // Args[0] is what the loop is over, or nil; [1] the value before, [2] the value after a turn. Maybe: it may end early
	Acc  // the value before the turn; Args[0] is the Fold
	Elem // the element of this turn; Args[0] is the list
	Key  // the key of this turn; Args[0] is the map
	Val  // the value of this turn; Args[0] is the map
)

// Kinds is a set of the kinds that a property's value can have.
type Kinds uint16

const (
	String   Kinds = 1 << iota // text
	Time                       // a time, which arrives as text
	JSON                       // an array, which arrives as text
	Int                        // a whole number
	Float                      // any number
	Whole                      // a float or duration that is known to be whole: zerolog writes it as an int
	Duration                   // milliseconds, which arrive as a float
	Bool                       // true or false
	Absent                     // nil: no property
	IsError                    // of a Boxed: it is an error
)

// Style is a way in which a logger makes a property of a Go value.
type Style int

const (
	Log    Style = iota // log/slog, and Properties
	Zap                 // zap.Any
	Marsh               // zerolog's Interface: as encoding/json has it
	Fields              // zerolog's Fields
	Styles
)

// RootKind says whether a logger's lines reach an adapter of ours.
const (
	MayBeOurs  = iota // nobody knows
	Ours              // an adapter, and nothing bound
	NotOurs           // what writes them is another's
	OursToo           // an adapter is added to what is there, and sees what is bound
	AllOfThese        // Args[0] is a list of roots
)

// IsText is the N of a Plain string that can be an event's name: that of a string, or of
// a value whose method says how it is written. Bytes and complex numbers are none.
const IsText = 1

// Fraction is the N of a Plain float that is known not to be whole.
const Fraction = 2

// TextKind is a string that can be an event's name and is not known.
func TextKind(k Kinds) *Node { return &Node{Op: Plain, Kinds: k, N: IsText} }

// Updates begins the name under which a summary has what is assigned to the members of the
// maps that a variable or field has.
const Updates = "members of "

// Replaces is the N of an Attr that takes the place of a member of the same map.
const Replaces = 1

// Node is an expression. Nodes are shared and, but for a loop's Acc, have no cycles.
type Node struct {
	Op    Op
	Kinds Kinds
	N     int
	Str   string
	Names []string
	Maybe bool
	// Lift says of a Param that its callers decide what the line is: a name, a key,
	// a list.
	Lift bool
	Args []*Node
}

// Arg returns the i-th argument, or Nothing.
func (n *Node) Arg(i int) *Node {
	if i < len(n.Args) && n.Args[i] != nil {
		return n.Args[i]
	}
	return Nothing
}

// Nothing is nil, an empty list, no value.
var Nothing = &Node{Op: Nil}

// Of makes a node of an operation and its arguments.
func Of(op Op, args ...*Node) *Node { return &Node{Op: op, Args: args} }

// Const is a known string.
func Const(text string) *Node { return &Node{Op: Text, Str: text} }

// Kind is a value of these kinds.
func Kind(k Kinds) *Node { return &Node{Op: Plain, Kinds: k} }

// Why is what cannot be known.
func Why(reason string) *Node { return &Node{Op: Unknown, Str: reason} }

// Field is an attribute.
func Field(key, value *Node) *Node { return &Node{Op: Attr, Args: []*Node{key, value}} }

// MaybeField is an attribute that can be absent.
func MaybeField(key, value *Node) *Node {
	return &Node{Op: Attr, Args: []*Node{key, value}, Maybe: true}
}

// Append is a list with one element more.
func Append(list, element *Node) *Node { return Of(Cat, list, Of(List, element)) }

// Choice is one of the alternatives, each once.
func Choice(alternatives ...*Node) *Node {
	var kept []*Node
	for _, a := range alternatives {
		if a == nil {
			a = Nothing
		}
		known := false
		for _, k := range kept {
			known = known || Same(a, k)
		}
		if !known {
			kept = append(kept, a)
		}
	}
	if len(kept) == 1 {
		return kept[0]
	}
	return Of(Either, kept...)
}

// Same reports whether two nodes are plainly the same.
func Same(a, b *Node) bool {
	if a == b {
		return true
	}
	if a.Op != b.Op || a.Str != b.Str || a.N != b.N || a.Kinds != b.Kinds || len(a.Args) != len(b.Args) {
		return false
	}
	switch a.Op {
	case Nil, Text, Unknown, Param, Global, Later:
		return true
	case Function:
		return len(a.Args) == 0
	}
	return false
}
