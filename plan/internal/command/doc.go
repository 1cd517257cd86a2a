package command

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/page"
)

func (c *command) doc(args []string) error {
	flags := c.flags("doc")
	c.planFlag(flags)
	out := flags.String("o", "", "the page's `file`, .md or .html; none: Markdown to standard output")
	title := flags.String("title", "Tracking plan", "the page's title")
	if err := c.parse(flags, args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("doc makes its page of the plan alone; the page's file is given as -o %s", flags.Arg(0))
	}
	p, err := plan.Load(c.plan)
	if err != nil {
		return err
	}
	var text []byte
	switch filepath.Ext(*out) {
	case "", ".md":
		text = page.Markdown(p, *title)
	case ".html":
		if text, err = page.HTML(p, *title); err != nil {
			return err
		}
	default:
		return errors.New("doc -o: the page is a .md or a .html file")
	}
	if *out == "" {
		_, err = c.stdout.Write(text)
		return err
	}
	return os.WriteFile(*out, text, 0o666)
}
