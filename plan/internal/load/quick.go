package load

import (
	"go/constant"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/extract"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
)

// usesSDK reports whether a package of ours is anywhere in a program.
func usesSDK(roots []*packages.Package) (uses bool) {
	packages.Visit(roots, func(pkg *packages.Package) bool {
		uses = uses || extract.IsSDK(pkg.PkgPath)
		return !uses
	}, nil)
	return uses
}

// hasEventKey reports whether a constant of the packages is the key of an event. In a
// program that does not use the SDK no line is an event without one, so that there is
// nothing to read.
func hasEventKey(pkgs []*packages.Package) bool {
	for _, pkg := range pkgs {
		for _, tv := range pkg.TypesInfo.Types {
			if tv.Value != nil && tv.Value.Kind() == constant.String && slices.Contains(program.DefaultEventKeys, constant.StringVal(tv.Value)) {
				return true
			}
		}
	}
	return false
}
