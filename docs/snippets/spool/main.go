// Package spool is the program of docs/spool.md.
package spool

import (
	"os"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Open returns a client whose events outlive the process.
func Open() (*causality.Client, error) {
	// snippet: spool
	return causality.New(causality.Config{
		APIKey:   os.Getenv("CAUSALITY_API_KEY"),
		Endpoint: "https://events.example.com",
		AppID:    "shop",
		Spool:    causality.Spool{Dir: "/var/lib/shop/events"}, // or CAUSALITY_SPOOL_DIR
	})
	// end snippet
}
