package command

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/program"
)

// listing is what list -json prints.
type listing struct {
	Events  []eventJSON   `json:"events"`
	Unknown []unknownJSON `json:"unknown"`
}

type eventJSON struct {
	Name       string         `json:"name"`
	Identity   []string       `json:"identity,omitempty"`
	Properties []propertyJSON `json:"properties"`
	Calls      []callJSON     `json:"calls"`
}

type propertyJSON struct {
	Name   string   `json:"name"`
	Types  []string `json:"types"`
	Always bool     `json:"always"`
}

type callJSON struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

type unknownJSON struct {
	Event  string `json:"event,omitempty"`
	Reason string `json:"reason"`
	File   string `json:"file"`
	Line   int    `json:"line"`
}

func (c *command) list(args []string) error {
	flags := c.flags("list")
	asJSON := flags.Bool("json", false, "print JSON")
	if err := c.parse(flags, args); err != nil {
		return err
	}
	l, err := c.load(flags.Args())
	if err != nil {
		return err
	}
	found := l.Calls()
	if len(found.Calls)+len(found.Unknown) == 0 {
		fmt.Fprintln(c.stderr, "causality-plan: note: no log line of these packages has an event attribute, and none tracks an event")
	}
	if *asJSON {
		enc := json.NewEncoder(c.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(listingOf(found))
	}
	return c.printList(found)
}

func listingOf(found program.Result) listing {
	l := listing{Events: []eventJSON{}, Unknown: []unknownJSON{}}
	for _, e := range found.Events() {
		event := eventJSON{Name: e.Name, Identity: e.Identity, Properties: []propertyJSON{}}
		for _, p := range e.Properties {
			types := p.Types
			if types == nil {
				types = []string{}
			}
			event.Properties = append(event.Properties, propertyJSON{p.Name, types, p.Always})
		}
		for _, at := range e.Calls {
			event.Calls = append(event.Calls, callJSON{relative(at.File), at.Line})
		}
		l.Events = append(l.Events, event)
	}
	for _, u := range found.Unknown {
		l.Unknown = append(l.Unknown, unknownJSON{u.Event, u.Why, relative(u.Place.File), u.Place.Line})
	}
	return l
}

func (c *command) printList(found program.Result) error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, e := range found.Events() {
		fmt.Fprintf(w, "%s%s\n", e.Name, whom(e))
		for _, p := range e.Properties {
			types := strings.Join(p.Types, " or ")
			if types == "" {
				types = "?"
			}
			often := "always"
			if !p.Always {
				often = "sometimes"
			}
			fmt.Fprintf(w, "    %s\t%s\t%s\n", p.Name, types, often)
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, at := range e.Calls {
			fmt.Fprintf(w, "  %s:%d\n", relative(at.File), at.Line)
		}
	}
	if len(found.Unknown) > 0 {
		fmt.Fprintf(w, "\nnot known:\n")
	}
	for _, u := range found.Unknown {
		event := ""
		if u.Event != "" {
			event = u.Event + ": "
		}
		fmt.Fprintf(w, "  %s:%d: %s%s\n", relative(u.Place.File), u.Place.Line, event, u.Why)
	}
	return w.Flush()
}

// whom says whom an event is about.
func whom(e program.Event) string {
	about := e.Identity
	if e.Context {
		about = append(about[:len(about):len(about)], "the context")
	}
	if len(about) == 0 {
		return ""
	}
	return "  (about: " + strings.Join(about, ", ") + ")"
}
