package main

import (
	"bytes"
	"fmt"
	"html"
	"math"
	"strings"
)

// charts are the pictures, by name.
func (r *results) charts() map[string][]byte {
	return map[string][]byte{
		"performance-endtoend": r.endToEndChart(),
		"performance-log":      r.logChart(),
		"performance-growth":   r.growthChart(),
	}
}

// Both for a light and a dark page.
const style = `<style>text{font:13px system-ui,sans-serif;fill:#57606a}.t{font-weight:600;fill:#24292f}.a{fill:#8c959f}.o{fill:#0969da}.l{stroke:#8c959f;fill:none;stroke-width:1.5}.m{stroke:#0969da;fill:none;stroke-width:2}.g{stroke:#8c959f;stroke-opacity:.3}` +
	`@media(prefers-color-scheme:dark){text{fill:#9198a1}.t{fill:#f0f6fc}.o{fill:#4493f8}.m{stroke:#4493f8}}</style>`

type bar struct {
	label string
	value float64
	ours  bool
}

// bars draws one bar under the other, to one scale.
func bars(title string, groups []string, lists [][]bar, note string) []byte {
	const width, left, right, row = 720, 190, 90, 24
	most := 0.0
	for _, list := range lists {
		for _, b := range list {
			most = max(most, b.value)
		}
	}
	var body bytes.Buffer
	y := 44
	for i, list := range lists {
		if groups[i] != "" {
			fmt.Fprintf(&body, `<text x="8" y="%d" class="t">%s</text>`, y+12, html.EscapeString(groups[i]))
			y += row
		}
		for _, b := range list {
			class := "a"
			if b.ours {
				class = "o"
			}
			w := b.value / most * (width - left - right)
			fmt.Fprintf(&body, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="16" rx="2" class="%s"/><text x="%.1f" y="%d">%s</text>`,
				left-10, y+13, html.EscapeString(b.label), left, y, max(w, 1), class, left+max(w, 1)+6, y+13, nanoseconds(b.value))
			y += row
		}
		y += 8
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s">%s<text x="8" y="24" class="t">%s</text>%s<text x="8" y="%d">%s</text></svg>`+"\n",
		width, y+22, html.EscapeString(title), style, html.EscapeString(title), body.String(), y+10, html.EscapeString(note))
}

func (r *results) note() string {
	return fmt.Sprintf("%s, %s, %s", r.setting["machine"], r.setting["go"], r.setting["date"])
}

func (r *results) bars(scenario, unit string, labels map[string]string) (list []bar) {
	for _, name := range r.names {
		library, ok := strings.CutPrefix(name, scenario+"/lib=")
		label := labels[library]
		if v, has := r.median(name, unit); ok && has && label != "" {
			list = append(list, bar{label, v, library == "causality"})
		}
	}
	return list
}

func (r *results) endToEndChart() []byte {
	return bars("Processor time for each event, from the call to the server's answer", []string{""}, [][]bar{
		r.bars("EndToEnd", "cpu-ns/event", map[string]string{
			"causality": "causality", "posthog": "posthog-go", "otel": "OpenTelemetry", "axiom": "axiom-go", "sentry": "sentry-go",
			"loop-alike": "bare loop, same bytes",
		}),
	}, r.note())
}

func (r *results) logChart() []byte {
	labels := map[string]string{"bare": "the line as JSON alone", "causality": "causality", "otel": "OpenTelemetry", "axiom": "axiom-go", "sentry": "sentry-go"}
	return bars("A log call that is an event, beside the JSON line, with delivery running", []string{"log/slog", "zap", "zerolog"}, [][]bar{
		r.bars("Event/slog/tee", "ns/op", labels), r.bars("Event/zap/tee", "ns/op", labels), r.bars("Event/zerolog/tee", "ns/op", labels),
	}, r.note())
}

// growthChart draws time over size, both in powers of ten, ours and json.Marshal's.
func (r *results) growthChart() []byte {
	const width, height, top, bottom = 240, 190, 60, 60
	var body bytes.Buffer
	all := sizes(r)
	least, most := math.Inf(1), 0.0
	for _, s := range all {
		least, most = min(least, s.ours, s.marshal), max(most, s.ours, s.marshal)
	}
	low, high := math.Floor(math.Log10(least)), math.Ceil(math.Log10(most))
	y := func(v float64) float64 { return top + height - (math.Log10(v)-low)/(high-low)*height }
	for i, kind := range []struct{ name, title string }{{"properties", "properties"}, {"string", "bytes of one string"}, {"groups", "groups, one in the other"}} {
		x0 := 70 + float64(i)*(width+40)
		var list []size
		for _, s := range all {
			if s.kind == kind.name {
				list = append(list, s)
			}
		}
		if len(list) < 2 {
			continue
		}
		from, to := math.Log10(float64(list[0].n)), math.Log10(float64(list[len(list)-1].n))
		x := func(n int) float64 { return x0 + (math.Log10(float64(n))-from)/(to-from)*width }
		for p := low; p <= high; p++ {
			fmt.Fprintf(&body, `<line x1="%.0f" x2="%.0f" y1="%.1f" y2="%.1f" class="g"/>`, x0, x0+width, y(math.Pow(10, p)), y(math.Pow(10, p)))
			if i == 0 {
				fmt.Fprintf(&body, `<text x="%.0f" y="%.1f" text-anchor="end">%s</text>`, x0-8, y(math.Pow(10, p))+4, strings.Replace(nanoseconds(math.Pow(10, p)), ".00", "", 1))
			}
		}
		var ours, marshal strings.Builder
		for _, s := range list {
			fmt.Fprintf(&ours, "%.1f,%.1f ", x(s.n), y(s.ours))
			fmt.Fprintf(&marshal, "%.1f,%.1f ", x(s.n), y(s.marshal))
			fmt.Fprintf(&body, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`, x(s.n), top+height+18, s.n)
		}
		fmt.Fprintf(&body, `<polyline class="l" points="%s"/><polyline class="m" points="%s"/><text x="%.0f" y="%d" text-anchor="middle">%s</text>`,
			marshal.String(), ours.String(), x0+width/2, top+height+38, kind.title)
	}
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 %d" role="img" aria-label="time of Track by size">%s<text x="8" y="24" class="t">Time of Track (blue) and of json.Marshal (grey), by what is in the event</text>%s<text x="8" y="%d">%s</text></svg>`+"\n",
		top+height+bottom+16, style, body.String(), top+height+bottom+6, html.EscapeString(r.note()))
}
