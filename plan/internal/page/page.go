// Package page writes a tracking plan for people to read.
package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/plan"
)

// event is an event as a page shows it.
type event struct {
	Name, Description, Owner string
	Deprecated, Open         bool
	Identity                 []string
	Properties               []property
}

type property struct {
	Name, Types, Description string
	Required                 bool
}

func events(p *plan.Plan) (all []event) {
	for name, e := range p.Events {
		shown := event{Name: name, Description: e.Description, Owner: e.Owner, Deprecated: e.Deprecated, Open: e.Open, Identity: e.Identity}
		for name, q := range e.Properties {
			types := strings.Join(q.Types, " or ")
			if types == "" {
				types = "any"
			}
			shown.Properties = append(shown.Properties, property{name, types, q.Description, slices.Contains(e.Required, name)})
		}
		slices.SortFunc(shown.Properties, func(a, b property) int { return strings.Compare(a.Name, b.Name) })
		all = append(all, shown)
	}
	slices.SortFunc(all, func(a, b event) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Markdown is the plan as a page of Markdown.
func Markdown(p *plan.Plan, title string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\n", title)
	all := events(p)
	fmt.Fprintf(&b, "%s. This page is made by causality-plan; edit the descriptions in %s.\n\n", count(len(all), "event"), plan.FileName)
	b.WriteString("| event | what happened | owner |\n|---|---|---|\n")
	for _, e := range all {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", e.Name, strings.ToLower(e.Name), cell(note(e)+e.Description), cell(e.Owner))
	}
	for _, e := range all {
		fmt.Fprintf(&b, "\n## %s\n\n", e.Name)
		if text := strings.TrimSpace(note(e) + e.Description); text != "" {
			fmt.Fprintf(&b, "%s\n\n", text)
		}
		var facts []string
		if e.Owner != "" {
			facts = append(facts, "Owner: "+e.Owner+".")
		}
		if len(e.Identity) > 0 {
			facts = append(facts, "About: "+strings.Join(e.Identity, ", ")+".")
		}
		if e.Open {
			facts = append(facts, "It may have other properties, which the code does not show.")
		}
		if len(facts) > 0 {
			fmt.Fprintf(&b, "%s\n\n", strings.Join(facts, " "))
		}
		if len(e.Properties) == 0 {
			b.WriteString("No properties.\n")
			continue
		}
		b.WriteString("| property | type | | what it is |\n|---|---|---|---|\n")
		for _, q := range e.Properties {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", q.Name, q.Types, often(q), cell(q.Description))
		}
	}
	return b.Bytes()
}

func note(e event) string {
	if e.Deprecated {
		return "**Deprecated.** "
	}
	return ""
}

func often(q property) string {
	if q.Required {
		return "always"
	}
	return "sometimes"
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// cell is a text in a table.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(strings.TrimSpace(text))
}

//go:embed page.html.tmpl
var source string

var tmpl = template.Must(template.New("page").Parse(source))

// HTML is the plan as one HTML file, with a search.
func HTML(p *plan.Plan, title string) ([]byte, error) {
	var b bytes.Buffer
	all := events(p)
	err := tmpl.Execute(&b, map[string]any{"Title": title, "Events": all, "Count": count(len(all), "event")})
	return b.Bytes(), err
}
