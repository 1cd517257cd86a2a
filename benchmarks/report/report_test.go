package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestEverythingIsFromWhatWasMeasured holds that nobody has edited by hand what
// the command writes, nor the command without running it again (-from will do).
func TestEverythingIsFromWhatWasMeasured(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "docs", "performance.txt"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	page, err := r.page()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"docs/performance.md": page}
	for name, chart := range r.charts() {
		files["docs/"+name+".svg"] = chart
	}
	if files["README.md"], err = r.readme(filepath.Join(root, "README.md")); err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(root, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what go run ./report -from ../docs/performance.txt writes (%v)", name, err)
		}
	}
}

func TestMedian(t *testing.T) {
	r, err := parse([]byte("go: go1.26\nBenchmarkA/lib=x-2 10 3 ns/op 1 B/op\nBenchmarkA/lib=x-2 10 1 ns/op\nBenchmarkA/lib=y-2 10 2 ns/op\nBenchmarkA/lib=y-2 10 4 ns/op\nBenchmarkEndToEnd/lib=loop-50 1 7 ns/op\n"))
	if err != nil {
		t.Fatal(err)
	}
	if v, ok := r.median("A/lib=x", "ns/op"); v != 2 || !ok {
		t.Errorf("the median of 3 and 1 is %v", v)
	}
	if v, ok := r.ratio("A/lib=x", "A/lib=y", "ns/op"); v != (1.5+0.25)/2 || !ok {
		t.Errorf("the median of 3/2 and 1/4 is %v", v)
	}
	if _, ok := r.median("EndToEnd/lib=loop-50", "ns/op"); !ok {
		t.Error("the number of a loop was taken for one of cores")
	}
	if _, ok := r.median("B", "ns/op"); ok {
		t.Error("there is a median of nothing")
	}
	if r.setting["go"] != "go1.26" {
		t.Errorf("the setting is %v", r.setting)
	}
}
