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
	for seed, reuseKeys := range []bool{false, true} {
		t.Run(fmt.Sprintf("reused keys: %v", reuseKeys), func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if err := soak(&out, 5*time.Second, uint64(seed), reuseKeys); err != nil {
				t.Error(err)
			}
			t.Log(out.String())
		})
	}
}
