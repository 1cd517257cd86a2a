// Command soak lets eight goroutines log through slog, zap and zerolog for a
// while, to one client and a gateway on loopback that misbehaves at random, and
// then takes account of every event:
//
//	go -C stress run ./soak -for 10m -seed 7
//
// It ends by itself, with status 1 if an event's fate does not make sense or a
// count does not add up. The seed decides how the gateway behaves; when requests
// come is up to the machine.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

func main() {
	span := flag.Duration("for", 10*time.Minute, "how long the gateway misbehaves")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the gateway's moods")
	reuseKeys := flag.Bool("reuse-keys", false, "with Config.ReuseKeys")
	flag.Parse()
	if flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := soak(os.Stdout, *span, *seed, *reuseKeys); err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
}
