package main

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"
)

//go:embed page.md.tmpl
var pageText string

// page is docs/performance.md.
func (r *results) page() ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"table": table,
		"list":  func(names ...string) []string { return names },
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	type row map[string]string
	var libraries, reached, growth []row
	for _, l := range r.libraries {
		path, version, _ := strings.Cut(l, " ")
		libraries = append(libraries, row{"Path": path, "Version": version})
	}
	for _, a := range aims {
		measured, ok := a.measure(r)
		if !ok {
			return nil, fmt.Errorf("nothing was measured for %q", a.what)
		}
		reached = append(reached, row{"What": a.what, "Aim": a.text(), "Measured": fmt.Sprintf(a.format, measured), "Verdict": a.verdict(measured)})
	}
	for _, s := range sizes(r) {
		growth = append(growth, row{"What": s.what, "Ours": nanoseconds(s.ours), "Marshal": nanoseconds(s.marshal)})
	}
	profile := func(kind string) (rows []row) {
		for _, p := range r.profile {
			if p[0] == kind && len(p) == 3 {
				rows = append(rows, row{"Share": p[1], "Function": shortName(p[2])})
			}
		}
		return rows
	}
	scaling, _ := r.ratio("Track/goroutines-1/lib=json.Marshal", "Track/goroutines-2/lib=json.Marshal", "ns/op")
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Scaling": fmt.Sprintf(times, scaling),
		"Setting": r.setting, "Libraries": libraries, "Aims": reached, "Results": r, "Growth": growth,
		"Rate": rate, "Delay": delay, "Profile": profile("cpu"), "Allocations": profile("memory"),
	})
	return b.Bytes(), err
}

func shortName(function string) string { return function[strings.LastIndexByte(function, '/')+1:] }

// table has a row for each library of a scenario, and a column for each pair of a
// title and a unit.
func table(r *results, scenario string, columns ...string) (string, error) {
	var b strings.Builder
	b.WriteString("|")
	for i := 0; i < len(columns); i += 2 {
		b.WriteString(" | " + columns[i])
	}
	b.WriteString(" |\n|---" + strings.Repeat("|--:", len(columns)/2) + "|")
	rows := 0
	for _, name := range r.names {
		library, ok := strings.CutPrefix(name, scenario+"/lib=")
		if !ok {
			continue
		}
		rows++
		b.WriteString("\n| " + strings.ReplaceAll(library, "_", " "))
		for i := 1; i < len(columns); i += 2 {
			b.WriteString(" | " + r.cell(name, columns[i]))
		}
		b.WriteString(" |")
	}
	if rows == 0 {
		return "", errors.New("nothing was measured for " + scenario)
	}
	return b.String(), nil
}

func (r *results) cell(name, unit string) string {
	if unit == "per-second" {
		v, _ := r.median(name, "ns/op")
		return fmt.Sprintf("%.0f", 1e9/v)
	}
	v, ok := r.median(name, unit)
	if !ok {
		return ""
	}
	switch unit {
	case "ns/op", "cpu-ns/event", "slog-ns", "zap-ns", "zerolog-ns":
		return nanoseconds(v)
	case "added-ns":
		return fmt.Sprintf("%+.0f ns", v)
	case "peak-MB":
		return fmt.Sprintf("%.0f MB", v)
	case "B/op", "B/event":
		return fmt.Sprintf("%.0f B", v)
	case "lost-%":
		return fmt.Sprintf("%.3g %%", v)
	case "wake-ups/s":
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.0f", v)
	}
}

func nanoseconds(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.1f ms", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.1f µs", v/1e3)
	case v >= 1e3:
		return fmt.Sprintf("%.2f µs", v/1e3)
	default:
		return fmt.Sprintf("%.0f ns", v)
	}
}

// size is one event of BenchmarkGrowth.
type size struct {
	kind, what    string
	n             int
	ours, marshal float64
}

func sizes(r *results) (list []size) {
	for _, name := range r.names {
		at, ok := strings.CutSuffix(name, "/lib=causality")
		rest, isGrowth := strings.CutPrefix(at, "Growth/")
		if !ok || !isGrowth {
			continue
		}
		s := size{}
		s.kind, _, _ = strings.Cut(rest, "/")
		_, _ = fmt.Sscanf(rest[len(s.kind):], "/n=%d", &s.n)
		s.what = map[string]string{"properties": "%d properties", "string": "a string of %d bytes", "groups": "%d groups, one in the other"}[s.kind]
		s.what = strings.Replace(fmt.Sprintf(s.what, s.n), "1 properties", "1 property", 1)
		if s.kind == "groups" && s.n == 1 {
			s.what = "1 group"
		}
		s.ours, _ = r.median(name, "ns/op")
		s.marshal, _ = r.median(at+"/lib=json.Marshal", "ns/op")
		list = append(list, s)
	}
	return list
}

const (
	readmeBegin = "<!-- performance -->"
	readmeEnd   = "<!-- /performance -->"
)

// readme is README.md with five lines and a chart between the two marks.
func (r *results) readme(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	head, rest, ok := bytes.Cut(text, []byte(readmeBegin))
	_, tail, ended := bytes.Cut(rest, []byte(readmeEnd))
	if !ok || !ended {
		return nil, fmt.Errorf("%s has no %s and %s", path, readmeBegin, readmeEnd)
	}
	value := func(name, unit string) string { return r.cell(name, unit) }
	times := func(a, b, unit string) string {
		v, _ := r.ratio(a, b, unit)
		return fmt.Sprintf("%.1f", v)
	}
	sentence := []string{
		fmt.Sprintf("- `Track` takes %s and allocates nothing: %s times less than `json.Marshal` of the same event.",
			value("Track/attrs/lib=causality", "ns/op"), times("Track/attrs/lib=json.Marshal", "Track/attrs/lib=causality", "ns/op")),
		fmt.Sprintf("- An event costs a log call %s with `log/slog`, %s with zap; the same line as JSON to nowhere is %s and %s.",
			value("Adapter/slog/lib=causality", "ns/op"), value("Adapter/zap/lib=causality", "ns/op"), value("Adapter/slog/lib=bare", "ns/op"), value("Adapter/zap/lib=bare", "ns/op")),
		fmt.Sprintf("- A line without an event costs %s more with `log/slog`, %s with zap, %s with zerolog.", r.more("slog"), r.more("zap"), r.more("zerolog")),
		fmt.Sprintf("- End to end an event takes %s of processor time: %s times less than posthog-go, %s than OpenTelemetry, %s than sentry-go.",
			value("EndToEnd/lib=causality", "cpu-ns/event"), times("EndToEnd/lib=posthog", "EndToEnd/lib=causality", "cpu-ns/event"),
			times("EndToEnd/lib=otel", "EndToEnd/lib=causality", "cpu-ns/event"), times("EndToEnd/lib=sentry", "EndToEnd/lib=causality", "cpu-ns/event")),
		fmt.Sprintf("- %d events a second to a gateway %v away: %s lost, on %s connections.", rate, delay,
			value("AtRate/lib=causality", "lost-%"), value("AtRate/lib=causality", "connections")),
	}
	return slices.Concat(head, []byte(readmeBegin+"\n"), []byte(strings.Join(sentence, "\n")+"\n\n"+
		"![processor time for each event, end to end](docs/performance-endtoend.svg)\n\n"+
		fmt.Sprintf("Measured on %s with %s (%s). How, and everything else: [docs/performance.md](docs/performance.md).\n", r.setting["machine"], r.setting["go"], r.setting["date"])),
		[]byte(readmeEnd), tail), nil
}

// more is what a line without an event costs more with the adapter.
func (r *results) more(logger string) string {
	v, _ := r.median("Line/"+logger+"/lib=causality", "added-ns")
	return fmt.Sprintf("%.0f ns", max(v, 0))
}
