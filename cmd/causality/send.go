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
	cfg.Logger = slog.New(slog.DiscardHandler) // what it would say is returned
	refused := make(chan error, 1)
	cfg.OnError = func(err error) {
		select {
		case refused <- err:
		default:
		}
	}
	client, err := causality.New(cfg)
	if err != nil {
		return err
	}
	client.Track(event)
	flushErr := client.FlushContext(ctx)
	// What Flush could not deliver is not tried again: nobody waits for that.
	done, cancel := context.WithCancel(ctx)
	cancel()
	_ = client.Shutdown(done)

	s := client.Stats()
	switch {
	case s.Delivered == 1:
		fmt.Fprintf(out, "%s is accepted\n", name)
		return nil
	case s.Dropped.Disabled == 1:
		fmt.Fprintln(out, "nothing is sent: CAUSALITY_DRY_RUN or CAUSALITY_DISABLED is set")
		return nil
	case flushErr != nil:
		if cause := errors.Unwrap(flushErr); cause != nil {
			flushErr = cause // without what a client that goes on would do
		}
		return fmt.Errorf("%s is not sent: %w\n\"causality doctor\" says more", name, flushErr)
	case s.Dropped.Rejected == 1:
		select { // OnError is called on a goroutine of its own
		case err = <-refused:
		case <-time.After(time.Second):
		}
		return fmt.Errorf("the gateway refuses %s: %w", name, err)
	default:
		return fmt.Errorf("%s is not an event that can be sent: %+v", name, s.Dropped)
	}
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
			return event, fmt.Errorf("%q is no KEY=VALUE", pair)
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
