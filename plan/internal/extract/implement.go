package extract

import (
	"go/types"
	"slices"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/term"
)

// NamedTypes are the types that a package declares.
func NamedTypes(pkg *types.Package) (found []types.Type) {
	for _, name := range pkg.Scope().Names() {
		if decl, ok := pkg.Scope().Lookup(name).(*types.TypeName); ok && !decl.IsAlias() && !types.IsInterface(decl.Type()) {
			if named, ok := decl.Type().(*types.Named); ok && named.TypeParams().Len() == 0 {
				found = append(found, named)
			}
		}
	}
	return found
}

// Implementations are the methods that calls of the program's interfaces may be of.
func Implementations(summaries []*term.Summary, named []types.Type) map[string][]term.Method {
	all := map[string][]term.Method{}
	for _, s := range summaries {
		for id, iface := range s.Invoked {
			u, ok := iface.Type.Underlying().(*types.Interface)
			if !ok {
				continue
			}
			for _, t := range named {
				for _, t := range []types.Type{t, types.NewPointer(t)} {
					if !types.Implements(t, u) {
						continue
					}
					m := methodOf(t, iface.Method)
					if m == nil {
						continue
					}
					found := term.Method{Type: typeName(deref(t)), ID: m.Origin().FullName()}
					if !slices.Contains(all[id], found) {
						all[id] = append(all[id], found)
					}
				}
			}
		}
	}
	return all
}
