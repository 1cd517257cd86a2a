// Package load reads a program's packages from source, and writes down what they
// log.
package load

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/extract"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// Loaded is a program as it was read.
type Loaded struct {
	Program *program.Program
	// Asked are the parsed files of the packages that were asked for.
	Asked map[string]bool
	// Root is the directory of the main module.
	Root string
	// Fset has the positions of Files.
	Fset *token.FileSet
	// Files are the syntax of the packages that can log, by the file that was parsed.
	Files map[string]*ast.File
}

const names = packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps | packages.NeedModule

// Load reads the packages that the patterns name, in dir, and those of the same
// modules that they need.
func Load(dir string, tags []string, patterns ...string) (*Loaded, error) {
	cfg := &packages.Config{Mode: names, Dir: dir}
	if len(tags) > 0 {
		cfg.BuildFlags = []string{"-tags=" + strings.Join(tags, ",")}
	}
	roots, err := packages.Load(cfg, patterns...)
	if err != nil {
		return nil, err
	}
	if len(roots) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(patterns, " "))
	}
	l := &Loaded{Asked: map[string]bool{}, Files: map[string]*ast.File{}}
	asked := map[string]bool{}
	for _, root := range roots {
		asked[root.PkgPath] = true
		if root.Module != nil && root.Module.Main {
			l.Root = root.Module.Dir
		}
	}
	if err := firstError(missing(roots)); err != nil {
		return nil, err
	}
	need := relevant(roots)
	if len(need) == 0 {
		l.Program = program.New()
		return l, firstError(roots)
	}
	cfg.Mode = packages.LoadSyntax | packages.NeedModule
	loaded, err := packages.Load(cfg, need...)
	if err != nil {
		return nil, err
	}
	if err := firstError(loaded); err != nil {
		return nil, err
	}
	l.Fset = loaded[0].Fset
	if !usesSDK(roots) && !hasEventKey(loaded) {
		l.Program = program.New()
		return l, nil
	}
	l.read(loaded, asked)
	return l, nil
}

// firstError is what keeps the packages from being read: the first ten errors. What the
// go command says of a package as a whole counts only where there is no other error.
func firstError(pkgs []*packages.Package) error {
	var all, whole []error
	packages.Visit(pkgs, nil, func(pkg *packages.Package) {
		for _, err := range pkg.Errors {
			isOfNoLine := err.Pos == "" || err.Pos == "-"
			switch {
			case isOfNoLine && err.Kind == packages.ListError:
				whole = append(whole, errors.New(err.Msg))
			case len(all) < 10:
				all = append(all, err)
			}
		}
	})
	if len(all) == 0 {
		all = whole
	}
	return errors.Join(all...)
}

// missing are the packages that were asked for and of which there is no file, as of a
// directory whose name is mistyped.
func missing(roots []*packages.Package) (without []*packages.Package) {
	for _, root := range roots {
		if len(root.GoFiles) == 0 && len(root.Errors) > 0 {
			without = append(without, &packages.Package{ID: root.ID, Errors: root.Errors})
		}
	}
	return without
}

// relevant are the import paths of the main modules' packages that can log, or call
// what does.
func relevant(roots []*packages.Package) (paths []string) {
	can := map[*packages.Package]bool{}
	var visit func(pkg *packages.Package) bool
	visit = func(pkg *packages.Package) bool {
		if known, ok := can[pkg]; ok {
			return known
		}
		can[pkg] = false
		if slices.Contains(extract.Loggers, pkg.PkgPath) {
			can[pkg] = true
			return true
		}
		if pkg.Module == nil || !pkg.Module.Main {
			return false // another's
		}
		found := false
		for _, imported := range pkg.Imports {
			found = visit(imported) || found
		}
		can[pkg] = found
		if found && !extract.IsSDK(pkg.PkgPath) {
			paths = append(paths, pkg.PkgPath)
		}
		return found
	}
	for _, root := range roots {
		visit(root)
	}
	slices.Sort(paths)
	return paths
}

// read writes down what the packages log.
func (l *Loaded) read(pkgs []*packages.Package, asked map[string]bool) {
	prog, ssaPkgs := ssautil.Packages(pkgs, ssa.BuilderMode(0))
	prog.Build()
	summaries := make([]*term.Summary, 0, len(pkgs))
	var named []types.Type
	for i, pkg := range pkgs {
		if ssaPkgs[i] == nil {
			continue
		}
		s := extract.Package(pkg.Fset, pkg.Types, pkg.Syntax, extract.Functions(prog, ssaPkgs[i]))
		summaries = append(summaries, s)
		for i, file := range pkg.Syntax {
			l.Files[pkg.CompiledGoFiles[i]] = file
			if asked[pkg.PkgPath] {
				l.Asked[pkg.CompiledGoFiles[i]] = true
			}
		}
		named = append(named, extract.NamedTypes(pkg.Types)...)
	}
	l.Program = program.New(summaries...)
	l.Program.Implementations = extract.Implementations(summaries, named)
}

// Calls are the events of the packages that were asked for.
func (l *Loaded) Calls() program.Result {
	all := l.Program.Calls(nil)
	all.Calls = slices.DeleteFunc(all.Calls, func(c program.Call) bool { return !l.Asked[c.Place.Parsed] })
	all.Unknown = slices.DeleteFunc(all.Unknown, func(u program.Unknown) bool { return !l.Asked[u.Place.Parsed] })
	return all
}
