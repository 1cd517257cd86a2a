package conformance

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
)

// What arrives of a value, by the conversion that the package documentation of
// causality and the README describe ("Go kind → where it lands"). The model
// knows nothing of the SDK's code: a generator makes each value together with
// its tree.

// tree is nothing (nil is left out), one leaf, or members.
type tree struct {
	leaf     *leaf
	isObject bool
	members  []member
}

type member struct {
	key  string
	tree tree
}

type leaf struct {
	kind leafKind
	text string
	n    int64
	f    float64
	b    bool
}

type leafKind uint8

const (
	aString      leafKind = iota
	aNumeral              // a string: digits beyond int64
	aMoment               // a string: a time
	aNonFinite            // a string: NaN and the infinities
	aList                 // a string: JSON
	aLooseList            // a string: JSON, escaped in a way of its own
	aComplaint            // a string that begins with text
	anInt                 //
	aFloat                //
	aDuration             // a float: milliseconds
	aBool                 //
	isDocumented          // the kinds above are all there are
)

func nothing() tree            { return tree{} }
func textTree(s string) tree   { return tree{leaf: &leaf{kind: aString, text: s}} }
func intTree(n int64) tree     { return tree{leaf: &leaf{kind: anInt, n: n}} }
func boolTree(b bool) tree     { return tree{leaf: &leaf{kind: aBool, b: b}} }
func momentTree(s string) tree { return tree{leaf: &leaf{kind: aMoment, text: s}} }
func listTree(s string) tree   { return tree{leaf: &leaf{kind: aList, text: s}} }
func failed() tree             { return tree{leaf: &leaf{kind: aComplaint, text: "!ERROR: "}} }
func panicked(why string) tree { return tree{leaf: &leaf{kind: aComplaint, text: "!PANIC: " + why}} }
func objectTree(members ...member) tree {
	return tree{isObject: true, members: members}
}

func uintTree(n uint64) tree {
	if n > math.MaxInt64 {
		return tree{leaf: &leaf{kind: aNumeral, text: strconv.FormatUint(n, 10)}}
	}
	return intTree(int64(n))
}

func floatTree(f float64) tree {
	switch {
	case math.IsNaN(f):
		return tree{leaf: &leaf{kind: aNonFinite, text: "NaN"}}
	case math.IsInf(f, 1):
		return tree{leaf: &leaf{kind: aNonFinite, text: "+Inf"}}
	case math.IsInf(f, -1):
		return tree{leaf: &leaf{kind: aNonFinite, text: "-Inf"}}
	}
	return tree{leaf: &leaf{kind: aFloat, f: f}}
}

// isText reports whether the leaf is stored as a string.
func (l *leaf) isText() bool { return l.kind <= aComplaint }

// hasText reports whether the value is a string of the user's.
func (t tree) hasText() bool { return t.leaf != nil && t.leaf.kind == aString }

// depth is how many objects lie around the deepest leaf.
func (t tree) depth() int {
	deepest := 0
	for _, m := range t.members {
		deepest = max(deepest, 1+m.tree.depth())
	}
	return deepest
}

func durationTree(d time.Duration) tree {
	return tree{leaf: &leaf{kind: aDuration, f: float64(d) / float64(time.Millisecond)}}
}

// json is the tree as JSON, in a list.
func (t tree) json() string {
	text := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return string(b)
	}
	switch {
	case t.isObject:
		var members []string
		for _, m := range t.members {
			members = append(members, text(m.key)+":"+m.tree.json())
		}
		return "{" + strings.Join(members, ",") + "}"
	case t.leaf == nil:
		return "null"
	}
	switch l := t.leaf; l.kind {
	case aList, aLooseList:
		return l.text
	case aNumeral:
		return l.text
	case anInt:
		return text(l.n)
	case aFloat, aDuration:
		return text(l.f)
	case aBool:
		return text(l.b)
	default:
		return text(l.text)
	}
}

// marshalled is what v marshals to as JSON, or why it does not.
func marshalled(v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), nil
}

// jsonTree is the tree of "whatever it marshals to": an object's members, a
// string unquoted, a number or bool by its kind, an array as its text.
func jsonTree(v any) tree {
	text, err := marshalled(v)
	if err != nil {
		return failed()
	}
	return readJSON(text)
}

func readJSON(text []byte) tree {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	t, err := readJSONFrom(dec, text)
	if err != nil {
		return failed()
	}
	if _, err := dec.Token(); err != io.EOF {
		return failed()
	}
	return t
}

func readJSONFrom(dec *json.Decoder, text []byte) (tree, error) {
	token, err := dec.Token()
	if err != nil {
		return nothing(), err
	}
	switch token := token.(type) {
	case string:
		return textTree(token), nil
	case bool:
		return boolTree(token), nil
	case json.Number:
		return numberTree(string(token)), nil
	case json.Delim:
		if token == '[' {
			return readList(dec, text)
		}
		object := objectTree()
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nothing(), err
			}
			t, err := readJSONFrom(dec, text)
			if err != nil {
				return nothing(), err
			}
			object.members = append(object.members, member{key.(string), t})
		}
		_, err := dec.Token()
		return object, err
	}
	return nothing(), nil // null
}

// readList reads an array that has just been opened as its text.
func readList(dec *json.Decoder, text []byte) (tree, error) {
	start := dec.InputOffset() - 1
	for open := 1; open > 0; {
		token, err := dec.Token()
		if err != nil {
			return nothing(), err
		}
		switch token {
		case json.Delim('['), json.Delim('{'):
			open++
		case json.Delim(']'), json.Delim('}'):
			open--
		}
	}
	return listTree(string(text[start:dec.InputOffset()])), nil
}

// numberTree is the kind of a JSON number: an integer if it is written as one,
// within int64, and beyond that its digits.
func numberTree(text string) tree {
	if !strings.ContainsAny(text, ".eE") {
		n, _ := new(big.Int).SetString(text, 10)
		if n.IsInt64() {
			return intTree(n.Int64())
		}
		return tree{leaf: &leaf{kind: aNumeral, text: text}}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return tree{leaf: &leaf{kind: aNumeral, text: text}}
	}
	return floatTree(f)
}

// loosely is the tree with lists that another library has written, so that its
// escapes are of its own choice.
func (t tree) loosely() tree {
	if t.leaf != nil && t.leaf.kind == aList {
		return tree{leaf: &leaf{kind: aLooseList, text: t.leaf.text}}
	}
	members := make([]member, len(t.members))
	for i, m := range t.members {
		members[i] = member{m.key, m.tree.loosely()}
	}
	return tree{t.leaf, t.isObject, members}
}

// sameJSON compares two JSON texts as values.
func sameJSON(a, b string) bool {
	read := func(text string) (v any, err error) {
		dec := json.NewDecoder(strings.NewReader(text))
		dec.UseNumber()
		err = dec.Decode(&v)
		return v, err
	}
	left, err := read(a)
	if err != nil {
		return false
	}
	right, err := read(b)
	if err != nil {
		return false
	}
	x, _ := json.Marshal(left)
	y, _ := json.Marshal(right)
	return bytes.Equal(x, y)
}
