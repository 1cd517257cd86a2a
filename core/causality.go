package causality

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/dryrun"
	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

// Client sends events to a Causality gateway. It is safe for concurrent use; a
// service has one. Make it with [New] and close it with [Client.Close] last,
// after everything that tracks. The methods of a nil *Client do nothing, so that
// a service can run without analytics; the first event is reported in the log.
type Client struct {
	disabled     bool
	isFlat       bool // Config.Format
	closeTimeout time.Duration
	identity     func(context.Context) Identity
	asksUser     bool // identity is the user's, not IdentityFromContext
	beforeTrack  func(context.Context, Event) (Event, bool)
	attrs        []slog.Attr     // Config.Attrs, for beforeTrack
	dryRun       *dryrun.Printer // instead of the batcher; nil: events are sent

	envelope  *envelope.Envelope
	queue     *queue
	spool     *spooler // nil without Config.Spool
	ledger    *ledger
	transport *httpTransport
	batcher   *batcher
	report    *reporter

	lastChance diagnostic.LastChance // of the logger adapters

	nested    sync.Once // it is reported that a function which the client calls tracks
	closing   sync.Once
	abandoned sync.Once
	released  sync.Once
}

// New returns a Client, or an error that lists everything that is wrong with
// cfg at once. It makes no request: a gateway that is down at start-up is found
// when the first events are sent, and they are kept.
func New(cfg Config) (*Client, error) {
	asksUser := cfg.Identity != nil
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Client{
		asksUser:     asksUser,
		disabled:     cfg.Disabled,
		isFlat:       cfg.Format == FormatFlat,
		closeTimeout: cfg.CloseTimeout,
		identity:     cfg.Identity,
		beforeTrack:  cfg.BeforeTrack,
		attrs:        cfg.Attrs,
		dryRun:       dryrun.New(cfg.DryRun),
		envelope:     newEnvelope(&cfg, collectServerContext()),
		queue:        newQueue(cfg.MaxQueueBytes),
		report:       newReporter(&cfg),
	}
	c.ledger = &ledger{queue: c.queue, report: c.report}
	c.transport = newHTTPTransport(&cfg)
	hasKey := validKey(cfg.APIKey)
	cfg.APIKey = "" // the transport has it
	ready := c.queue
	if cfg.Spool.Dir != "" && !c.disabled && c.dryRun == nil {
		var err error
		if c.spool, err = openSpool(&cfg, c.queue, c.ledger, c.report); err != nil {
			return nil, err
		}
		c.ledger.spool, ready = c.spool, c.spool.ready
	}
	c.batcher = newBatcher(&cfg, c.transport, ready, c.ledger, c.report)
	if c.disabled {
		close(c.batcher.done)
		return c, nil
	}
	if loss := c.envelope.Loss(); !loss.IsNone() {
		c.countProperties(&loss)
	}
	if c.dryRun != nil {
		c.report.say(sayDryRun, 1, "", nil)
		c.report.written() // before the first event is printed
	} else {
		if !hasKey {
			c.report.say(sayKeyForm, 1, "", nil)
		}
		if isPlainRemote(cfg.Endpoint) {
			c.report.say(sayPlainHTTP, 1, cfg.Endpoint, nil)
		}
	}
	go c.batcher.flushLoop()
	c.spool.start(c.batcher)
	return c, nil
}

// newEnvelope returns what the Config says of how events are encoded.
func newEnvelope(cfg *Config, server ServerContext) *envelope.Envelope {
	o := envelope.Options{
		AppID: cfg.AppID, DeviceID: cfg.DeviceID, AppVersion: cfg.AppVersion, Server: envelope.Server(server),
		ReplaceAttr: cfg.ReplaceAttr, IsFlat: cfg.Format == FormatFlat, TypedPayloads: cfg.TypedPayloads,
	}
	if cfg.BeforeTrack == nil { // else they come with the event
		o.Attrs = cfg.Attrs
	}
	return envelope.New(o)
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

// Flush sends all events tracked before it, waits until each is settled and
// returns nil then. That does not mean that all were delivered: an event that was
// dropped when it was tracked, or that the gateway rejected, is settled too, and
// [Stats] counts it. When a request fails for good (after Config.MaxRetries) Flush
// returns that error and how many events wait; they are kept and sent again. On an
// idle client it makes no request. A closed client returns [ErrClosed].
func (c *Client) Flush() error { return c.FlushContext(context.Background()) }

// FlushContext is Flush that stops waiting when ctx ends, with an error that
// wraps ctx's. The events are sent all the same.
func (c *Client) FlushContext(ctx context.Context) error {
	if c == nil {
		return nil
	}
	if c.queue.isClosed.Load() {
		return ErrClosed
	}
	if c.disabled {
		return nil
	}
	if ctx.Err() != nil {
		return c.flushError(ctx) // and not by chance a flush
	}
	tracked := c.queue.count()
	for {
		// What the disk alone has is sent as far as it is read.
		isLast := c.spool.hasPassed(tracked)
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
			if err != nil || isLast {
				return err
			}
		case <-ctx.Done():
			return c.flushError(ctx)
		}
		c.spool.waitPassed(ctx, tracked, c.batcher.done)
	}
}

func (c *Client) flushError(ctx context.Context) error {
	return fmt.Errorf("causality: flush stopped waiting for %d events, which are still being sent: %w", c.Stats().Queued, context.Cause(ctx))
}

// Close stops taking events, sends what is left and releases everything. It
// takes at most Config.CloseTimeout; what is not delivered by then is counted as
// Closed and named in the error. Later calls return the same error.
func (c *Client) Close() error {
	if c == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), c.closeTimeout)
	defer cancel()
	return c.Shutdown(ctx)
}

// Shutdown is Close with a deadline of the caller's: it takes until ctx ends. If
// several goroutines close the client, the earliest deadline counts for all.
func (c *Client) Shutdown(ctx context.Context) error {
	if c == nil {
		return nil
	}
	fromReporter := onReporter()
	if _, ok := ctx.Deadline(); !ok && fromReporter {
		// Else this would keep the reporter for as long as the gateway is down.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.closeTimeout)
		defer cancel()
	}
	if deadline, ok := ctx.Deadline(); ok {
		c.transport.closeAt(deadline)
	}
	c.closing.Do(func() {
		c.queue.close()
		c.spool.hurry()
		close(c.batcher.closing)
	})
	select {
	case <-c.batcher.done:
	case <-ctx.Done():
		c.spool.finishWriting()
		c.abandoned.Do(func() { c.batcher.abandon <- context.Cause(ctx) })
		<-c.batcher.done
	}
	c.released.Do(func() { c.spool.close(ctx) })
	if !fromReporter { // which would wait for itself
		c.report.close(ctx)
	}
	c.transport.release()
	return c.batcher.closeErr
}

// Stats returns a consistent snapshot of what became of the tracked events.
func (c *Client) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	return c.ledger.snapshot()
}

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

// LogValue implements slog.LogValuer: a Client is logged as a group of its counts.
func (c *Client) LogValue() slog.Value {
	if c == nil {
		return slog.StringValue(c.String())
	}
	s := c.Stats()
	return slog.GroupValue(slog.Int64("tracked", s.Tracked), slog.Int64("delivered", s.Delivered),
		slog.Int64("dropped", s.Dropped.Total()), slog.Int64("queued", s.Queued))
}
