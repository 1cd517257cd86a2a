package docs_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the snippets into the pages")

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What is compiled and tested is what a page shows.
func TestEverySnippetIsThatOfAProgram(t *testing.T) {
	for _, page := range pages(t) {
		text := read(t, page)
		// From the last, so that what an update writes moves no other.
		found := blocks(text)
		for i := len(found) - 1; i >= 0; i-- {
			b := found[i]
			name, isFrom := strings.CutPrefix(b.mark, "from ")
			if !isFrom {
				if b.lang == "go" || b.lang == "yaml" {
					t.Errorf("%s:%d: a snippet that nothing compiles; put <!-- from FILE#NAME --> before it", page, b.line)
				}
				continue
			}
			want, err := snippet(name)
			if err != nil {
				t.Errorf("%s:%d: %v", page, b.line, err)
				continue
			}
			if b.text == want {
				continue
			}
			if !*update {
				t.Errorf("%s:%d: the snippet is not that of %s (go test ./docs -update writes it):\n%s", page, b.line, name, b.text)
				continue
			}
			text = b.before + want + text[len(b.before)+len(b.text):]
		}
		if *update {
			if err := os.WriteFile(filepath.Join(root, page), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A newcomer who types what a page says gets what the page shows.
func TestEveryCommandRuns(t *testing.T) {
	checkout, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages(t) {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			// A directory beside a checkout, as the README has it.
			parent := t.TempDir()
			if err := os.Symlink(checkout, filepath.Join(parent, "causality-go")); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(parent, "shop")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			output := ""
			for _, b := range blocks(read(t, page)) {
				switch name, isFrom := strings.CutPrefix(b.mark, "from "); {
				case isFrom && !strings.Contains(name, "#"):
					if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), []byte(b.text), 0o666); err != nil {
						t.Fatal(err)
					}
				case b.mark == "run":
					output = run(t, dir, page, b)
				case b.mark == "run in checkout":
					output = run(t, checkout, page, b)
				case b.mark == "output":
					shown(t, output, page, b)
				case b.mark == "commands", strings.HasPrefix(b.mark, "by hand: "):
				case b.lang == "sh":
					t.Errorf("%s:%d: a command that nothing runs; put <!-- run --> before it", page, b.line)
				}
			}
		})
	}
}

// run runs a block of commands and returns what they print.
func run(t *testing.T, dir, page string, b block) string {
	t.Helper()
	cmd := exec.Command("bash", "-eu", "-o", "pipefail", "-c", b.text)
	cmd.Dir = dir
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); name != "GOFLAGS" && !strings.HasPrefix(name, "CAUSALITY_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "PWD="+dir)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s:%d: %v\n%s\n%s", page, b.line, err, b.text, output)
	}
	return string(output)
}

// shown checks that the lines of a block are among those of output, in their
// order.
func shown(t *testing.T, output, page string, b block) {
	t.Helper()
	rest := strings.Split(output, "\n")
	for line := range strings.Lines(b.text) {
		line = strings.TrimRight(line, "\n")
		want := regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(line), "…", ".*") + "$")
		at := 0
		for at < len(rest) && !want.MatchString(rest[at]) {
			at++
		}
		if at == len(rest) {
			t.Errorf("%s:%d: the command before it does not print\n%s\nbut\n%s", page, b.line, line, output)
			return
		}
		rest = rest[at+1:]
	}
}
