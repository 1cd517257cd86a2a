package causality

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/reply"
)

var (
	// ErrClosed is returned by Flush and Send on a closed client.
	ErrClosed = errors.New("causality: client is closed")
	// ErrUndelivered is wrapped by the error of a Close or Shutdown that had no
	// time for all events: what is left is dropped and counted as Closed.
	ErrUndelivered = errors.New("causality: closed with events undelivered")
	// ErrQueueFull is wrapped by the error of a DroppedEvent, and of Send, where
	// Config.MaxQueueBytes were waiting.
	ErrQueueFull = errors.New("causality: queue is full")
)

// GatewayError is what the gateway answered when it did not take events. It is
// found with errors.As, as a *GatewayError, in the errors of Flush, Close, Send
// and Config.OnError.
type GatewayError struct {
	// StatusCode is the HTTP status of the answer.
	StatusCode int
	// Message is what the gateway said, cut at 500 bytes.
	Message string
	// Events is how many events the answer was about.
	Events int
	// RetryAfter is how long the gateway asked to wait; 0 when it did not.
	RetryAfter time.Duration
}

func (e *GatewayError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gateway answered %d", e.StatusCode)
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + text)
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if hint := e.hint(); hint != "" {
		b.WriteString(" (" + hint + ")")
	}
	return b.String()
}

// hint names what to do next, for the person who reads this at night.
func (e *GatewayError) hint() string {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return "an event may be bad; if every event is refused, check that Endpoint is the gateway, and its version"
	case http.StatusUnauthorized:
		// gateway: it answers 401 for a good key while its database is down.
		return "check APIKey; the gateway also says this while its database is down"
	case http.StatusForbidden:
		return "check APIKey and what is between this service and the gateway"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "check Endpoint: it is the gateway's base URL, without /v1/events/batch"
	case http.StatusTooManyRequests:
		return "the gateway limits requests per app; larger batches need fewer"
	}
	switch e.StatusCode / 100 {
	case 2:
		if e.StatusCode != http.StatusOK {
			return "the gateway answers 200; check Endpoint and what is between"
		}
	case 1, 3:
		return "redirects are not followed; set Endpoint to the final address"
	}
	return ""
}

// RejectedError says that the gateway refused one event for good. It is found with
// errors.As, as a *RejectedError, in DroppedEvent.Err and in the error of Send.
type RejectedError struct {
	// ID is Event.ID, and EventType Event.EventType, of the event.
	ID, EventType string
	// Reason is what the gateway said of it, cut at 500 bytes.
	Reason string
}

func (e *RejectedError) Error() string {
	return fmt.Sprintf("the gateway rejected event %q (id %s): %s", e.EventType, e.ID, e.Reason)
}

// errorText returns err's text. ok is false if a method of err panics, as those of
// a nil pointer do: then it must not be asked what it wraps.
func errorText(err error) (text string, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			text, ok = fmt.Sprintf("an error of type %T, whose methods panic", err), false
		}
	}()
	text = err.Error()
	errors.Is(err, errUnused) // Error may know of a nil pointer and Unwrap not
	return text, true
}

// errUnused is an error that no other wraps.
var errUnused = errors.New("")

// panicText is what a panic of the user's code said.
func panicText(p any) string {
	if err, ok := p.(error); ok {
		text, _ := errorText(err)
		return reply.Printable(text)
	}
	return reply.Printable(fmt.Sprint(p)) // it catches panics of String methods
}
