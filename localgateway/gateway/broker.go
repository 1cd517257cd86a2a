package gateway

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"
)

const (
	// gateway: NATS takes messages of 1 MiB; the envelope is all there is to one.
	maxMessage = 1 << 20
	// gateway: the line that announces a message may have 4096 bytes: subject,
	// reply inbox, size. A name of 4000 bytes passed, one of 4100 did not.
	maxControlLine = 4096
	replyInboxLen  = len("_INBOX.") + 22 + len(".") + 8
)

var (
	errMaxPayload = errors.New("nats: maximum payload exceeded")
	errClosed     = errors.New("nats: connection closed")
)

// broker is the state of the one connection that all tenants share.
type broker struct{ closed atomic.Bool }

func (b *broker) isClosed() bool { return b.closed.Load() }
func (b *broker) reopen()        { b.closed.Store(false) }

// publish hands an event to the broker and keeps it.
func (g *Gateway) publish(ctx context.Context, event *Stored) error {
	// gateway: when the client goes away the handler publishes no more, although
	// it has already noted the key.
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := g.broker.check(event); err != nil {
		return err
	}
	if g.publishHook != nil {
		if err := g.publishHook(event); err != nil {
			return err
		}
	}
	g.store.add(event)
	if g.onStore != nil {
		g.onStore(event)
	}
	return nil
}

// check refuses what NATS refuses, at once instead of after its 5 s.
func (b *broker) check(event *Stored) error {
	switch {
	case b.isClosed():
		return errClosed
	case len(event.Wire) > maxMessage:
		return errMaxPayload
	case controlLine(event) > maxControlLine:
		// gateway: the connection is lost for good: every tenant's events are
		// refused until a restart.
		b.closed.Store(true)
		return errClosed
	case strings.ContainsAny(event.Subject, " \t\n"):
		// gateway: white space breaks the protocol's line; the connection drops
		// and comes back, and this event waits for an answer in vain. A bare
		// carriage return passes.
		return context.DeadlineExceeded
	}
	return nil
}

func controlLine(event *Stored) int {
	return len(event.Subject) + 1 + replyInboxLen + 1 + len(strconv.Itoa(len(event.Wire)))
}

// subject is where an event is published.
//
// gateway: events.<app_id>.<category>.<name>. A dot in the app becomes _; the
// name is lower-cased, and its spaces and dots become _.
func subject(appID string, k kind) string {
	return "events." + strings.ReplaceAll(appID, ".", "_") + "." + k.category + "." +
		subjectName.Replace(strings.ToLower(k.name))
}

var subjectName = strings.NewReplacer(" ", "_", ".", "_")
