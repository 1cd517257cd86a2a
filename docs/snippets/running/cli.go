package running

import (
	"log/slog"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: cli
func Main(args []string) (status int) {
	cfg := causality.ConfigFromEnv()
	cfg.CloseTimeout = 2 * time.Second // a person waits for the prompt
	client, err := causality.New(cfg)
	if err != nil {
		slog.Warn("no analytics", "error", err) // client is nil, which does nothing
	}
	defer client.Close() // it logs what it cannot send, which is not worth failing for
	client.Track(causality.Event{EventType: "command_run", Properties: map[string]any{"args": len(args)}})
	// … the command's work …
	return 0
}

// main is os.Exit(Main(os.Args[1:])): os.Exit itself runs no deferred call.
// end snippet
