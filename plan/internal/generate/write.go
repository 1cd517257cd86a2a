package generate

import (
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

//go:embed runtime.go.txt
var runtime string

// Write writes the programs of the seeds from first on into a directory, as one Go
// command that runs each of them under all its conditions, and prints what arrived.
// Program i is in the file Name(i).go.
func Write(dir string, first uint64, n int) error {
	var list strings.Builder
	list.WriteString("package main\n\nvar programs = []struct {\n\tname string\n\tbits int\n\trun  func(*run)\n}{\n")
	for i := range n {
		name := Name(first + uint64(i))
		text := Program(first+uint64(i), "main", name)
		fmt.Fprintf(&list, "\t{%q, %d, %s},\n", name, bits(text), name)
		if err := os.WriteFile(filepath.Join(dir, name+".go"), []byte(text), 0o666); err != nil {
			return err
		}
	}
	list.WriteString("}\n")
	if err := os.WriteFile(filepath.Join(dir, "programs.go"), []byte(list.String()), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "main.go"), []byte(runtime), 0o666)
}

// Name is the name of the program of a seed.
func Name(seed uint64) string { return fmt.Sprintf("p%05d", seed) }

// bits is how many conditions a program looks at.
func bits(text string) int {
	for i := Bits; i > 0; i-- {
		for _, f := range []string{"bit", "err", "list", "point", "pointer", "any"} {
			if strings.Contains(text, fmt.Sprintf("r.%s(%d)", f, i-1)) {
				return i
			}
		}
	}
	return 0
}
