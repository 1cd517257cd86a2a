//go:build go1.25

package faults

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

var update = flag.Bool("update", false, "measure, and write the document")

const documentPath = "../../docs/delivery.md"

// The figures differ a little from run to run; the faults and the words do not.
func TestTheDocumentNamesEveryFault(t *testing.T) {
	if *update {
		d := measureDocument(t)
		f, err := os.Create(documentPath)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Write(f); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), intro) {
		t.Error("the document does not begin with intro.md; go -C stress generate ./faults")
	}
	var want, got []string
	for _, chapter := range Catalogue() {
		for _, f := range chapter.Faults {
			want = append(want, f.Name)
		}
	}
	table := false
	for _, f := range SpoolFaults() {
		want = append(want, f.Name)
	}
	for _, line := range strings.Split(string(text), "\n") {
		switch {
		case strings.HasPrefix(line, "### "), line == "## With a spool":
			table = true
		case strings.HasPrefix(line, "## "):
			table = false
		case table && strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| fault"):
			got = append(got, strings.Split(line, " | ")[0][2:])
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the document has the faults %q, and the catalogue %q; go -C stress generate ./faults", got, want)
	}
}

func measureDocument(t *testing.T) *Document {
	d := new(Document)
	// First, because the most memory that a process has had never shrinks.
	for _, perSecond := range []int{100, 0} {
		name := "that is gone"
		if perSecond > 0 {
			name = fmt.Sprintf("of %d events a second and connection", perSecond)
		}
		o, err := MeasureOverload(1_000_000, 32<<20, perSecond)
		if err != nil {
			t.Fatal(err)
		}
		d.Overloads = append(d.Overloads, NamedOverload{name, o})
	}
	d.Machine = MeasureMachine(1_000_000)
	for _, chapter := range Catalogue() {
		measured := MeasuredChapter{Title: chapter.Title}
		for _, f := range chapter.Faults {
			var row Row
			row.Passing = inOwnBubble(t, f, Measure, (*Measured).Check)
			row.Closing = inOwnBubble(t, f, MeasureClose, (*Measured).CheckClose)
			measured.Rows = append(measured.Rows, row)
		}
		d.Chapters = append(d.Chapters, measured)
	}
	for _, f := range SpoolFaults() {
		s, err := MeasureSpool(f, t.TempDir(), spoolProcess)
		if err != nil {
			t.Fatal(err) // as root, a small file system can be mounted
		}
		d.Spooled = append(d.Spooled, s)
	}
	synctest.Test(t, func(t *testing.T) {
		asked := &asks{next: newLight(func(*http.Request, int) int { return 0 }), start: time.Now()}
		client := newClient(t, asked, func(cfg *causality.Config) {
			cfg.MaxInFlight = 1
			cfg.MaxQueueBytes = 1 << 20
		})
		trackSome(client, 5000)
		time.Sleep(10 * time.Minute)
		d.Asked = asked.all()
	})
	return d
}

func inOwnBubble(t *testing.T, f *Fault, measure func(*Fault, *Gateway) (*Measured, error), check func(*Measured) error) (m *Measured) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGateway(nil)
		defer g.Close()
		var err error
		if m, err = measure(f, g); err == nil {
			err = check(m)
		}
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
	})
	return m
}
