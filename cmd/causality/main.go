// Command causality sends an event from a shell, sends again what was dropped, and finds out why a service's events
// do not arrive. It is configured by the environment, as a service that uses
// causality.ConfigFromEnv is.
//
//	causality send purchase_complete order_id=o-42 total_cents=1999 user_id=u-1
//	causality resend dropped.jsonl
//	causality resend /var/lib/shop/events
//	causality doctor
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

const usage = `usage:
  causality send NAME [KEY=VALUE…]  send one event and wait until the gateway has it
  causality resend FILE             send what causality.WriteDropped has written
  causality resend DIRECTORY        send what processes have left in a spool
  causality doctor                  check configuration, gateway, key and clock

CAUSALITY_ENDPOINT, CAUSALITY_API_KEY and CAUSALITY_APP_ID say where to and as what.
With CAUSALITY_DRY_RUN=1 an event is printed instead.

The value of a property is JSON if it reads as such, else text: 1999 and true are a
number and a bool, '"1999"' is text. user_id, session_id, device_id, correlation_id and
event_id are the event's own.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case errors.Is(err, causality.ErrNotConfigured):
		fmt.Fprintf(os.Stderr, "causality: %s; %s\n", notConfigured, configure)
		os.Exit(1)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errUsage = errors.New("wrong arguments")

// What is wrong where no variable is set, and what to do: a shell has no nil *Client.
const (
	notConfigured = "CAUSALITY_ENDPOINT, CAUSALITY_API_KEY and CAUSALITY_APP_ID are not set"
	configure     = "set them as the service has them, or CAUSALITY_DRY_RUN=1 to print events"
)

// run does what the arguments say.
func run(ctx context.Context, args []string, out io.Writer) error {
	switch {
	case len(args) >= 2 && args[0] == "send":
		return send(ctx, args[1], args[2:], out)
	case len(args) == 2 && args[0] == "resend":
		return resend(ctx, args[1], out)
	case len(args) == 1 && args[0] == "doctor":
		return doctor(ctx, out)
	case len(args) == 1 && slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]):
		_, err := fmt.Fprint(out, usage)
		return err
	default:
		return errUsage
	}
}
