// Package analyzer is causality-plan check as an analysis of one package after the
// other, for go vet and golangci-lint.
//
// It sees a package and those that it imports, not those that import it: a helper that
// passes its arguments on is known to the packages that call it. What only the whole
// program shows (two calls in different packages that give one property two types, what
// another package binds to a logger) only the command finds.
package analyzer

import (
	"go/ast"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/tools/go/analysis"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/extract"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/rules"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/source"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Analyzer reports events that the tracking plan does not have, or that cannot be meant.
// Its flag plan names the plan's file; by default it is tracking-plan.json in the
// package's directory or one above it, up to that of the go.mod. Without a plan only the
// rules apply that need none.
var Analyzer = New()

// New returns an Analyzer with flags of its own.
func New() *analysis.Analyzer {
	a := &analysis.Analyzer{
		Name:      "causalityplan",
		Doc:       "check that the analytics events of log calls are those of the tracking plan\n\nIt finds events and properties that the plan does not have, types that differ, names that are mistyped, and personal data that leaves with a log line.",
		URL:       "https://pkg.go.dev/github.com/SebastienMelki/causality/sdk/go/plan",
		FactTypes: []analysis.Fact{new(summaryFact)},
	}
	c := &check{plans: map[string]*loaded{}}
	a.Flags.StringVar(&c.file, "plan", "", "the tracking plan's file")
	a.Flags.Var(&c.disabled, "disable", "rules that are not applied, with commas between them")
	a.Run = c.run
	return a
}

// summaryFact is what a package's functions log, for the packages that import it.
type summaryFact struct{ Data []byte }

func (*summaryFact) AFact() {}

func (f *summaryFact) String() string { return "logs" }

type check struct {
	file     string
	disabled rules.Disabled

	mu    sync.Mutex
	plans map[string]*loaded
}

type loaded struct {
	plan *plan.Plan
	err  error
}

func (c *check) run(pass *analysis.Pass) (any, error) {
	if !mayTrack(pass) {
		return nil, nil
	}
	funcs := extract.Build(pass.Fset, pass.Pkg, pass.Files, pass.TypesInfo)
	own := extract.Package(pass.Fset, pass.Pkg, pass.Files, funcs)
	data, err := own.Encode()
	if err != nil {
		return nil, err
	}
	pass.ExportPackageFact(&summaryFact{data})

	summaries := []*term.Summary{own}
	for _, fact := range pass.AllPackageFacts() {
		if f, ok := fact.Fact.(*summaryFact); ok && fact.Package != pass.Pkg {
			s, err := term.Decode(f.Data)
			if err != nil {
				return nil, err
			}
			summaries = append(summaries, s)
		}
	}
	p := program.New(summaries...)
	p.InPart = true
	p.Implementations = extract.Implementations([]*term.Summary{own}, extract.NamedTypes(pass.Pkg))
	planned, err := c.planFor(pass)
	if err != nil {
		return nil, err
	}
	c.report(pass, planned, p)
	return nil, nil
}

// mayTrack reports whether a package can log or call what does: that costs nothing to
// know.
func mayTrack(pass *analysis.Pass) bool {
	if extract.IsSDK(pass.Pkg.Path()) || pass.Module != nil && pass.Module.Version != "" {
		return false // a dependency, which is not this program's to change
	}
	for _, imported := range pass.Pkg.Imports() {
		if slices.Contains(extract.Loggers, imported.Path()) {
			return !extract.IsStandard(pass.Pkg.Path())
		}
		if pass.ImportPackageFact(imported, new(summaryFact)) {
			return true
		}
	}
	return false
}

func (c *check) report(pass *analysis.Pass, planned *plan.Plan, p *program.Program) {
	files := map[string]*ast.File{}
	for _, file := range pass.Files {
		files[pass.Fset.PositionFor(file.FileStart, false).Filename] = file
	}
	found := p.Calls(nil)
	found.Calls = slices.DeleteFunc(found.Calls, func(call program.Call) bool { return files[call.Place.Parsed] == nil })
	found.Unknown = slices.DeleteFunc(found.Unknown, func(u program.Unknown) bool { return files[u.Place.Parsed] == nil })
	sources := source.New(pass.Fset, pass.Files...)
	for _, f := range rules.Check(planned, found) {
		if slices.Contains(c.disabled, f.Rule) || sources.IsExcused(f.Place) {
			continue
		}
		file := pass.Fset.File(files[f.Place.Parsed].FileStart)
		d := analysis.Diagnostic{
			Pos:      file.Pos(f.Place.Offset),
			End:      file.Pos(f.Place.EndOffset),
			Category: f.Rule,
			Message:  f.Message + " (" + f.Rule + ")",
		}
		if edit, ok := sources.Fix(f.Place, f.Old, f.New); ok {
			d.SuggestedFixes = []analysis.SuggestedFix{{
				Message:   "Write " + edit.Text,
				TextEdits: []analysis.TextEdit{{Pos: edit.Pos, End: edit.Stop, NewText: []byte(edit.Text)}},
			}}
		}
		pass.Report(d)
	}
}

// planFor reads the plan that a package is under, nil if there is none.
func (c *check) planFor(pass *analysis.Pass) (*plan.Plan, error) {
	file := c.file
	for i := 0; file == "" && i < len(pass.Files); i++ {
		// The one that cgo makes of a file says where that is.
		file = find(filepath.Dir(pass.Fset.Position(pass.Files[i].Package).Filename))
	}
	if file == "" {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.plans[file]
	if l == nil {
		l = &loaded{}
		l.plan, l.err = plan.Load(file)
		c.plans[file] = l
	}
	return l.plan, l.err
}

// find returns the plan in a directory or one above it, up to that of the go.mod, or "".
func find(dir string) string {
	for {
		file := filepath.Join(dir, plan.FileName)
		if _, err := os.Stat(file); err == nil {
			return file
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
