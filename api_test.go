package causality_test

import (
	"bytes"
	"flag"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the API to api/*.txt")

// What users can call is written down, so that a change of it shows in a diff
// and is made on purpose: go test . -run API -update.
func TestAPIIsAsWrittenDown(t *testing.T) {
	for _, dir := range []string{"core", "core/causalitytest", "slogcausality", "zapcausality", "zerologcausality", "httpcausality",
		"gincausality", "grpccausality", "otelcausality", "promcausality"} {
		t.Run(dir, func(t *testing.T) {
			got := exported(t, dir)
			file := filepath.Join("api", path.Base(dir)+".txt")
			if *update {
				if err := os.WriteFile(file, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the API differs from %s; if that is meant, go test . -run API -update, and say it in CHANGELOG.md:\n%s", file, difference(want, got))
			}
		})
	}
}

// exported is the exported declarations of a package without their comments.
func exported(t *testing.T, dir string) []byte {
	t.Helper()
	files, err := build.ImportDir(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	var parsed []*ast.File
	for _, name := range files.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(dir, name), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, file)
	}
	p, err := doc.NewFromFiles(fset, parsed, path.Join(module, dir))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "package %s // %s\n", p.Name, p.ImportPath)
	show := func(decl ast.Decl) {
		b.WriteByte('\n')
		if err := format.Node(&b, fset, decl); err != nil {
			t.Fatal(err)
		}
		b.WriteByte('\n')
	}
	values := func(values []*doc.Value) {
		for _, v := range values {
			show(v.Decl)
		}
	}
	funcs := func(funcs []*doc.Func) {
		for _, f := range funcs {
			f.Decl.Body = nil
			show(f.Decl)
		}
	}
	values(p.Consts)
	values(p.Vars)
	funcs(p.Funcs)
	for _, typ := range p.Types {
		show(typ.Decl)
		values(typ.Consts)
		values(typ.Vars)
		funcs(typ.Funcs)
		funcs(typ.Methods)
	}
	// As if there had never been comments between the fields.
	text, err := format.Source(bytes.ReplaceAll(b.Bytes(), []byte("\n\n\t"), []byte("\n\t")))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// difference is the lines that only one of the two has.
func difference(want, got []byte) string {
	count := map[string]int{}
	for line := range strings.Lines(string(want)) {
		count[line]--
	}
	for line := range strings.Lines(string(got)) {
		count[line]++
	}
	var b strings.Builder
	for _, side := range []struct {
		sign string
		text []byte
		n    int
	}{{"- ", want, -1}, {"+ ", got, 1}} {
		for line := range strings.Lines(string(side.text)) {
			if count[line]*side.n > 0 {
				b.WriteString(side.sign + line)
				count[line] -= side.n
			}
		}
	}
	return b.String()
}
