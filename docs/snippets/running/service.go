// Package running has the snippets of docs/running.md.
package running

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: service
func serve(client *causality.Client, server *http.Server, listener net.Listener) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()

	var err error
	select {
	case <-ctx.Done(): // SIGTERM
	case err = <-failed: // the port is gone, say
	}
	// The server first: requests under way still log events. Then the client.
	// Together less than terminationGracePeriodSeconds, which is 30 s.
	drain, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	err = errors.Join(err, server.Shutdown(drain))
	deliver, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return errors.Join(err, client.Shutdown(deliver)) // its error says how many events it had to leave
}

// end snippet
