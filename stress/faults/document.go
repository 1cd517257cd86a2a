package faults

import (
	_ "embed"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:generate go test -run ^TestTheDocumentNamesEveryFault$ -count=1 -timeout 30m . -args -update

//go:embed intro.md
var intro string

// Document is what docs/delivery.md is made of.
type Document struct {
	Chapters []MeasuredChapter
	Spooled  []*Spooled
	// Asked is when a client asked a gateway that was gone for ten minutes.
	Asked     []time.Duration
	Overloads []NamedOverload
	Machine   Latency
}

// MeasuredChapter is a chapter of the catalogue, measured.
type MeasuredChapter struct {
	Title string
	Rows  []Row
}

// Row is what one fault led to: when it ended, and when the client was closed
// in the middle of it.
type Row struct{ Passing, Closing *Measured }

// NamedOverload is an Overload with a name for the reader.
type NamedOverload struct {
	Name string
	*Overload
}

// Write writes the document.
func (d *Document) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString(intro)
	for _, chapter := range d.Chapters {
		fmt.Fprintf(&b, "\n### %s\n\n", chapter.Title)
		b.WriteString("| fault | stored | twice | lost | uncertain | requests | settled | Flush | Close inside | the log said |\n")
		b.WriteString("|---|--:|--:|---|--:|--:|--:|---|---|---|\n")
		for _, row := range chapter.Rows {
			b.WriteString(row.String())
		}
	}
	b.WriteString("\n## With a spool\n\n")
	b.WriteString("What becomes of events that `Config.Spool` keeps on [disk](spool.md), in real time. A process that is killed is one of " +
		"its own, and is sent SIGKILL; another one follows it.\n\n")
	b.WriteString("| fault | stored | twice | lost | the log of the last process said |\n|---|--:|--:|---|---|\n")
	for _, s := range d.Spooled {
		b.WriteString(s.String())
	}
	b.WriteString("\n## When a gateway that is gone is asked\n\n")
	b.WriteString("Ten minutes, one request under way at a time (`MaxInFlight: 1`), the queue full: ")
	b.WriteString(times(d.Asked) + ".\n")
	b.WriteString("\n## More events than the gateway can take\n\n")
	b.WriteString("Real time on one machine, 8 goroutines that do nothing but `Track`, events of about 400 bytes. " +
		"*Live* is the heap beyond what was there before, with the queue full.\n\n")
	b.WriteString("| a gateway | tracked | in | stored | dropped at the queue | left by `Close` | live | allowed | resident | `Track` p50 | p99 | max | `Close` (1 s) |\n")
	b.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, o := range d.Overloads {
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %d | %d | %s | %s | %s | %v | %v | %s | %s |\n", o.Name, o.Stats.Tracked, brief(o.Track.Took), o.Stored,
			o.Stats.Dropped.QueueFull, o.Stats.Dropped.Closed, mebibytes(o.Live), mebibytes(o.Allowed()), mebibytes(o.Resident),
			o.Track.P50, o.Track.P99, brief(o.Track.Max), brief(o.Close))
	}
	fmt.Fprintf(&b, "\nThe same goroutines calling a hash of a kilobyte instead: p50 %v, p99 %v, max %s. "+
		"More goroutines than processors wait for their turn, whatever they do.\n", d.Machine.P50, d.Machine.P99, brief(d.Machine.Max))
	_, err := io.WriteString(w, b.String())
	return err
}

// String is the row as a line of a table.
func (r Row) String() string {
	m, c := r.Passing, r.Closing
	requests := strconv.Itoa(int(m.Stats.Requests))
	if m.Fault.Healthy > 0 {
		requests += fmt.Sprintf(" (%.1f ×)", float64(m.Stats.Requests)/float64(m.Fault.Healthy))
	}
	return fmt.Sprintf("| %s | %d of %d | %d | %s | %d | %s | %s | %s | %s, %d left | %s |\n",
		m.Fault.Name, m.Stored, m.tracked, m.Doubled, m.lost(), m.Stats.Uncertain, requests, brief(m.Settled),
		flushed(m), brief(c.Close), c.Stats.Dropped.Closed, said(m.Lines))
}

func (m *Measured) lost() string {
	var lost []string
	for _, loss := range []struct {
		n    int
		what string
	}{
		{int(m.Stats.Dropped.Rejected), "rejected"},
		{int(m.Stats.Dropped.QueueFull), "at the full queue"},
		{int(m.Stats.Dropped.Closed), "in Close"},
		{m.Vanished(), "vanished"},
	} {
		if loss.n != 0 {
			lost = append(lost, fmt.Sprintf("%d %s", loss.n, loss.what))
		}
	}
	if lost == nil {
		return "0"
	}
	return strings.Join(lost, ", ")
}

func flushed(m *Measured) string {
	if m.FlushErr != nil {
		return brief(m.Flush) + ", error"
	}
	return brief(m.Flush)
}

// brief is a duration in three digits or so.
func brief(d time.Duration) string {
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}

func mebibytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

func times(at []time.Duration) string {
	text := make([]string, len(at))
	for i, d := range at {
		text[i] = brief(d)
	}
	return strings.Join(text, ", ")
}

// said is the kinds of lines in the log, each with its number and the first
// reason it gave.
func said(lines []Line) string {
	type kind struct {
		level  slog.Level
		words  string
		n      int
		reason string
	}
	var kinds []*kind
	for _, l := range lines {
		i := slices.IndexFunc(kinds, func(k *kind) bool { return strings.Contains(l.Message, k.words) })
		if i < 0 {
			// What happened, without what to do about it.
			words, _, _ := strings.Cut(strings.TrimPrefix(l.Message, "causality: "), ";")
			kinds = append(kinds, &kind{l.Level, words, 0, l.Attrs["reason"]})
			i = len(kinds) - 1
		}
		kinds[i].n++
	}
	if len(kinds) == 0 {
		return "nothing"
	}
	text := make([]string, len(kinds))
	for i, k := range kinds {
		text[i] = fmt.Sprintf("%d × %v %s", k.n, k.level, k.words)
		if k.reason != "" {
			text[i] += ": “" + inCell(k.reason) + "”"
		}
	}
	return strings.Join(text, "<br>")
}

// inCell is a text cut and escaped for a cell of a table.
func inCell(text string) string {
	if runes := []rune(text); len(runes) > 110 {
		text = string(runes[:110]) + "…"
	}
	return strings.NewReplacer("|", "\\|", "<", "&lt;", ">", "&gt;", "\n", " ").Replace(text)
}
