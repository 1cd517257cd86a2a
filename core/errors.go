package causality

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

var (
	// ErrClosed is returned by Flush on a closed client, and wrapped by the
	// error of a Close or Shutdown that had to leave events undelivered.
	ErrClosed = errors.New("causality: client is closed")
	// ErrQueueFull is passed, wrapped with a count, to Config.OnError when
	// events were dropped because Config.MaxQueueBytes were waiting.
	ErrQueueFull = errors.New("causality: queue is full")
)

// GatewayError is what the gateway answered when it did not take events. It is
// found with errors.As in the errors of Flush, Close and Config.OnError.
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
	case http.StatusUnauthorized:
		// gateway: it answers 401 for a good key while its database is down.
		return "check APIKey; the gateway also says this while its database is down"
	case http.StatusForbidden:
		return "check APIKey and what stands between this service and the gateway"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "check Endpoint: it is the gateway's base URL, without /v1/events/batch"
	case http.StatusTooManyRequests:
		return "the gateway limits requests per app; larger batches need fewer"
	}
	if e.StatusCode >= 300 && e.StatusCode < 400 {
		return "redirects are not followed; set Endpoint to the final address"
	}
	return ""
}
