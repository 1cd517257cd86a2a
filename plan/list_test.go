package plan_test

import (
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/load"
)

// What the programs of testdata/list track is on the lines that track it:
//
//	//= name property=type property?=type|type @identity
//	//? a word of the reason why something of the line is not known
//
// A property with a ? is there sometimes.
func TestList(t *testing.T) {
	dir := t.TempDir()
	module(t, dir)
	if err := os.CopyFS(filepath.Join(dir, "list"), os.DirFS("testdata/list")); err != nil {
		t.Fatal(err)
	}
	l, err := load.Load(dir, nil, "./...")
	if err != nil {
		t.Fatal(err)
	}
	found := l.Calls()
	got := map[string][]string{}
	for _, c := range found.Calls {
		at := fmt.Sprintf("%s:%d", filepath.Base(c.Place.File), c.Place.Line)
		var parts []string
		for _, p := range c.Properties {
			name := p.Name
			if !p.Always {
				name += "?"
			}
			parts = append(parts, name+"="+strings.Join(p.Types, "|"))
		}
		for _, id := range c.Identity {
			parts = append(parts, "@"+id)
		}
		slices.Sort(parts)
		got[at] = append(got[at], strings.Join(append([]string{"= " + c.Event}, parts...), " "))
	}
	unknown := map[string]string{}
	for _, u := range found.Unknown {
		at := fmt.Sprintf("%s:%d", filepath.Base(u.Place.File), u.Place.Line)
		unknown[at] += u.Why + "\n"
	}
	want, wantUnknown := wanted(l)
	for _, at := range slices.Sorted(maps.Keys(want)) {
		slices.Sort(want[at])
		slices.Sort(got[at])
		if !slices.Equal(want[at], got[at]) {
			t.Errorf("%s:\n got  %s\n want %s", at, strings.Join(got[at], "\n      "), strings.Join(want[at], "\n      "))
		}
		delete(got, at)
	}
	for _, at := range slices.Sorted(maps.Keys(got)) {
		t.Errorf("%s: got %v, want none", at, got[at])
	}
	for _, at := range slices.Sorted(maps.Keys(wantUnknown)) {
		if !strings.Contains(unknown[at], wantUnknown[at]) {
			t.Errorf("%s: not known is %q, want %q", at, unknown[at], wantUnknown[at])
		}
		delete(unknown, at)
	}
	for _, at := range slices.Sorted(maps.Keys(unknown)) {
		t.Errorf("%s: not known: %s", at, unknown[at])
	}
}

var expectation = regexp.MustCompile(`//([=?]) ([^/]+)`)

// wanted reads the comments.
func wanted(l *load.Loaded) (calls map[string][]string, unknown map[string]string) {
	calls, unknown = map[string][]string{}, map[string]string{}
	for _, file := range l.Files {
		for _, group := range file.Comments {
			for _, c := range group.List {
				place := l.Fset.Position(c.Pos())
				at := fmt.Sprintf("%s:%d", filepath.Base(place.Filename), place.Line)
				for _, m := range expectation.FindAllStringSubmatch(text(c), -1) {
					fields := strings.Fields(m[2])
					if m[1] == "?" {
						unknown[at] = strings.Join(fields, " ")
						continue
					}
					slices.Sort(fields[1:])
					calls[at] = append(calls[at], strings.Join(append([]string{"= " + fields[0]}, fields[1:]...), " "))
				}
			}
		}
	}
	return calls, unknown
}

func text(c *ast.Comment) string { return c.Text }
