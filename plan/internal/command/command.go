// Package command is the command causality-plan.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/load"
)

const usage = `causality-plan reads the events of a Go program out of its code.

	causality-plan list   [-json] [packages]       each event, its properties, where it is tracked
	causality-plan update [-plan file] [packages]  write the tracking plan, keeping what people wrote
	causality-plan check  [-plan file] [packages]  fail on what the plan does not have or cannot be meant
	causality-plan doc    [-plan file] -o file     write the plan as a page: .md or .html

Packages are as for go build; the default is ./... . -tags is as there too.
It also is a tool for go vet: go vet -vettool=$(which causality-plan) ./...
`

// Run runs the command and returns its exit status: 1 if check finds something, 2 if the
// command fails.
func Run(args []string, stdout, stderr io.Writer) int {
	c := &command{stdout: stdout, stderr: stderr}
	verbs := map[string]func([]string) error{"list": c.list, "update": c.update, "check": c.check, "doc": c.doc}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(stderr, usage)
		if len(args) > 0 && (args[0] == "help" || strings.HasPrefix(args[0], "-h") || args[0] == "--help") {
			return 0
		}
		return 2
	}
	err := verbs[args[0]](args[1:])
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errFound):
		return 1
	}
	fmt.Fprintf(stderr, "causality-plan: %v\n", err)
	return 2
}

// errFound says that check has found something, and has said what.
var errFound = errors.New("found")

type command struct {
	stdout, stderr io.Writer

	plan string // the plan's file
	tags string
}

func (c *command) flags(verb string) *flag.FlagSet {
	flags := flag.NewFlagSet("causality-plan "+verb, flag.ContinueOnError)
	flags.SetOutput(c.stderr)
	flags.StringVar(&c.tags, "tags", "", "build tags, with commas between them")
	return flags
}

func (c *command) planFlag(flags *flag.FlagSet) {
	flags.StringVar(&c.plan, "plan", plan.FileName, "the plan's `file`")
}

// load reads the packages that are left of the command line.
func (c *command) load(patterns []string) (*load.Loaded, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	var tags []string
	if c.tags != "" {
		tags = strings.Split(c.tags, ",")
	}
	return load.Load(".", tags, patterns...)
}

// relative is a file's name as the working directory has it.
func relative(file string) string {
	dir, err := os.Getwd()
	if err != nil {
		return file
	}
	if rel, err := filepath.Rel(dir, file); err == nil && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(file)
}

// readPlan reads the plan's file; there may be none.
func (c *command) readPlan() (*plan.Plan, error) {
	p, err := plan.Load(c.plan)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return p, err
}
