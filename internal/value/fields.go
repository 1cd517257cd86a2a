package value

import (
	"cmp"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// structure reduces a struct to a group of its fields, under the names that
// encoding/json gives them.
func (r *reducer) structure(v reflect.Value, depth int) slog.Value {
	fields := fieldsOf(v.Type())
	members := make([]slog.Attr, 0, len(fields))
	for i := range fields {
		f := &fields[i]
		fv, ok := f.of(v)
		if !ok || f.omitEmpty && isEmpty(fv) || f.omitZero && isZero(fv) {
			continue
		}
		member := r.member(fv, depth)
		if f.asString {
			member = quoted(member)
		}
		members = append(members, slog.Attr{Key: f.name, Value: member})
	}
	return slog.GroupValue(members...)
}

// field is one that encoding/json writes.
type field struct {
	name                          string
	path                          []int // of the embedded structs around it, and itself
	isTagged                      bool
	omitEmpty, omitZero, asString bool
}

// of returns the field of v, unless an embedded pointer on the way to it is nil.
func (f *field) of(v reflect.Value) (reflect.Value, bool) {
	for i, index := range f.path {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(index)
	}
	return v, true
}

// quoted is what the option "string" of a tag makes of a scalar.
func quoted(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindBool, slog.KindString:
		return slog.StringValue(string(AppendJSON(nil, v)))
	}
	return v
}

// isEmpty is what the option "omitempty" leaves out.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return false
	}
	return v.IsZero()
}

// isZero is what the option "omitzero" leaves out.
func isZero(v reflect.Value) bool {
	type zeroer interface{ IsZero() bool }
	if v.Kind() != reflect.Interface && v.Kind() != reflect.Pointer || !v.IsNil() {
		if z, ok := v.Interface().(zeroer); ok {
			return z.IsZero()
		}
		if v.CanAddr() {
			if z, ok := v.Addr().Interface().(zeroer); ok {
				return z.IsZero()
			}
		}
	}
	return v.IsZero()
}

var knownFields sync.Map // of reflect.Type to []field

// fieldsOf returns the fields of a struct that encoding/json writes, in the order
// in which they are declared. Of several with one name the least embedded counts,
// of those the one that a tag names, and of several such none.
func fieldsOf(t reflect.Type) []field {
	if known, ok := knownFields.Load(t); ok {
		return known.([]field)
	}
	all := collectFields(t)
	slices.SortStableFunc(all, func(a, b field) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := cmp.Compare(len(a.path), len(b.path)); c != 0 {
			return c
		}
		if a.isTagged != b.isTagged {
			if a.isTagged {
				return -1
			}
			return 1
		}
		return 0
	})
	var fields []field
	for i := 0; i < len(all); {
		same := i + 1
		for same < len(all) && all[same].name == all[i].name {
			same++
		}
		if same == i+1 || len(all[i+1].path) > len(all[i].path) || all[i].isTagged != all[i+1].isTagged {
			fields = append(fields, all[i])
		}
		i = same
	}
	slices.SortFunc(fields, func(a, b field) int { return slices.Compare(a.path, b.path) })
	known, _ := knownFields.LoadOrStore(t, fields)
	return known.([]field)
}

// collectFields returns the fields of a struct and of those embedded in it, level
// by level. A struct is looked into once, or twice on the level where it is first
// seen, which is enough for its fields to hide one another.
func collectFields(t reflect.Type) (all []field) {
	type embedded struct {
		t    reflect.Type
		path []int
	}
	level, seen := []embedded{{t: t}}, map[reflect.Type]bool{t: true}
	for len(level) > 0 {
		var next []embedded
		onNext := map[reflect.Type]int{}
		for _, e := range level {
			for i := range e.t.NumField() {
				sf := e.t.Field(i)
				tag := sf.Tag.Get("json")
				target := sf.Type
				if sf.Anonymous && target.Kind() == reflect.Pointer && target.Name() == "" {
					target = target.Elem()
				}
				if tag == "-" || !sf.IsExported() && !(sf.Anonymous && target.Kind() == reflect.Struct) {
					continue
				}
				name, options, _ := strings.Cut(tag, ",")
				if !isName(name) {
					name = ""
				}
				path := append(slices.Clone(e.path), i)
				if name == "" && sf.Anonymous && target.Kind() == reflect.Struct {
					if !seen[target] && onNext[target] < 2 {
						onNext[target]++
						next = append(next, embedded{target, path})
					}
					continue
				}
				if !sf.IsExported() {
					continue
				}
				f := field{name: cmp.Or(name, sf.Name), path: path, isTagged: name != ""}
				for option := range strings.SplitSeq(options, ",") {
					switch option {
					case "omitempty":
						f.omitEmpty = true
					case "omitzero":
						f.omitZero = true
					case "string":
						f.asString = isQuotable(target)
					}
				}
				all = append(all, f)
			}
		}
		for t := range onNext {
			seen[t] = true
		}
		level = next
	}
	return all
}

// isName reports whether encoding/json takes the name that a tag gives.
func isName(name string) bool {
	for _, c := range name {
		if strings.ContainsRune("\"\\,", c) || c < ' ' || c == 0x7f {
			return false
		}
	}
	return name != ""
}

func isQuotable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Complex64, reflect.Complex128:
		return false
	}
	return t.Kind() <= reflect.Float64 || t.Kind() == reflect.String
}
