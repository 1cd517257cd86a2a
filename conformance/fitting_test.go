package conformance

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// properties are those of an event: any, and for a type of the catalogue also
// those that its payload has fields for. Every other time all of these convert.
func (d *dice) properties(eventType string) []node {
	message := payloads[eventType]
	if message == nil || d.oneIn(8) {
		return d.nodes(6, 0)
	}
	var nodes []node
	isFit := d.oneIn(2)
	for i := range message.Fields().Len() {
		fd := message.Fields().Get(i)
		if d.oneIn(5) && !required(eventType)[string(fd.Name())] {
			continue
		}
		nodes = append(nodes, d.fitting(fd, isFit))
	}
	if d.oneIn(2) {
		nodes = append(nodes, d.nodes(3, 0)...)
	}
	return nodes
}

// fitting is an attribute for one field of a payload.
func (d *dice) fitting(fd protoreflect.FieldDescriptor, isFit bool) node {
	name := string(fd.Name())
	if d.oneIn(12) && !isFit || slices.Contains(identityKeys, name) {
		return d.node(name, maxNesting)
	}
	switch {
	case fd.IsMap():
		n := node{key: name, isGroup: true, nodes: d.nodes(3, maxNesting)}
		if d.oneIn(4) {
			n = node{key: name, sample: d.anyMap(maxNesting)}
		}
		return n
	case fd.IsList():
		return node{key: name, sample: d.fittingList(fd, isFit)}
	case fd.Kind() == protoreflect.MessageKind:
		var members []node
		for i := range fd.Message().Fields().Len() {
			if !d.oneIn(4) {
				members = append(members, d.fitting(fd.Message().Fields().Get(i), isFit))
			}
		}
		if d.oneIn(2) && len(members) > 0 { // the flat spelling
			last := members[len(members)-1]
			last.key = name + pickOf(d, []string{"_", "."}) + last.key
			return last
		}
		return node{key: name, isGroup: true, nodes: members}
	}
	if isFit {
		return node{key: name, sample: d.fitScalar(fd)}
	}
	return node{key: name, sample: d.fittingScalar(fd)}
}

// fitScalar is a value that converts, of any kind that does.
func (d *dice) fitScalar(fd protoreflect.FieldDescriptor) sample {
	n := int64(int8(d.next()))
	asText := func(s string) sample { return sample{val: s, want: textTree(s), isText: true} }
	switch fd.Kind() {
	case protoreflect.BoolKind:
		if d.oneIn(2) {
			return asText("true")
		}
		return sample{val: n > 0, want: boolTree(n > 0)}
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		return asText(string(values.Get(d.upTo(values.Len())).Name()))
	case protoreflect.StringKind:
		return asText("t" + d.text())
	}
	switch d.upTo(5) {
	case 0:
		return sample{val: n, want: intTree(n)}
	case 1:
		return asText(strconv.FormatInt(n, 10))
	case 2:
		return sample{val: float64(n), want: floatTree(float64(n))}
	case 3:
		return sample{val: namedUint(uint8(n)), want: uintTree(uint64(uint8(n)))}
	default:
		took := time.Duration(n) * time.Millisecond
		return sample{val: took, want: tree{leaf: &leaf{kind: aDuration, f: float64(n)}}}
	}
}

// numbersAsText convert, or just do not.
var numbersAsText = []string{"0", "7", "-7", "+7", "007", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808",
	"1.5", "1e3", "3.5e38", "NaN", "inf", "", " 1", "1 ", "0x10", "1_000", "true", "one", "1\x00"}

func (d *dice) fittingScalar(fd protoreflect.FieldDescriptor) sample {
	switch fd.Kind() {
	case protoreflect.Int32Kind, protoreflect.Int64Kind, protoreflect.FloatKind:
		switch d.upTo(4) {
		case 0:
			s := pickOf(d, numbersAsText)
			return sample{val: s, want: textTree(s), isText: true}
		case 1:
			return numbers[len(numbers)-3](d)
		default:
			return pickOf(d, numbers)(d)
		}
	case protoreflect.BoolKind:
		if d.oneIn(3) {
			s := pickOf(d, []string{"true", "false", "True", "1", ""})
			return sample{val: s, want: textTree(s), isText: true}
		}
		return scalars[d.upTo(2)](d)
	case protoreflect.EnumKind:
		values := fd.Enum().Values()
		if d.oneIn(3) {
			n := int64(d.upTo(values.Len()+2)) - 1
			return sample{val: n, want: intTree(n)}
		}
		s := string(values.Get(d.upTo(values.Len())).Name())
		short := strings.TrimPrefix(s, strings.TrimSuffix(string(values.Get(0).Name()), "UNSPECIFIED"))
		s = pickOf(d, []string{s, short, strings.ToLower(short), strings.ToLower(s), s + "X", strings.ReplaceAll(strings.ToLower(short), "s", "ſ")})
		return sample{val: s, want: textTree(s), isText: true}
	}
	if d.oneIn(4) {
		return d.sample(maxNesting)
	}
	s := d.text()
	return sample{val: s, want: textTree(s), isText: true}
}

var itemTexts = []string{`{}`, `{"product_id":"p","quantity":2,"price_cents":"5"}`, `{"quantity":2.0}`, `{"quantity":1.5}`, `{"quantity":2147483648}`,
	`{"quantity":null,"extra":[1],"product_name":7}`, `{"product_id":[]}`, `{"product_id":"a","product_id":"b"}`, `{"product_id":"a","product_id":null}`,
	`{"product_id":"\ud800\u0000","product_name":true}`, `null`, `1`, `"x"`, `[]`}

func (d *dice) fittingList(fd protoreflect.FieldDescriptor, isFit bool) sample {
	if fd.Kind() == protoreflect.StringKind {
		choices := 4
		if isFit {
			choices = 2
		}
		switch d.upTo(choices) {
		case 0, 1:
			return listOf(d.texts())
		case 2:
			return listOf([]any{d.text(), d.int64(), true, 1.5, 1e21}[:d.upTo(6)])
		}
		raw := json.RawMessage(pickOf(d, []string{`["a",null]`, `[["a"]]`, `[{}]`, `null`, `"a"`, `[1e999,18446744073709551616]`, `[]`, `["\ud800"]`}))
		return sample{val: raw, want: jsonTree(raw)}
	}
	items := make([]string, d.upTo(4))
	from := itemTexts
	if isFit {
		from = from[:3]
	}
	for i := range items {
		items[i] = pickOf(d, from)
	}
	text := "[" + strings.Join(items, ",") + "]"
	if d.oneIn(3) && !isFit { // a list is its text, so the text is a list
		text = pickOf(d, []string{text, " " + text, "null", "[", "{}", "", "[1,]", text + "x"})
		return sample{val: text, want: textTree(text), isText: true}
	}
	return listOf(json.RawMessage(text))
}
