package faults

import (
	"errors"
	"os"
	"os/exec"
	"testing"
)

func TestWhatASpoolKeeps(t *testing.T) {
	if endpoint := os.Getenv("CAUSALITY_FAULTS_ENDPOINT"); endpoint != "" {
		t.Fatal(TrackUntilKilled(endpoint, os.Getenv("CAUSALITY_FAULTS_DIR"), os.Stdout))
	}
	for _, f := range SpoolFaults() {
		t.Run(f.Name, func(t *testing.T) {
			s, err := MeasureSpool(f, t.TempDir(), spoolProcess)
			if errors.Is(err, ErrNoMount) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			t.Log(s)
		})
	}
}

// spoolProcess is this program, which runs TrackUntilKilled in the test above.
func spoolProcess(endpoint, dir string) *exec.Cmd {
	process := exec.Command(os.Args[0], "-test.run=^TestWhatASpoolKeeps$")
	process.Env = append(os.Environ(), "CAUSALITY_FAULTS_ENDPOINT="+endpoint, "CAUSALITY_FAULTS_DIR="+dir)
	return process
}
