package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What CONTRIBUTING.md tells a maintainer to run is there: each script and
// directory, and a test or fuzz target for each name. They are not run here; CI
// runs most of them, and some take minutes.
func TestTheCommandsOfContributingAreThere(t *testing.T) {
	n := 0
	for _, code := range regexp.MustCompile("`((?:go|make|\\.ci)[ /][^`]+)`").FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		command, _, _ := strings.Cut(code[1], " && ")
		args := strings.Fields(command)
		dir := root
		if len(args) > 2 && args[1] == "-C" {
			dir = filepath.Join(root, args[2])
			args = append(args[:1], args[3:]...)
		}
		n++
		switch {
		case args[0] == ".ci/run":
			if _, err := os.Stat(filepath.Join(root, args[0])); err != nil {
				t.Error(err)
			}
		case args[0] == "make":
			if !strings.Contains(read(t, "Makefile"), "\n"+args[1]+":") {
				t.Errorf("%s: the Makefile has no such target", command)
			}
		case args[1] == "test" || args[1] == "run" || args[1] == "generate":
			packages, name := []string{}, ""
			for i, arg := range args {
				switch {
				case strings.HasPrefix(arg, "."):
					packages = append(packages, arg)
				case arg == "-run" || arg == "-fuzz":
					name = args[i+1]
				}
			}
			list := exec.Command("go", append([]string{"list"}, packages...)...)
			if name != "" {
				list = exec.Command("go", append([]string{"test", "-list", name}, packages...)...)
			}
			list.Dir = dir
			out, err := list.CombinedOutput()
			if err != nil || name != "" && !strings.Contains(string(out), name) {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
		}
	}
	if n < 10 {
		t.Errorf("found %d commands only", n)
	}
}
