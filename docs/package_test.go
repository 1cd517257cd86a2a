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
			program := openingProgram(t, name)
			dir := t.TempDir()
			file, args := "main.go", []string{"run", "."}
			if strings.HasPrefix(program, "package shop_test") {
				file, args = "shop_test.go", []string{"test", "."}
			}
			for name, content := range map[string][]byte{
				"go.mod": bytes.Replace(mod, []byte("=> ../"), []byte("=> "+checkout), 1),
				"go.sum": sum,
				file:     []byte(program),
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

// openingProgram is the first block of code in the documentation of a package:
// indented lines, and the blank ones between them.
func openingProgram(t *testing.T, name string) string {
	t.Helper()
	text := parse(t, name+"/doc.go").Doc.Text()
	program := regexp.MustCompile(`(?m)^\tpackage .+\n(?:\t.*\n|\n)+`).FindString(text)
	if program == "" {
		t.Fatal("it opens with no program")
	}
	return regexp.MustCompile(`(?m)^\t`).ReplaceAllString(program, "")
}

// A newcomer who begins in an empty directory, as the README says, and pastes the program
// of a package that joins a client to another library gets a program that builds.
func TestTheProgramsOfTheJoinsBuildInAnEmptyDirectory(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/SebastienMelki/causality/sdk/go"
	for _, name := range []string{"httpcausality", "gincausality", "grpccausality", "otelcausality", "promcausality"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(openingProgram(t, name)), 0o666); err != nil {
				t.Fatal(err)
			}
			commands := [][]string{
				{"mod", "init", "shop"},
				{"mod", "edit", "-require=" + module + "@v0.1.0", "-replace=" + module + "=" + checkout},
				{"mod", "edit", "-require=" + module + "/" + name + "@v0.1.0", "-replace=" + module + "/" + name + "=" + filepath.Join(checkout, name)},
				{"mod", "tidy"},
				{"vet", "."},
			}
			if name == "httpcausality" { // no module of its own
				commands = append(commands[:2], commands[3:]...)
			}
			for _, args := range commands {
				cmd := exec.Command("go", args...)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "PWD="+dir, "GOFLAGS=")
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
				}
			}
		})
	}
}
