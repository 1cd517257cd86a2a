package conformance

import (
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// composites are kinds of values that hold others.
func composites() []func(d *dice, depth int) sample {
	return []func(d *dice, depth int) sample{
		(*dice).anyMap,
		func(d *dice, _ int) sample {
			m, want := map[string]string{}, objectTree()
			for _, key := range d.keys() {
				m[key] = d.text()
				want.members = append(want.members, member{key, textTree(m[key])})
			}
			return sample{val: m, want: want}
		},
		func(d *dice, _ int) sample {
			m, want := map[namedString]float64{}, objectTree()
			for _, key := range d.keys() {
				m[namedString(key)] = d.float64()
				want.members = append(want.members, member{key, floatTree(m[namedString(key)])})
			}
			// JSON has no NaN.
			return sample{val: m, want: want, isFragile: true}
		},
		func(d *dice, _ int) sample {
			m := map[int]string{int(d.int64()): d.text(), 7: "seven"}
			return sample{val: m, want: jsonTree(m)}
		},
		func(d *dice, depth int) sample {
			o := d.order(depth)
			return sample{val: o, want: o.tree()}
		},
		func(d *dice, depth int) sample {
			o := d.order(depth)
			return sample{val: &o, want: o.tree()}
		},
		func(d *dice, _ int) sample {
			v := jsonMarshaler{text: d.json(0)}
			return sample{val: v, want: jsonTree(v)}
		},
		func(d *dice, _ int) sample {
			raw := json.RawMessage(d.json(0))
			return sample{val: raw, want: jsonTree(raw)}
		},
		func(d *dice, _ int) sample { return listOf(d.texts()) },
		func(d *dice, _ int) sample { return listOf([]int{int(d.int64()), 2, 3}[:d.upTo(4)]) },
		func(d *dice, _ int) sample { return listOf([]bool{d.oneIn(2), true}) },
		func(d *dice, _ int) sample { return listOf([2]float64{1.5, float64(d.upTo(99))}) },
		func(d *dice, depth int) sample {
			o := d.order(depth)
			s := listOf([]any{d.text(), 1, nil, true, json.RawMessage(o.tree().json())})
			s.val.([]any)[4] = o
			return s
		},
		func(d *dice, _ int) sample { return listOf([]map[string]string{{d.text(): d.text()}, nil}) },
		func(d *dice, _ int) sample { return listOf([][]string{d.texts(), nil, {}}) },
		func(d *dice, _ int) sample {
			text := d.text()
			encoded, _ := marshalled([]any{text, nil})
			return sample{val: []error{errors.New(text), nil}, want: listTree(string(encoded)).loosely(), isFragile: true}
		},
		func(d *dice, depth int) sample {
			s := d.sample(depth)
			// What a LogValuer gives is what counts; a string of its is one.
			s.val, s.isFragile = valuer{slog.AnyValue(s.val)}, true
			return s
		},
		func(d *dice, depth int) sample {
			s := d.sample(depth)
			s.val, s.isFragile = slog.AnyValue(s.val), true
			return s
		},
		(*dice).deepMap,
		(*dice).deepJSON,
	}
}

// listOf is a list that encoding/json and the SDK write alike, but for escapes.
func listOf(list any) sample { return sample{val: list, want: jsonTree(list).loosely()} }

func (d *dice) anyMap(depth int) sample {
	m, want := map[string]any{}, objectTree()
	fragile := false
	for _, key := range d.keys() {
		s := d.sampleFor(key, depth)
		m[key] = s.val
		fragile = fragile || s.isFragile
		want.members = append(want.members, member{key, s.want})
	}
	return sample{val: m, want: want, isFragile: fragile}
}

// keys are those of a map, in their order, which is the order of its members.
func (d *dice) keys() []string {
	var keys []string
	for range d.upTo(5) {
		// A group without a name is none, which a map's member is not.
		if key := d.key(); key != "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func (d *dice) key() string {
	if d.oneIn(2) {
		return d.text()
	}
	return pickOf(d, words)
}

func (d *dice) texts() []string {
	texts := make([]string, d.upTo(4))
	for i := range texts {
		texts[i] = d.text()
	}
	return texts
}

// order is a struct as applications have them.
type order struct {
	embedded
	ID     string        `json:"id"`
	Total  uint64        `json:"total.cents"`
	Rate   float64       // integral or not
	When   time.Time     `json:"when"`
	Took   time.Duration `json:"took"`
	Note   *string       `json:"note,omitempty"`
	Tags   []string      `json:"tags"`
	Raw    []byte        `json:"raw,omitempty"`
	Nested *order        `json:"nested,omitempty"`
	Quoted int           `json:"quoted,string"`
	Secret string        `json:"-"`
	hidden string
}

// tree is what arrives of an order: what arrives of its fields by themselves.
func (o order) tree() tree {
	t := objectTree(
		member{"user", textTree(o.User)}, member{"id", textTree(o.ID)}, member{"total.cents", uintTree(o.Total)},
		member{"Rate", floatTree(o.Rate)}, member{"when", momentTree(o.When.UTC().Format(time.RFC3339Nano))},
		member{"took", durationTree(o.Took)},
	)
	if o.Note != nil {
		t.members = append(t.members, member{"note", textTree(*o.Note)})
	}
	t.members = append(t.members, member{"tags", listOf(o.Tags).want})
	if o.Nested != nil {
		t.members = append(t.members, member{"nested", o.Nested.tree()})
	}
	t.members = append(t.members, member{"quoted", textTree(strconv.Itoa(o.Quoted))})
	return t
}

type embedded struct {
	User string `json:"user"`
}

func (d *dice) order(depth int) order {
	o := order{
		embedded: embedded{d.text()}, ID: d.text(), Total: uint64(d.int64()), Rate: d.float64(), When: d.time(),
		Took: time.Duration(d.int64()), Tags: d.texts(), Quoted: d.upTo(9), Secret: "never", hidden: "never",
	}
	if d.oneIn(3) {
		note := d.text()
		o.Note = &note
	}
	if depth < maxNesting && d.oneIn(3) {
		nested := d.order(depth + 1)
		o.Nested = &nested
	}
	return o
}

var jsonNumbers = []string{"0", "-0", "1", "-1", "1.0", "1.5", "-1.50", "1e3", "1E+2", "1e-9", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616", "1e400", "-1e999", "1e-400", "5e-324",
	"123456789012345678901234567890", "0.1e1", "100000000000000000000.0"}

var jsonStrings = []string{`"\ud800"`, `"\udc00\ud800"`, `"\ud83d\ude00"`, `"\u0000"`, `"\u0061"`, `"\/\b\f\n\r\t\"\\"`, `""`, `"plain"`,
	"\"\xff\xfe\"", "\"\xed\xa0\x80\"", "\"\u2028<&>\"", `"\u2028\u003c"`}

var jsonKeys = []string{`"a"`, `"\u0061"`, `"A"`, `"a.b"`, `"a_b"`, `"\ud800"`, `"\u0000"`, `"user_id"`, `"n"`, "\"\xff\""}

// json is JSON text as encoding/json does not write it, but takes it from a
// json.Marshaler: duplicate keys, escapes of all kinds, numbers of any size.
func (d *dice) json(depth int) string {
	choices := 7
	if depth >= maxNesting {
		choices = 3
	}
	switch d.upTo(choices) {
	case 0:
		return pickOf(d, jsonStrings)
	case 1:
		return pickOf(d, jsonNumbers)
	case 2:
		return pickOf(d, []string{"null", "true", "false", "{}", "[]", " [ 1 , { \"a\" : null } ] "})
	case 3:
		elements := make([]string, d.upTo(4))
		for i := range elements {
			elements[i] = d.json(depth + 1)
		}
		return "[" + strings.Join(elements, ",") + "]"
	default:
		members := make([]string, d.upTo(5))
		for i := range members {
			members[i] = pickOf(d, jsonKeys) + ": " + d.json(depth+1)
		}
		return "{" + strings.Join(members, " ,\n") + "}"
	}
}

// deepKey is the name of what nests on purpose. How deep is deep is not
// promised, only that some tens of levels arrive, and that more do no harm.
const (
	deepKey   = "deep"
	deepLevel = 45
)

// levels is how deep to nest.
func (d *dice) levels() int {
	return pickOf(d, []int{2, 20, deepLevel, 100, 300})
}

func (d *dice) deepMap(int) sample {
	text := d.name()
	var v any = text
	t := textTree(text)
	for range d.levels() {
		v, t = map[string]any{deepKey: v}, objectTree(member{deepKey, t})
	}
	return sample{val: v, want: t}
}

func (d *dice) deepJSON(int) sample {
	levels := d.levels()
	text := strings.Repeat(`{"`+deepKey+`":`, levels) + "1" + strings.Repeat("}", levels)
	return sample{val: json.RawMessage(text), want: jsonTree(json.RawMessage(text))}
}
