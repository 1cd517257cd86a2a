package causality

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Track queues an event for delivery. It never blocks (but for the writer of
// Config.DryRun, where there is one) and never fails: an event that cannot be
// queued is dropped, counted in [Stats] by reason, and said in the log. It takes
// nothing of the event by reference. It may be called from any goroutine, also
// after Close, where events are counted as Closed.
//
// Track sets IdempotencyKey, always; TimestampMs to now if it is not positive;
// AppID and DeviceID from the Config if they are empty; and adds the server
// context. Config.Identity is not asked: see [Client.TrackContext].
//
// An event that is tracked, or logged, by a function which a client is calling is
// dropped and counted as Filtered: by BeforeTrack, ReplaceAttr, Identity, OnError,
// Logger or Transport of a Config, or by a method of a value that is being read. It
// would lead to another call of that function, and so on for ever. What the function
// does on a goroutine of its own is not known to be its.
func (c *Client) Track(event Event) { c.track(context.Background(), &event, false, nil) }

// TrackContext is [Client.Track] for code that has a context: what the event does
// not say of whom it is about (UserID, SessionID, DeviceID, CorrelationID) comes
// from Config.Identity, which by default returns what [ContextWithIdentity] put
// into ctx. An ended ctx changes nothing, and a nil one is context.Background().
func (c *Client) TrackContext(ctx context.Context, event Event) {
	if ctx == nil {
		ctx = context.Background()
	}
	c.track(ctx, &event, true, nil)
}

// nilClient reports once that events are tracked with a nil *Client.
var nilClient sync.Once

// track tracks an event, for which w waits unless it is nil.
func (c *Client) track(ctx context.Context, event *Event, identify bool, w *wait) {
	if c == nil {
		nilClient.Do(func() { newReporter(&Config{}).say(sayNilClient, 1, event.EventType, nil) })
		return
	}
	if c.disabled {
		c.drop(DropDisabled, event.EventType, nil, ErrNotSent, w)
		return
	}
	if c.queue.isClosed.Load() && c.report.onDrop == nil {
		c.drop(DropClosed, event.EventType, nil, ErrClosed, w) // nobody asks for its JSON
		return
	}
	if usercode.Running() {
		// It would be given to the same function again, and so on for ever.
		c.drop(DropFiltered, event.EventType, nil, ErrNotSent, w)
		c.nested.Do(func() { c.report.say(sayNested, 1, event.EventType, nil) })
		return
	}
	if identify && (c.asksUser || ctx != context.Background()) {
		c.identify(ctx, event)
	}
	c.fillIn(event)
	if c.beforeTrack != nil {
		eventType, ok := event.EventType, false
		event.own(c.attrs)
		if *event, ok = c.callBeforeTrack(ctx, *event); !ok {
			c.drop(DropFiltered, eventType, nil, ErrNotSent, w)
			c.dryRun.Dropped(eventType, "BeforeTrack refused it")
			return
		}
		c.fillIn(event)
	}
	e := envelope.Get()
	err := e.Encode(c.envelope, (*envelope.Event)(event))
	if !e.IsNone() {
		c.countProperties(&e.Loss)
	}
	switch {
	case err != nil:
		c.drop(DropInvalid, event.EventType, nil, err, w)
		c.dryRun.Dropped(event.EventType, err.Error())
	case c.dryRun != nil:
		c.drop(DropDisabled, event.EventType, nil, ErrNotSent, w)
		c.dryRun.Event(e.Bytes())
	default:
		switch why, ok := c.queue.push(e.Bytes(), w); {
		case ok:
		case why == DropClosed:
			c.drop(why, event.EventType, e.Bytes(), ErrClosed, w)
		default:
			c.drop(why, event.EventType, e.Bytes(), ErrQueueFull, w)
		}
	}
	e.Release()
}

// identify sets what the event does not say of whom it is about from ctx. Where
// the user's function panics, or a context of a type of the user's does, as a nil
// *gin.Context would, nothing is known of it.
func (c *Client) identify(ctx context.Context, event *Event) {
	defer func() {
		if p := recover(); p != nil {
			c.report.say(sayIdentityPanic, 1, event.EventType, fmt.Errorf("panic: %v", p))
		}
	}()
	var known Identity
	if c.asksUser {
		usercode.Call(func() { known = c.identity(ctx) })
	} else { // which may be of a type of the user's
		usercode.Call(func() { known = IdentityFromContext(ctx) })
	}
	id := Identity{event.DeviceID, event.UserID, event.SessionID, event.CorrelationID}.Or(known)
	event.DeviceID, event.UserID, event.SessionID, event.CorrelationID = id.DeviceID, id.UserID, id.SessionID, id.CorrelationID
}

// fillIn sets what the event leaves to the Config and the clock.
func (c *Client) fillIn(event *Event) {
	if event.AppID == "" {
		event.AppID = c.envelope.AppID
	}
	if event.DeviceID == "" {
		event.DeviceID = c.envelope.DeviceID
	}
	if event.TimestampMs <= 0 {
		// gateway: such a timestamp is rejected.
		event.TimestampMs = time.Now().UnixMilli()
	}
}

// own gives the event all of its properties in Attrs, those of the Config too, in
// the order in which they are encoded, and none of its caller's memory.
func (e *Event) own(common []slog.Attr) {
	attrs := make([]slog.Attr, len(common), len(common)+len(e.Properties)+len(e.Attrs))
	copy(attrs, common)
	for key, v := range e.Properties {
		attrs = append(attrs, slog.Attr{Key: key, Value: value.Any(v)})
	}
	slices.SortFunc(attrs[len(common):], func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	attrs = append(attrs, e.Attrs...)
	for i := range attrs {
		attrs[i].Value = value.Clone(attrs[i].Value)
	}
	e.Properties, e.Attrs = nil, attrs
}

// callBeforeTrack calls the user's hook. Where it panics the event is refused:
// consent that could not be asked for is not given.
func (c *Client) callBeforeTrack(ctx context.Context, event Event) (changed Event, ok bool) {
	defer func() {
		if p := recover(); p != nil {
			c.report.say(sayHookPanic, 1, event.EventType, fmt.Errorf("panic: %v", p))
			ok = false
		}
	}()
	usercode.Call(func() { changed, ok = c.beforeTrack(ctx, event) })
	return changed, ok
}

// countProperties counts and reports what became of the properties of an event.
func (c *Client) countProperties(l *envelope.Loss) {
	c.ledger.properties(PropertyStats{Dropped: int64(l.Dropped + l.Unfit + l.Collided), Renamed: int64(l.Renamed)})
	c.report.properties(l)
}

// drop drops an event that is not queued.
func (c *Client) drop(why DropReason, eventType string, encoded []byte, err error, w *wait) {
	c.ledger.turnedAway(why, eventType, encoded, err)
	if w == nil {
		return
	}
	if why == DropInvalid {
		err = fmt.Errorf("causality: event %q is invalid: %w", eventType, err)
	}
	w.settle(err)
}
