package benchmarks

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
)

// TestEveryBenchmarkRuns runs the body of each once, in a process of its own.
func TestEveryBenchmarkRuns(t *testing.T) {
	out, err := exec.Command(os.Args[0], "-test.run=^$", "-test.bench=.", "-test.benchtime=1x", "-test.short", "-test.timeout=2m").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if n := bytes.Count(out, []byte(" ns/op")); n < 80 {
		t.Errorf("%d benchmarks ran, which cannot be all:\n%s", n, out)
	}
}
