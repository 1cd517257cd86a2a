package causality

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The table is the gateway's, name by name, in its order and with nothing more.
func TestTheCatalogueIsTheOneOfTheGateway(t *testing.T) {
	text, err := os.ReadFile("testdata/catalogue.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		if name, fields, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && !strings.HasPrefix(line, "#") {
			want[name] = fields
		}
	}
	got := make(map[string]string)
	for eventType, fields := range catalogue {
		got[eventType] = strings.Join(leaves("", fields, got), ", ")
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s is\n%s, want\n%s", name, got[name], want[name])
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is none of the gateway's", name)
	}
}

// leaves writes fields in the notation of catalogue.txt, and the enums among
// them into enums.
func leaves(prefix string, fields []field, enums map[string]string) (written []string) {
	for _, f := range fields {
		name := prefix + f.name
		if f.required {
			name += "!"
		}
		switch f.kind {
		case messageField:
			written = append(written, leaves(name+".", f.fields, enums)...)
		case messageListField:
			written = append(written, leaves(name+"[].", f.fields, enums)...)
		case enumField:
			enums[f.enum.prefix] = strings.Join(f.enum.names, ", ")
			written = append(written, name+" "+f.enum.prefix)
		default:
			written = append(written, name+map[fieldKind]string{
				textField: " s", int32Field: " i", int64Field: " l", floatField: " f", boolField: " b",
				textListField: "[] s", textMapField: "{} s",
			}[f.kind])
		}
	}
	return written
}

func TestThereIsAnEventConstantForEachKindAndNoOther(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "payload.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Names) != 1 || !strings.HasPrefix(spec.Names[0].Name, "Event") {
			return true
		}
		eventType, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		name := spec.Names[0].Name
		if words := strings.Split(eventType, "_"); name != "Event"+capitalised(words) {
			t.Errorf("%s is %q", name, eventType)
		}
		if found[eventType] != "" {
			t.Errorf("%s and %s are both %q", name, found[eventType], eventType)
		}
		if _, ok := catalogue[eventType]; !ok {
			t.Errorf("%s is %q, which is not in the catalogue", name, eventType)
		}
		found[eventType] = name
		return true
	})
	if len(found) != 28 || len(catalogue) != 28 {
		t.Errorf("%d constants, %d kinds, want 28", len(found), len(catalogue))
	}
	for eventType := range catalogue {
		if found[eventType] == "" {
			t.Errorf("%s has no constant", eventType)
		}
	}
}

func capitalised(words []string) string {
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// What encodeTyped takes for granted of the table.
func TestTheCatalogueIsSound(t *testing.T) {
	snake := regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	names := regexp.MustCompile(`^[0-9A-Z]+(_[0-9A-Z]+)*$`)
	var check func(at string, fields []field, top bool)
	check = func(at string, fields []field, top bool) {
		if len(fields) == 0 {
			t.Errorf("%s has no fields", at)
		}
		seen := make(map[string]bool)
		for i, f := range fields {
			at := at + "." + f.name
			if !snake.MatchString(f.name) || seen[f.name] {
				t.Errorf("%s is no name, or stands twice", at)
			}
			seen[f.name] = true
			if f.name == "user_id" && (i != 0 || !top || f.kind != textField) {
				t.Errorf("%s must be a text and the first field, where the UserID is placed", at)
			}
			if f.required && (f.kind != textField || !top) {
				t.Errorf("%s: only a text of the payload itself can be required", at)
			}
			hasFields := f.kind == messageField || f.kind == messageListField
			if hasFields != (f.fields != nil) || (f.kind == enumField) != (f.enum != nil) {
				t.Errorf("%s has the parts of another kind", at)
			}
			if !top && (hasFields || f.kind == textListField || f.kind == textMapField) {
				t.Errorf("%s: a message has plain fields alone", at)
			}
			if hasFields {
				check(at, f.fields, false)
			}
			// What a message's or map's fields flatten to belongs to it alone.
			for _, other := range fields {
				if (f.kind == messageField || f.kind == textMapField) && strings.HasPrefix(other.name, f.name+"_") {
					t.Errorf("%s could be a part of %s", other.name, at)
				}
			}
			if f.enum == nil {
				continue
			}
			if !strings.HasSuffix(f.enum.prefix, "_") || f.enum.names[0] != "UNSPECIFIED" {
				t.Errorf("%s: %v", at, f.enum)
			}
			for i, name := range f.enum.names {
				if !names.MatchString(name) || slices.Contains(f.enum.names[:i], name) {
					t.Errorf("%s has a value %q", at, name)
				}
			}
		}
	}
	for eventType, fields := range catalogue {
		if !snake.MatchString(eventType) || eventType != cleanEventType(eventType) {
			t.Errorf("%q is no event type", eventType)
		}
		check(eventType, fields, true)
	}
}
