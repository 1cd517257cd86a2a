package causality

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

// Resend queues the events that a function of [WriteDropped] wrote to r, one a line,
// each under a new idempotency key and with its id. It waits while the queue is
// full, and returns how many events it has queued; call Flush to have them sent.
// They count as Tracked.
//
// A line that is no event of this client's Config.Format is left out and named in
// the error, beside the others. An error of r, of ctx, or ErrClosed ends Resend:
// the events that it has counted are queued, the others are not.
func (c *Client) Resend(ctx context.Context, r io.Reader) (int, error) {
	if c == nil || c.disabled || c.dryRun != nil {
		return 0, ErrNotSent
	}
	if ctx == nil {
		ctx = context.Background()
	}
	var bad []error
	lines := bufio.NewReader(r)
	for n, number := 0, 1; ; number++ {
		line, err := readLine(lines)
		if line = bytes.TrimSpace(line); len(line) > 0 {
			if problem := c.resendable(line); problem != nil {
				if len(bad) < maxErrors {
					bad = append(bad, fmt.Errorf("causality: Resend: line %d is left out: %w", number, problem))
				}
			} else if err := c.requeue(ctx, line); err != nil {
				return n, errors.Join(append(bad, fmt.Errorf("causality: Resend stopped before line %d: %w", number, err))...)
			} else {
				n++
			}
		}
		if err == io.EOF {
			return n, errors.Join(bad...)
		}
		if err != nil {
			return n, errors.Join(append(bad, fmt.Errorf("causality: Resend: %w", err))...)
		}
	}
}

// readLine reads a line, but of one that is too large no more than shows that.
func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line) <= envelope.MaxBytes {
			line = append(line, part...)
		}
		if err != bufio.ErrBufferFull {
			return line, err
		}
	}
}

// resendable gives an event a new key, or says what is wrong with the line as one.
func (c *Client) resendable(line []byte) error {
	if len(line) > envelope.MaxBytes {
		return envelope.ErrTooLarge
	}
	if sizeOf(len(line)) > c.queue.maxBytes {
		return fmt.Errorf("it is larger than Config.MaxQueueBytes: %w", ErrQueueFull)
	}
	e, err := envelope.Decode(line)
	switch {
	case err != nil:
		return fmt.Errorf("it is not an event: %w", err)
	case !json.Valid(line):
		return errors.New("it is not JSON")
	case c.isFlat != (e.ID == ""):
		return errors.New("it is not in Config.Format")
	case e.EventType == "" || !envelope.ValidAppID(e.AppID) || e.TimestampMs <= 0:
		return errors.New("it lacks an event type, an app_id or a timestamp_ms")
	}
	if !envelope.Rekey(line) {
		return errors.New("it lacks an idempotency_key")
	}
	return nil
}

// requeue pushes an encoded event, once there is room.
func (c *Client) requeue(ctx context.Context, line []byte) error {
	var tick *time.Ticker
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		why, ok := c.queue.push(line, nil)
		switch {
		case ok:
			return nil
		case why == DropClosed:
			return ErrClosed
		}
		if tick == nil {
			tick = time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
