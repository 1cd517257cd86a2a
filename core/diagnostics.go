package causality

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// kinds of diagnostic lines.
type line uint8

const (
	sayQueueFull line = iota
	sayInvalid
	sayClosed
	sayProperty
	sayRenamed
	sayUnfit
	sayRejected
	sayPaused
	sayResumed
	sayLost
	sayPlainHTTP
	sayDryRun
	sayHookPanic
	sayIdentityPanic
	sayNilClient
	sayKeyForm
	sayOnErrorPanic
	sayNested
	sayAdapter
	lines
)

// What each line says: what happened, and what to do about it.
var lineText = [lines]struct {
	level   slog.Level
	message string
}{
	sayQueueFull:     {slog.LevelError, "causality: events dropped, the queue is full; is the gateway keeping up? Config.MaxQueueBytes bounds it"},
	sayInvalid:       {slog.LevelError, "causality: invalid event dropped; mend the call that tracks it"},
	sayClosed:        {slog.LevelWarn, "causality: events dropped, they were tracked after Close; close the client last"},
	sayProperty:      {slog.LevelWarn, "causality: properties left out; Config.ReplaceAttr panicked on them, the log line is broken, or its logger has over 10000 attributes bound"},
	sayRenamed:       {slog.LevelWarn, "causality: property renamed, the event itself uses its name; rename it where it is logged"},
	sayUnfit:         {slog.LevelWarn, "causality: properties left out, the typed payload has no field for them; log them on an event of another type, or switch Config.TypedPayloads off"},
	sayRejected:      {slog.LevelError, "causality: the gateway rejected events, which are dropped"},
	sayPaused:        {slog.LevelWarn, "causality: events cannot be delivered; they are kept and tried again"},
	sayResumed:       {slog.LevelInfo, "causality: events are delivered again"},
	sayLost:          {slog.LevelError, "causality: closed with events undelivered, which are lost; allow Close more time with Config.CloseTimeout"},
	sayPlainHTTP:     {slog.LevelWarn, "causality: Endpoint is plain http to another host, so the API key and the events travel unencrypted; use https"},
	sayDryRun:        {slog.LevelWarn, "causality: events are printed and not sent, because of Config.DryRun or CAUSALITY_DRY_RUN; unset it where events matter"},
	sayOnErrorPanic:  {slog.LevelError, "causality: Config.OnError panicked; mend it"},
	sayHookPanic:     {slog.LevelError, "causality: events dropped, Config.BeforeTrack panicked; mend it"},
	sayIdentityPanic: {slog.LevelError, "causality: Config.Identity panicked, its events say less of whom they are about; fix it"},
	sayNilClient:     {slog.LevelWarn, "causality: events are tracked with a nil *Client, which does nothing; make one with causality.New"},
	sayKeyForm:       {slog.LevelWarn, "causality: APIKey is not 64 lower-case hex digits, as the gateway's keys are; is it the right one?"},
	sayNested:        {slog.LevelWarn, "causality: events dropped, a function that the client calls has tracked them, and would be called for them again; track them elsewhere"},
	sayAdapter:       {slog.LevelError, "causality: a logger adapter cannot work"},
}

func init() {
	diagnostic.Say = func(client any, message string) {
		if c := client.(*Client); c != nil {
			c.report.say(sayAdapter, 1, message, nil)
		}
	}
	diagnostic.PropertyDropped = func(client any, n int) {
		if c := client.(*Client); c != nil {
			c.ledger.properties(PropertyStats{Dropped: int64(n)})
			c.report.say(sayProperty, n, "", nil)
		}
	}
	diagnostic.ShowsText = func(client any) bool {
		c := client.(*Client)
		return c != nil && (c.beforeTrack != nil || c.envelope.replaceAttr != nil)
	}
	diagnostic.IsOwnMessage = func(text string) bool {
		for i := range lineText {
			if strings.Contains(text, lineText[i].message) {
				return true
			}
		}
		return false
	}
	diagnostic.CloseTimeout = func(client any) time.Duration {
		if c := client.(*Client); c != nil {
			return c.closeTimeout
		}
		return 0
	}
}

const (
	// lineEvery is the shortest time between two lines of a kind.
	lineEvery = 10 * time.Second
	// maxErrors is how many errors wait for OnError before they merge.
	maxErrors = 100
)

// reporter tells the user what became of events, without ever making the teller
// wait: lines and errors are written by a goroutine that lives only while there
// are some.
type reporter struct {
	logger  *slog.Logger
	onError func(error)
	ctx     context.Context

	mu      sync.Mutex
	pending [lines]pendingLine
	errs    []error
	merged  int // errors merged into the last of errs
	running bool
	kick    chan struct{} // size 1: look again
	urgent  bool          // Close asks: the next round writes what waits
	closed  bool          // lines do not wait for their time, but for one more
	begun   int           // rounds of run
	ended   int
	round   *sync.Cond // signalled when a round has ended
}

// pendingLine is what has happened since the last line of its kind.
type pendingLine struct {
	count  int
	detail string // of the newest
	err    error
	waits  int64
	next   time.Time // not before
}

func newReporter(cfg *Config) *reporter {
	r := &reporter{
		logger:  cfg.Logger,
		onError: cfg.OnError,
		ctx:     diagnostic.NewContext(context.Background()),
		kick:    make(chan struct{}, 1),
	}
	r.round = sync.NewCond(&r.mu)
	return r
}

// say counts n occurrences towards the next line of a kind.
func (r *reporter) say(kind line, n int, detail string, err error) {
	// A key from outside may be long, and either may be memory of the caller's.
	detail = strings.Clone(cutAtRune(detail, maxEventTypeBytes))
	r.mu.Lock()
	p := &r.pending[kind]
	p.count += n
	if detail != "" || err != nil {
		p.detail, p.err = detail, err
	}
	// Else the line waits for its time already.
	if p.count == n || r.closed && !time.Now().Before(p.next) {
		r.startLocked()
	}
	r.mu.Unlock()
}

// properties reports what became of an event's properties.
func (r *reporter) properties(e *encoder) {
	if e.dropped > 0 {
		r.say(sayProperty, e.dropped, "", nil)
	}
	if e.renamed > 0 {
		r.say(sayRenamed, e.renamed, e.renamedKey, nil)
	}
	if e.unfit > 0 {
		r.say(sayUnfit, e.unfit, e.unfitKey, nil)
	}
}

// failed reports that events wait because of err.
func (r *reporter) failed(err error, waits int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &r.pending[sayPaused]
	p.count++
	p.err, p.waits = err, waits
	r.errorLocked(fmt.Errorf("causality: %d events wait and will be sent again: %w", waits, err))
	r.startLocked()
}

// rejected reports that the gateway refused an event for good.
func (r *reporter) rejected(eventType string, err error) {
	r.say(sayRejected, 1, eventType, err)
	r.error(fmt.Errorf("causality: event %q is dropped: %w", eventType, err))
}

func (r *reporter) resumed(after time.Duration) {
	r.say(sayResumed, 1, after.Round(time.Millisecond).String(), nil)
}

// lost reports the events that Close had no time for, and returns the error
// that Close returns.
func (r *reporter) lost(events int64, why error) error {
	r.say(sayLost, int(events), "", why)
	err := fmt.Errorf("%w with %d events undelivered, which are lost: %w", ErrClosed, events, why)
	r.error(err)
	return err
}

func (r *reporter) error(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.errorLocked(err)
	r.startLocked()
}

func (r *reporter) errorLocked(err error) {
	if r.onError == nil {
		return
	}
	if len(r.errs) < maxErrors {
		r.errs = append(r.errs, err)
		return
	}
	r.errs[maxErrors-1] = err
	r.merged++
}

func (r *reporter) startLocked() {
	if r.running {
		notify(r.kick)
		return
	}
	r.running = true
	go r.run()
}

// run writes what is ready and waits for what is not, until nothing is left.
func (r *reporter) run() {
	for {
		r.mu.Lock()
		r.begun++
		errs, merged := r.errs, r.merged
		r.errs, r.merged = nil, 0
		ready, wait := r.takeLocked(time.Now())
		r.running = len(errs) > 0 || len(ready) > 0 || wait > 0 && !r.closed
		if !r.running {
			r.endRoundLocked()
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		for _, l := range ready {
			r.write(l)
			if l.kind == sayQueueFull && r.onError != nil {
				r.callOnError(fmt.Errorf("%w: %d events dropped", ErrQueueFull, l.count))
			}
		}
		for i, err := range errs {
			if merged > 0 && i == len(errs)-1 {
				err = fmt.Errorf("%w (and %d errors before it)", err, merged)
			}
			r.callOnError(err)
		}
		r.mu.Lock()
		r.endRoundLocked()
		r.mu.Unlock()
		if len(errs) == 0 && len(ready) == 0 {
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-r.kick:
			}
			timer.Stop()
		}
	}
}

func (r *reporter) endRoundLocked() {
	r.ended = r.begun
	r.round.Broadcast()
}

type readyLine struct {
	kind line
	pendingLine
}

// takeLocked returns the lines that may be written now, and how long the others
// must wait; 0 when there are none. When it is urgent none must.
func (r *reporter) takeLocked(now time.Time) (ready []readyLine, wait time.Duration) {
	for kind := range r.pending {
		p := &r.pending[kind]
		switch left := p.next.Sub(now); {
		case p.count == 0:
		case left <= 0 || r.urgent:
			ready = append(ready, readyLine{line(kind), *p})
			*p = pendingLine{next: now.Add(lineEvery)}
		case wait == 0 || left < wait:
			wait = left
		}
	}
	r.urgent = false
	return ready, wait
}

func (r *reporter) write(l readyLine) {
	defer func() { _ = recover() }() // the handler is the user's
	attrs := make([]slog.Attr, 0, 4)
	switch l.kind {
	case sayPaused:
		attrs = append(attrs, slog.Int("failures", l.count), slog.Int64("waiting", l.waits))
	case sayResumed:
		attrs = append(attrs, slog.String("after", l.detail))
	case sayProperty, sayRenamed, sayUnfit:
		attrs = append(attrs, slog.Int("count", l.count))
		if l.detail != "" {
			attrs = append(attrs, slog.String("property", l.detail))
		}
	case sayAdapter:
		attrs = append(attrs, slog.String("reason", l.detail))
	case sayDryRun, sayKeyForm:
	case sayPlainHTTP:
		attrs = append(attrs, slog.String("endpoint", l.detail))
	default:
		attrs = append(attrs, slog.Int("count", l.count))
		if l.detail != "" {
			attrs = append(attrs, slog.String("event_type", l.detail))
		}
	}
	if l.err != nil {
		attrs = append(attrs, slog.String("reason", l.err.Error()))
	}
	text := lineText[l.kind]
	logger := r.logger
	if logger == nil {
		// Not before: a default that was in force when the client was made may
		// write through another that is in force now.
		logger = slog.Default()
	}
	usercode.Call(func() { logger.LogAttrs(r.ctx, text.level, text.message, attrs...) })
}

func (r *reporter) callOnError(err error) {
	defer func() {
		if p := recover(); p != nil {
			r.say(sayOnErrorPanic, 1, "", fmt.Errorf("panic: %v", p))
		}
	}()
	usercode.Call(func() { r.onError(err) })
}

// lastWords is what Close allows the user's Logger and OnError to take when it
// has no time left.
const lastWords = 100 * time.Millisecond

// close writes what waits and returns when it is written, or when ctx ends, but
// for the last words. It does not wait for what comes later: events tracked
// after Close have lines of their own, for which no goroutine waits.
func (r *reporter) close(ctx context.Context) {
	if ctx.Err() != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), lastWords)
		defer cancel()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.urgent = true, r.running
	notify(r.kick)
	next := r.begun + 1 // the present round may have taken its lines already
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock() // else it may fall between the look at ctx and the wait
		defer r.mu.Unlock()
		r.round.Broadcast()
	})
	defer stop()
	for r.running && r.ended < next && ctx.Err() == nil {
		r.round.Wait()
	}
}
