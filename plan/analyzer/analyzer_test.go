package analyzer_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/SebastienMelki/causality/sdk/go/plan/analyzer"
)

// module makes a module of a directory of testdata, that uses this checkout.
func module(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	const sdk = "github.com/SebastienMelki/causality/sdk/go"
	text := strings.Replace(string(mod), "module "+sdk, "module example.com/shop", 1) +
		"\nrequire " + sdk + " v0.0.0\n\nreplace " + sdk + " => " + checkout + "\n"
	for file, content := range map[string]string{"go.mod": text, "go.sum": string(sum)} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(filepath.Join(dir, name), os.DirFS("../testdata/"+name)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// The wants are in the comments of testdata/check.
func TestAnalyzer(t *testing.T) {
	analysistest.Run(t, module(t, "check"), analyzer.New(), "./...")
}

// Without a plan only the rules apply that need none.
func TestAnalyzerWithoutAPlan(t *testing.T) {
	analysistest.Run(t, module(t, "noplan"), analyzer.New(), "./...")
}

// What a fix writes is in the golden files of testdata/fix.
func TestFixes(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, module(t, "fix"), analyzer.New(), "./...")
}
