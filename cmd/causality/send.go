package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// send sends one event and returns nil only if the gateway has accepted it.
func send(ctx context.Context, name string, pairs []string, out io.Writer) error {
	event, err := parseEvent(name, pairs)
	if err != nil {
		return err
	}
	cfg := causality.ConfigFromEnv()
	if os.Getenv("CAUSALITY_MAX_RETRIES") == "" {
		cfg.MaxRetries = -1 // somebody waits for the answer, and can ask again
	}
	cfg.Spool.Dir = ""                         // what is not accepted is not sent later, either
	cfg.Logger = slog.New(slog.DiscardHandler) // what it would say is returned
	ctx, stop := context.WithCancelCause(ctx)
	cfg.OnError = func(err error) { stop(err) }
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	err = client.Send(ctx, event)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // of the first request, after which nobody waits for more
		if why := errors.Unwrap(cause); why != nil {
			err = why // without what a client that goes on would do
		}
	}
	stop(nil)
	closeNow(client)

	switch {
	case errors.Is(err, causality.ErrNotSent):
		fmt.Fprintln(out, "nothing is sent: CAUSALITY_DRY_RUN or CAUSALITY_DISABLED is set")
		return nil
	case err != nil:
		return fmt.Errorf("%s is not accepted: %w\n\"causality doctor\" may say more", name, err)
	}
	fmt.Fprintf(out, "%s is accepted\n", name)
	return nil
}

// closeNow ends a client without another try to deliver what is left.
func closeNow(client *causality.Client) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_ = client.Shutdown(ctx) // what is left is known already
}

// parseEvent makes an event of arguments such as order_id=o-42.
func parseEvent(name string, pairs []string) (causality.Event, error) {
	event := causality.Event{EventType: name, Properties: make(map[string]any)}
	own := map[string]*string{
		"user_id": &event.UserID, "session_id": &event.SessionID,
		"device_id": &event.DeviceID, "correlation_id": &event.CorrelationID, "event_id": &event.ID,
	}
	for _, pair := range pairs {
		key, text, ok := strings.Cut(pair, "=")
		if !ok || key == "" {
			return event, fmt.Errorf("%q is not KEY=VALUE", pair)
		}
		if field := own[key]; field != nil {
			*field = text
			continue
		}
		event.Properties[key] = parseValue(text)
	}
	return event, nil
}

// parseValue returns the JSON value that a text is, or the text. Numbers stay as they
// are written, so that a large one loses no digit.
func parseValue(text string) any {
	if !json.Valid([]byte(text)) {
		return text
	}
	return json.RawMessage(text)
}
