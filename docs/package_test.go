package docs_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The program that the documentation of each package opens with works when it is
// pasted.
func TestThePackagesOpenWithProgramsThatWork(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"core", "core/causalitytest", "slogcausality", "zapcausality", "zerologcausality"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := parse(t, name+"/doc.go").Doc.Text()
			// The first block of code: indented lines, and the blank ones between them.
			program := regexp.MustCompile(`(?m)^\tpackage .+\n(?:\t.*\n|\n)+`).FindString(text)
			if program == "" {
				t.Fatal("it opens with no program")
			}
			dir := t.TempDir()
			file, args := "main.go", []string{"run", "."}
			if strings.HasPrefix(program, "\tpackage shop_test") {
				file, args = "shop_test.go", []string{"test", "."}
			}
			for name, content := range map[string][]byte{
				"go.mod": bytes.Replace(mod, []byte("=> ../"), []byte("=> "+checkout), 1),
				"go.sum": sum,
				file:     []byte(regexp.MustCompile(`(?m)^\t`).ReplaceAllString(program, "")),
			} {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("go", args...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=")
			if file == "main.go" {
				cmd.Env = append(cmd.Env, "CAUSALITY_DRY_RUN=1")
			}
			out, err := cmd.CombinedOutput()
			if err != nil || file == "main.go" && !strings.Contains(string(out), "total_cents  1999") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
