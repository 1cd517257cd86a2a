package extract

import (
	"cmp"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// Build returns the functions of a package in the form that this package reads, made of
// its syntax alone: of the packages that it imports the types are enough.
func Build(fset *token.FileSet, pkg *types.Package, files []*ast.File, info *types.Info) []*ssa.Function {
	prog := ssa.NewProgram(fset, ssa.BuilderMode(0))
	made := map[*types.Package]bool{}
	var create func(pkgs []*types.Package)
	create = func(pkgs []*types.Package) {
		for _, p := range pkgs {
			if !made[p] {
				made[p] = true
				prog.CreatePackage(p, nil, nil, true)
				create(p.Imports())
			}
		}
	}
	create(pkg.Imports())
	built := prog.CreatePackage(pkg, files, info, false)
	built.Build()
	return Functions(prog, built)
}

// Functions are the functions of a package, anonymous ones and methods included, in the
// order of the source.
func Functions(prog *ssa.Program, pkg *ssa.Package) []*ssa.Function {
	var all []*ssa.Function
	seen := map[*ssa.Function]bool{}
	var add func(fn *ssa.Function)
	add = func(fn *ssa.Function) {
		if fn == nil || seen[fn] || fn.Pkg != pkg {
			return
		}
		seen[fn] = true
		all = append(all, fn)
		for _, inner := range fn.AnonFuncs {
			add(inner)
		}
	}
	for _, member := range pkg.Members {
		switch member := member.(type) {
		case *ssa.Function:
			add(member)
		case *ssa.Type:
			if named, ok := types.Unalias(member.Type()).(*types.Named); ok {
				for method := range named.Methods() {
					add(prog.FuncValue(method))
				}
			}
		}
	}
	// By file, because files are parsed in any order, and positions are in that order.
	places := make(map[*ssa.Function]token.Position, len(all))
	for _, fn := range all {
		places[fn] = prog.Fset.Position(fn.Pos())
	}
	slices.SortStableFunc(all, func(a, b *ssa.Function) int {
		p, q := places[a], places[b]
		return cmp.Or(cmp.Compare(p.Filename, q.Filename), cmp.Compare(p.Offset, q.Offset), cmp.Compare(a.String(), b.String()))
	})
	return all
}
