// Package command is the command causality-plan.
package command

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	if len(args) > 0 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		if len(args) > 0 {
			fmt.Fprintf(stderr, "causality-plan: there is no verb %s\n\n", args[0])
		}
		fmt.Fprint(stderr, usage)
		return 2
	}
	err := verbs[args[0]](args[1:])
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errFound):
		return 1
	}
	text := err.Error()
	if dir, err := os.Getwd(); err == nil {
		text = strings.ReplaceAll(text, dir+string(filepath.Separator), "") // as in what check finds
	}
	fmt.Fprintf(stderr, "causality-plan: %s\n", text)
	return 2
}

// errFound says that check has found something, and has said what.
var errFound = errors.New("found")

// errUsage says that the flag package has said what is wrong.
var errUsage = errors.New("usage")

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

// parse reads the flags, which are before the packages.
func (c *command) parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	for _, arg := range flags.Args() {
		if strings.HasPrefix(arg, "-") {
			return fmt.Errorf("the flag %s belongs before the packages", arg)
		}
	}
	return nil
}

// load reads the packages that are left of the command line.
func (c *command) load(patterns []string) (*load.Loaded, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	for _, pattern := range patterns {
		if strings.HasSuffix(pattern, ".go") {
			return nil, fmt.Errorf("%s is a file, and packages are given as their directories", pattern)
		}
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

// planAbove is the plan's file in the closest directory above that has it, or "".
func (c *command) planAbove() string {
	if c.plan != plan.FileName {
		return ""
	}
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	for up := ".."; dir != filepath.Dir(dir); dir, up = filepath.Dir(dir), filepath.Join("..", up) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return ""
		}
		if _, err := os.Stat(filepath.Join(up, c.plan)); err == nil {
			return filepath.Join(up, c.plan)
		}
	}
	return ""
}

// readPlan reads the plan's file; there may be none.
func (c *command) readPlan() (*plan.Plan, error) {
	p, err := plan.Load(c.plan)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return p, err
}
