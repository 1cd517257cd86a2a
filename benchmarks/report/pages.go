package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"text/template"
)

//go:embed performance.md.tmpl
var performance string

//go:embed readme.md.tmpl
var readme string

const (
	readmeBegin = "<!-- performance -->\n"
	readmeEnd   = "<!-- /performance -->\n"
)

// pages are the files that say what was measured, by their paths in the repository.
func pages(text []byte) (map[string][]byte, error) {
	r, err := parse(text)
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte)
	if files["docs/performance.md"], err = r.execute(performance); err != nil {
		return nil, err
	}
	if files["docs/performance-endtoend.svg"], err = r.chart(); err != nil {
		return nil, err
	}
	old, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(old, []byte(readmeBegin))
	_, tail, ended := bytes.Cut(rest, []byte(readmeEnd))
	if !ok || !ended {
		return nil, fmt.Errorf("README.md has no %s and %s", readmeBegin, readmeEnd)
	}
	part, err := r.execute(readme)
	files["README.md"] = bytes.Join([][]byte{head, []byte(readmeBegin), part, []byte(readmeEnd), tail}, nil)
	return files, err
}

func (r *results) execute(text string) ([]byte, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"cell": r.cell,
		"times": func(a, b, unit string) (string, error) {
			v, err := r.ratio(a, b, unit)
			return fmt.Sprintf("%.1f", v), err
		},
		"persecond": func(benchmark string) (string, error) {
			v, err := r.median(benchmark, "ns/op")
			return fmt.Sprintf("%.0f", 1e9/v), err
		},
	}).Parse(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Setting": r.setting, "Libraries": r.libraries})
	return b.Bytes(), err
}

// peers are the libraries end to end, as the page calls them.
var peers = []struct{ library, name string }{
	{"loop-alike", "bare loop, same bytes"}, {"causality", "causality"}, {"axiom", "axiom-go"},
	{"otel", "OpenTelemetry"}, {"posthog", "posthog-go"}, {"sentry", "sentry-go"},
}

// style is for a light and for a dark page.
const style = `<style>text{font:13px system-ui,sans-serif;fill:#57606a}.t{font-weight:600;fill:#24292f}.a{fill:#8c959f}.o{fill:#0969da}` +
	`@media(prefers-color-scheme:dark){text{fill:#9198a1}.t{fill:#f0f6fc}.o{fill:#4493f8}}</style>`

// chart draws the processor time of an event, end to end, one bar for each library.
func (r *results) chart() ([]byte, error) {
	const width, left, right, row = 720, 170, 80, 24
	title := "Processor time for each event, from the call to the server's answer"
	var values []float64
	most := 0.0
	for _, p := range peers {
		v, err := r.median("EndToEnd/lib="+p.library, "cpu-ns/event")
		if err != nil {
			return nil, err
		}
		values, most = append(values, v), max(most, v)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">%s<text x="8" y="24" class="t">%[3]s</text>`,
		width, 72+row*len(peers), html.EscapeString(title), style)
	for i, p := range peers {
		class, y, w := "a", 44+row*i, values[i]/most*(width-left-right)
		if p.library == "causality" {
			class = "o"
		}
		fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="16" rx="2" class="%s"/><text x="%.1f" y="%d">%s</text>`,
			left-10, y+13, p.name, left, y, w, class, left+w+6, y+13, nanoseconds(values[i]))
	}
	note := fmt.Sprintf("%s, %s, %s", r.setting["machine"], r.setting["go"], r.setting["date"])
	fmt.Fprintf(&b, `<text x="8" y="%d">%s</text></svg>`+"\n", 60+row*len(peers), html.EscapeString(note))
	return b.Bytes(), nil
}
