package causality

import (
	"context"
	"errors"
	"fmt"
)

// Send tracks events and waits until the gateway has answered for each of them. It
// returns nil only when all were accepted: then a message may be acknowledged, or a
// row of an outbox deleted. Identity comes from ctx as in [Client.TrackContext].
//
// It returns an error when an event was dropped, and the events are counted as
// Track's are: the error wraps ErrQueueFull, ErrClosed, ErrUndelivered,
// ErrNotSent or a *RejectedError. When ctx ends first it wraps ctx's error; the
// events are still queued then and may be delivered later, so that a caller which
// sends them again should give each an Event.ID to tell duplicates by. With a
// Config.FlushInterval of hours Send is as fast: it makes its events due at once.
func (c *Client) Send(ctx context.Context, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	if c == nil {
		return ErrNotSent
	}
	if ctx == nil {
		ctx = context.Background()
	}
	w := newWait(len(events))
	for _, event := range events {
		c.track(ctx, &event, true, w)
	}
	select {
	case c.batcher.flushes <- flushRequest{}:
	case <-c.batcher.done:
	case <-w.done:
	case <-ctx.Done():
	}
	select {
	case <-w.done:
		return w.err()
	default:
	}
	select {
	case <-w.done:
		return w.err()
	case <-ctx.Done():
		return fmt.Errorf("causality: Send stopped waiting; its events are still being sent: %w", context.Cause(ctx))
	}
}

// ErrNotSent is wrapped by the error of Send where no event is sent by design: the
// client is nil, disabled or makes a dry run, or Config.BeforeTrack refused the
// event.
var ErrNotSent = errors.New("causality: event is not sent")

func (w *wait) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.errs...)
}
