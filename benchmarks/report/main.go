// Command report measures everything and writes docs/performance.md, its charts
// and the part of README.md that is about speed. Run it in the directory of the
// module on a machine that does nothing else; it takes some eight minutes.
//
//	go run ./report
//	go run ./report -short              # less, in about two minutes
//	go run ./report -from ../docs/performance.txt   # writes again what was measured
//
// What it measures goes to docs/performance.txt, in the form of go test -bench,
// for benchstat to read.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/SebastienMelki/causality/sdk/go/benchmarks/internal/sink"
)

func main() {
	sink.ServeIfChild()
	short := flag.Bool("short", false, "measure less, in about two minutes")
	from := flag.String("from", "", "read this file instead of measuring")
	flag.Parse()
	if err := run(*short, *from); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

const root = ".."

func run(short bool, from string) error {
	if _, err := os.Stat(filepath.Join(root, "docs")); err != nil {
		return errors.New("it runs in the directory benchmarks: " + err.Error())
	}
	var text []byte
	var err error
	if from != "" {
		text, err = os.ReadFile(from)
	} else {
		text, err = measure(effort(short))
	}
	if err != nil {
		return err
	}
	// First, so that a mistake below costs no measuring.
	if err := write(filepath.Join(root, "docs", "performance.txt"), text); err != nil {
		return err
	}
	results, err := parse(text)
	if err != nil {
		return err
	}
	page, err := results.page()
	if err != nil {
		return err
	}
	files := map[string][]byte{"docs/performance.md": page}
	for name, chart := range results.charts() {
		files["docs/"+name+".svg"] = chart
	}
	if files["README.md"], err = results.readme(filepath.Join(root, "README.md")); err != nil {
		return err
	}
	for name, content := range files {
		if err := write(filepath.Join(root, name), content); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, content []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	return os.WriteFile(path, content, 0o644)
}
