package causality

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/value"
)

// Client sends events to a Causality gateway. It is safe for concurrent use; a
// service has one. Make it with [New] and close it with [Client.Close] last,
// after everything that tracks.
type Client struct {
	disabled     bool
	closeTimeout time.Duration
	identity     func(context.Context) Identity
	beforeTrack  func(context.Context, Event) (Event, bool)
	dryRun       *printer // instead of the batcher; nil: events are sent

	envelope  *envelope
	queue     *queue
	ledger    *ledger
	transport *httpTransport
	batcher   *batcher
	report    *reporter

	closing   sync.Once
	abandoned sync.Once
}

// New returns a Client, or an error that lists everything that is wrong with
// cfg at once. It makes no request: a gateway that is down at start-up is found
// when the first events are sent, and they are kept.
func New(cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Client{
		disabled:     cfg.Disabled,
		closeTimeout: cfg.CloseTimeout,
		identity:     cfg.Identity,
		beforeTrack:  cfg.BeforeTrack,
		dryRun:       newPrinter(cfg.DryRun),
		envelope:     newEnvelope(&cfg, collectServerContext()),
		queue:        newQueue(cfg.MaxQueueBytes),
		report:       newReporter(&cfg),
	}
	c.ledger = &ledger{queue: c.queue}
	c.transport = newHTTPTransport(&cfg, c.ledger)
	cfg.APIKey = "" // the transport has it
	c.batcher = newBatcher(&cfg, c.transport, c.queue, c.ledger, c.report)
	if c.disabled {
		close(c.batcher.done)
		return c, nil
	}
	if c.dryRun != nil {
		c.report.say(sayDryRun, 1, "", nil)
	} else if isPlainRemote(cfg.Endpoint) {
		c.report.say(sayPlainHTTP, 1, cfg.Endpoint, nil)
	}
	go c.batcher.flushLoop()
	return c, nil
}

// isPlainRemote reports whether the endpoint is unencrypted and not this machine.
func isPlainRemote(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "http" || u.Hostname() == "localhost" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return ip == nil || !ip.IsLoopback()
}

// Track queues an event for delivery. It never blocks (but for the writer of
// Config.DryRun, where there is one) and never fails: an event that cannot be
// queued is dropped, counted in [Stats] by reason, and said in the log. It takes
// nothing of the event by reference. It may be called from any goroutine, also
// after Close, where events are counted as Closed.
//
// Track sets IdempotencyKey, always; TimestampMs to now if it is not positive;
// AppID and DeviceID from the Config if they are empty; and adds the server
// context. Config.Identity is not asked: see [Client.TrackContext].
func (c *Client) Track(event Event) { c.track(context.Background(), &event, false) }

// TrackContext is [Client.Track] for code that has a context: what the event does
// not say of whom it is about (UserID, SessionID, DeviceID, CorrelationID) comes
// from Config.Identity, which by default returns what [ContextWithIdentity] put
// into ctx. An ended ctx changes nothing, and a nil one is context.Background().
func (c *Client) TrackContext(ctx context.Context, event Event) {
	if ctx == nil {
		ctx = context.Background()
	}
	c.track(ctx, &event, true)
}

func (c *Client) track(ctx context.Context, event *Event, identify bool) {
	if c.disabled {
		c.drop(DropDisabled)
		return
	}
	if c.queue.isClosed.Load() {
		c.drop(DropClosed)
		return
	}
	if identify {
		c.identify(ctx, event)
	}
	c.fillIn(event)
	if c.beforeTrack != nil {
		eventType, ok := event.EventType, false
		event.own()
		if *event, ok = c.callBeforeTrack(ctx, *event); !ok {
			c.drop(DropFiltered)
			c.dryRun.dropped(eventType, "BeforeTrack refused it")
			return
		}
		c.fillIn(event)
	}
	e := encoders.Get().(*encoder)
	err := e.encode(c.envelope, event)
	if e.dropped+e.renamed+e.unfit > 0 {
		c.ledger.properties(PropertyStats{Dropped: int64(e.dropped + e.unfit), Renamed: int64(e.renamed)})
		c.report.properties(e)
	}
	switch {
	case err != nil:
		c.drop(DropInvalid)
		c.report.say(sayInvalid, 1, cutAtRune(event.EventType, maxEventTypeBytes), err)
		c.dryRun.dropped(event.EventType, err.Error())
	case c.dryRun != nil:
		c.drop(DropDisabled)
		c.dryRun.event(e.buf)
	default:
		if why, ok := c.queue.push(e.buf); !ok {
			c.drop(why)
		}
	}
	e.release()
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
	id := Identity{event.DeviceID, event.UserID, event.SessionID, event.CorrelationID}.Or(c.identity(ctx))
	event.DeviceID, event.UserID, event.SessionID, event.CorrelationID = id.DeviceID, id.UserID, id.SessionID, id.CorrelationID
}

// drop counts an event that is not queued, and reports it.
func (c *Client) drop(why DropReason) {
	c.ledger.turnedAway(why)
	switch why {
	case DropQueueFull:
		c.report.say(sayQueueFull, 1, "", nil)
	case DropClosed:
		c.report.say(sayClosed, 1, "", nil)
	}
}

// fillIn sets what the event leaves to the Config and the clock.
func (c *Client) fillIn(event *Event) {
	if event.AppID == "" {
		event.AppID = c.envelope.appID
	}
	if event.DeviceID == "" {
		event.DeviceID = c.envelope.deviceID
	}
	if event.TimestampMs <= 0 {
		// gateway: such a timestamp is rejected.
		event.TimestampMs = time.Now().UnixMilli()
	}
}

// own gives the event all of its properties in Attrs, in the order in which they
// are encoded, and none of its caller's memory.
func (e *Event) own() {
	attrs := make([]slog.Attr, 0, len(e.Properties)+len(e.Attrs))
	for key, v := range e.Properties {
		attrs = append(attrs, slog.Any(key, v))
	}
	slices.SortFunc(attrs, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
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
	return c.beforeTrack(ctx, event)
}

// Flush sends all events tracked before it and waits until each is settled:
// delivered, or dropped and counted. It returns nil then. When a request fails
// for good (after Config.MaxRetries) it returns that error and how many events
// wait; they are kept and sent again. On an idle client it makes no request. A
// closed client returns [ErrClosed].
func (c *Client) Flush() error { return c.FlushContext(context.Background()) }

// FlushContext is Flush that stops waiting when ctx ends, with an error that
// wraps ctx's. The events are sent all the same.
func (c *Client) FlushContext(ctx context.Context) error {
	if c.queue.isClosed.Load() {
		return ErrClosed
	}
	if c.disabled {
		return nil
	}
	req := flushRequest{reply: make(chan error, 1)}
	select {
	case c.batcher.flushes <- req:
	case <-c.batcher.done:
		return ErrClosed
	case <-ctx.Done():
		return c.flushError(ctx)
	}
	select {
	case err := <-req.reply:
		return err
	case <-ctx.Done():
		return c.flushError(ctx)
	}
}

func (c *Client) flushError(ctx context.Context) error {
	return fmt.Errorf("causality: flush stopped waiting for %d events, which are still being sent: %w", c.Stats().Queued, context.Cause(ctx))
}

// Close stops taking events, sends what is left and releases everything. It
// takes at most Config.CloseTimeout; what is not delivered by then is counted as
// Closed and named in the error. Later calls return the same error.
func (c *Client) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), c.closeTimeout)
	defer cancel()
	return c.Shutdown(ctx)
}

// Shutdown is Close with a deadline of the caller's: it takes until ctx ends. If
// several goroutines close the client, the earliest deadline counts for all.
func (c *Client) Shutdown(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok {
		c.transport.closeAt(deadline)
	}
	c.closing.Do(func() {
		c.queue.close()
		close(c.batcher.closing)
	})
	select {
	case <-c.batcher.done:
	case <-ctx.Done():
		c.abandoned.Do(func() { c.batcher.abandon <- context.Cause(ctx) })
		<-c.batcher.done
	}
	c.report.close(ctx)
	c.transport.release()
	return c.batcher.closeErr
}

// Stats returns a consistent snapshot of what became of the tracked events.
func (c *Client) Stats() Stats { return c.ledger.snapshot() }

// Format implements fmt.Formatter for every verb: a Client shows its Stats, not
// its insides.
func (c *Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// String shows the Client's counts.
func (c *Client) String() string {
	if c == nil {
		return "causality.Client(nil)"
	}
	s := c.Stats()
	return fmt.Sprintf("causality.Client{Tracked: %d, Delivered: %d, Dropped: %d, Queued: %d}", s.Tracked, s.Delivered, s.Dropped.Total(), s.Queued)
}

// LogValue implements slog.LogValuer: a Client is logged as its counts.
func (c *Client) LogValue() slog.Value { return slog.StringValue(c.String()) }
