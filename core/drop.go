package causality

import (
	"fmt"
	"io"
	"sync"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

// DroppedEvent is an event that will not be delivered; see Config.OnDrop.
type DroppedEvent struct {
	// ID is Event.ID and EventType Event.EventType. Both are empty where the event
	// was not encoded: without an EventType, say.
	ID, EventType string
	// Reason is why, as it is counted in Stats.Dropped.
	Reason DropReason
	// Err says more: an error that wraps ErrQueueFull, ErrClosed or
	// ErrUndelivered, a *RejectedError, or what is invalid about the event.
	Err error
	// JSON is the event as it would have been sent, on one line, which
	// [Client.Resend] takes. It is nil for an Invalid event, which has no such
	// form. It belongs to the function that gets it.
	JSON []byte
}

// WriteDropped returns a function for Config.OnDrop that writes each event that can
// be sent again to w, as one line of JSON, in one Write. [Client.Resend] reads it.
// An error of w is logged through Config.Logger, and the event is lost.
//
//	file, err := os.OpenFile("dropped.jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
//	…
//	cfg.OnDrop = causality.WriteDropped(file)
//
// The file holds the properties of the events in plain text.
func WriteDropped(w io.Writer) func(DroppedEvent) {
	var mu sync.Mutex // several clients may share it
	return func(e DroppedEvent) {
		if e.JSON == nil {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if _, err := w.Write(append(e.JSON, '\n')); err != nil {
			panic(fmt.Errorf("causality: WriteDropped: the event %s (id %s) is lost: %w", e.EventType, e.ID, err))
		}
	}
}

// drop is a dropped event that OnDrop is to be called for.
type drop struct {
	why       DropReason
	eventType string
	encoded   []byte
	err       error
}

// event is what OnDrop is given.
func (d *drop) event() DroppedEvent {
	e := DroppedEvent{EventType: d.eventType, Reason: d.why, Err: d.err, JSON: d.encoded}
	if d.encoded != nil {
		decoded, _ := envelope.Decode(d.encoded)
		e.ID, e.EventType = decoded.ID, decoded.EventType
	}
	return e
}
