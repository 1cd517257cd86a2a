package envelope

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// members encodes a map in the order of its keys, so that the same event gives
// the same bytes.
func (e *Encoder) members(m map[string]any) {
	for key, v := range m {
		e.pairs = append(e.pairs, pair{key, v})
	}
	slices.SortFunc(e.pairs, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	for i := range e.pairs {
		a := slog.Attr{Key: e.pairs[i].key, Value: value.Any(e.pairs[i].value)}
		e.attr(&a, 0)
	}
}

// attr encodes one property, or the members of a group or object, under the
// groups that are open.
func (e *Encoder) attr(a *slog.Attr, depth int) {
	if e.tooLarge {
		return
	}
	key, v := a.Key, a.Value
	kind := v.Kind()
	if e.walk(); e.replaceAttr != nil || kind == slog.KindAny || kind == slog.KindLogValuer {
		key, v = e.plain(key, v)
		kind = v.Kind()
	}
	switch kind {
	case slog.KindGroup:
		e.group(key, v.Group(), depth)
	case slog.KindAny:
		switch v := v.Any().(type) {
		case value.JSON:
			e.scalar(key, slog.StringValue(string(v)), slog.KindString)
		case value.TooLarge:
			e.tooLarge = true
		} // else nil, which is left out
	default:
		e.scalar(key, v, kind)
	}
}

// walk counts the attributes, because a group that is twice in a group that
// is twice in another, and so on, would take for ever and may leave nothing
// behind.
func (e *Encoder) walk() {
	if e.walked++; e.walked > MaxBytes {
		e.tooLarge = true
	}
}

// plain gives a property to the user's ReplaceAttr and reduces its value.
func (e *Encoder) plain(key string, v slog.Value) (string, slog.Value) {
	if e.replaceAttr != nil {
		if v.Kind() == slog.KindLogValuer {
			v = value.Resolve(v)
		}
		if v.Kind() != slog.KindGroup {
			a := e.replace(slog.Attr{Key: key, Value: v})
			key, v = a.Key, a.Value
		}
	}
	switch v.Kind() {
	case slog.KindAny, slog.KindLogValuer:
		v = value.Resolve(v)
	}
	return key, v
}

// tooDeep is sent in place of what is nested too deep.
const tooDeep = "!ERROR: nested too deep"

// group encodes the members of a group under its name; a group without a name
// is only a list.
func (e *Encoder) group(name string, members []slog.Attr, depth int) {
	if depth >= value.MaxDepth {
		e.scalar(name, slog.StringValue(tooDeep), slog.KindString)
		return
	}
	prefix, path := len(e.prefix), e.path
	if name != "" {
		e.open(name)
		e.groups = append(e.groups, name)
	}
	for i := range members {
		e.attr(&members[i], depth+1)
	}
	if name != "" {
		e.prefix, e.path = e.prefix[:prefix], path
		e.groups = e.groups[:len(e.groups)-1]
	}
}

// open opens a group for the attributes that follow.
func (e *Encoder) open(name string) {
	if len(e.prefix)+len(name) > MaxBytes {
		e.tooLarge = true
		return
	}
	e.path = pathOf(e.path, name)
	e.prefix = append(value.AppendKey(e.prefix, name), '_')
}

// replace calls the user's ReplaceAttr. Where that panics the property is left
// out: a redaction that failed must not let its secret through.
func (e *Encoder) replace(a slog.Attr) (replaced slog.Attr) {
	defer func() {
		if recover() != nil {
			e.Dropped++
			replaced = slog.Attr{}
		}
	}()
	usercode.Call(func() { replaced = e.replaceAttr(e.groups, a) })
	return replaced
}
