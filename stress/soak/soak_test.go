package main

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestAShortSoakAddsUp(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	for seed, atLeastOnce := range []bool{false, true} {
		t.Run(fmt.Sprintf("at least once: %v", atLeastOnce), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := soak(&out, 5*time.Second, uint64(seed), atLeastOnce); err != nil {
				t.Error(err)
			}
			t.Log(out.String())
		})
	}
}
