// Causality-plan reads the events of a Go program out of its code, keeps them as a
// tracking plan in the repository, and fails a build that departs from it.
//
//	causality-plan list ./...
//	causality-plan update ./...
//	causality-plan check ./...
//	causality-plan doc -o plan.html
//
// It also is a tool for go vet: go vet -vettool=$(which causality-plan) ./...
package main

import (
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/SebastienMelki/causality/sdk/go/plan/analyzer"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/command"
)

func main() {
	if isVet(os.Args[1:]) {
		unitchecker.Main(analyzer.Analyzer) // does not return
	}
	os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr))
}

// isVet reports whether go vet runs the command: it asks for its version and its flags,
// and then hands it one package after the other as a file.
func isVet(args []string) bool {
	if len(args) == 0 {
		return false
	}
	last := args[len(args)-1]
	return strings.HasPrefix(args[0], "-V") || args[0] == "-flags" || strings.HasSuffix(last, ".cfg")
}
