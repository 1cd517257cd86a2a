package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// Nobody has edited by hand what the command writes, nor the command without
// running it again (-from will do).
func TestThePagesAreFromWhatWasMeasured(t *testing.T) {
	t.Chdir("..") // where the command runs
	text, err := os.ReadFile("../docs/performance.txt")
	if err != nil {
		t.Fatal(err)
	}
	files, err := pages(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what go run ./report -from ../docs/performance.txt writes (%v)", name, err)
		}
	}
}

func TestMedian(t *testing.T) {
	r, err := parse([]byte("go: go1.26\nBenchmarkA/lib=x-2 10 3 ns/op 1 B/op\nBenchmarkA/lib=x-2 10 1 ns/op\nBenchmarkA/lib=y-2 10 2 ns/op\nBenchmarkA/lib=y-2 10 4 ns/op\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := r.median("A/lib=x", "ns/op"); v != 2 || err != nil {
		t.Errorf("the median of 3 and 1 is %v, %v", v, err)
	}
	if v, err := r.ratio("A/lib=x", "A/lib=y", "ns/op"); v != (1.5+0.25)/2 || err != nil {
		t.Errorf("the median of 3/2 and 1/4 is %v, %v", v, err)
	}
	if _, err := r.median("B", "ns/op"); err == nil {
		t.Error("there is a median of nothing")
	}
	if r.setting["go"] != "go1.26" {
		t.Errorf("the setting is %v", r.setting)
	}
}
