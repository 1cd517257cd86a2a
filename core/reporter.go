package causality

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/tally"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

const (
	// lineEvery is the shortest time between two lines with the same message.
	lineEvery = 10 * time.Second
	// maxErrors is how many errors wait for OnError before they merge.
	maxErrors = 100
	// maxDrops is how many dropped events wait for OnDrop, of maxDropBytes at
	// most, before others are left out.
	maxDrops     = 10_000
	maxDropBytes = 4 << 20
	// lastWords is what Close allows the user's functions to take when it has no
	// time left.
	lastWords = 100 * time.Millisecond
	// lastDrops is the same where OnDrop is given what is lost.
	lastDrops = 2 * time.Second
)

// reporter calls the user's Logger, OnError and OnDrop, on a goroutine that lives
// only while there is something to say. Nobody who reports waits for them. One that
// panics or exits its goroutine costs that call alone.
type reporter struct {
	logger  *slog.Logger
	onError func(error)
	onDrop  func(DroppedEvent)
	ctx     context.Context

	mu        sync.Mutex
	pending   [lines]pendingLine
	errs      []error
	merged    int // errors merged into the last of errs
	drops     []drop
	dropBytes int
	running   bool
	kick      chan struct{} // size 1: look again
	urgent    bool          // Close asks: the next round writes what waits
	closed    bool          // lines do not wait for their time, but for one more
	isLast    bool          // Close has said what is lost: no more of failures
	begun     int           // rounds of run
	ended     int
	round     *sync.Cond // signalled when a round has ended

	work []func() // what is left of the round; run's own
}

// pendingLine is what has happened since the last line of its kind.
type pendingLine struct {
	count  int
	causes tally.Tally
	waits  int64     // events, at the newest failure
	next   time.Time // not before
}

func newReporter(cfg *Config) *reporter {
	r := &reporter{
		logger:  cfg.Logger,
		onError: cfg.OnError,
		onDrop:  cfg.OnDrop,
		ctx:     diagnostic.NewContext(context.Background()),
		kick:    make(chan struct{}, 1),
	}
	r.round = sync.NewCond(&r.mu)
	return r
}

// say counts n occurrences for the next line of this kind.
func (r *reporter) say(kind line, n int, detail string, err error) {
	reason := reasonOf(err)
	r.mu.Lock()
	p := &r.pending[kind]
	p.count += n
	p.causes.Add(n, detail, reason)
	// Else the line waits for its time already.
	if p.count == n || r.closed && !time.Now().Before(p.next) {
		r.startLocked()
	}
	r.mu.Unlock()
}

// reasonOf is what a log line says of an error. It has the gateway's words alone of a
// rejected event, whose id differs for each.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	if rejected := (*RejectedError)(nil); errors.As(err, &rejected) {
		return rejected.Reason
	}
	return err.Error()
}

// properties reports what became of an event's properties.
func (r *reporter) properties(l *envelope.Loss) {
	if l.Dropped > 0 {
		r.say(sayProperty, l.Dropped, "", nil)
	}
	if l.Renamed > 0 {
		r.say(sayRenamed, l.Renamed, l.RenamedKey, nil)
	}
	if l.Collided > 0 {
		r.say(sayCollided, l.Collided, l.CollidedKey, nil)
	}
	if l.Unfit > 0 {
		r.say(sayUnfit, l.Unfit, l.UnfitKey, nil)
	}
}

// failed reports a failed request, whose events wait.
func (r *reporter) failed(err error, waits int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.isLast {
		return
	}
	p := &r.pending[sayFailed]
	p.count++
	p.causes.Add(1, "", reasonOf(err))
	p.waits = waits
	if r.onError != nil {
		err = fmt.Errorf("causality: %d events wait and will be sent again: %w", waits, err)
		if len(r.errs) < maxErrors {
			r.errs = append(r.errs, err)
		} else {
			r.errs[maxErrors-1] = err
			r.merged++
		}
	}
	r.startLocked()
}

// unknown reports that the outcome of a request is not known.
func (r *reporter) unknown(events int, reuseKeys bool, err error) {
	kind := sayUnknown
	if reuseKeys {
		kind = sayUnknownReused
	}
	r.say(kind, events, "", err)
}

func (r *reporter) resumed(after time.Duration) {
	r.say(sayResumed, 1, after.Round(time.Millisecond).String(), nil)
}

// What each reason says in the log; the others are not losses.
var dropLines = map[DropReason]line{
	DropQueueFull: sayQueueFull,
	DropInvalid:   sayInvalid,
	DropRejected:  sayRejected,
	DropClosed:    sayClosed,
}

// dropped reports an event that will not be delivered. It copies what it keeps of
// encoded, which may be nil. missed is 1 if OnDrop will not be called for it,
// though it would like to be.
func (r *reporter) dropped(why DropReason, eventType string, encoded []byte, err error) (missed int64) {
	kind, isLoss := dropLines[why]
	if !isLoss {
		return 0
	}
	if why == DropQueueFull || why == DropClosed {
		r.say(kind, 1, "", nil) // the line is about all of them
	} else {
		r.say(kind, 1, eventType, err)
	}
	if r.onDrop == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.drops) >= maxDrops || r.dropBytes+len(encoded) > maxDropBytes {
		return r.missedLocked(1)
	}
	r.dropBytes += len(encoded)
	r.drops = append(r.drops, drop{why, strings.Clone(eventType), bytes.Clone(encoded), err})
	r.startLocked()
	return 0
}

func (r *reporter) missedLocked(n int) int64 {
	r.pending[sayMissedDrops].count += n
	r.startLocked()
	return int64(n)
}

// lost reports the events that Close had no time for, and the failure that kept them
// back, or nil. OnDrop is given each, in memory that is not used again: they may be as
// many as the queue holds.
func (r *reporter) lost(events int64, why, failure error, left []*batch, err error) {
	kind := sayLost
	if moreTimeHelps(failure) {
		kind = sayLostLate
	}
	r.mu.Lock()
	r.isLast = true
	r.pending[sayFailed], r.pending[sayUnknown], r.pending[sayUnknownReused] = pendingLine{}, pendingLine{}, pendingLine{}
	if r.onDrop != nil {
		for _, bt := range left {
			for i := range bt.len() {
				r.drops = append(r.drops, drop{why: DropClosed, encoded: slices.Clip(bt.event(i)), err: err})
			}
		}
	}
	r.mu.Unlock()
	r.say(kind, int(events), "", why)
}

// moreTimeHelps reports whether Close would have sent more events in more time: the
// gateway took all that it got, or was slow. failure is the newest since it took any.
func moreTimeHelps(failure error) bool {
	if answered := (*GatewayError)(nil); errors.As(failure, &answered) {
		return answered.StatusCode == http.StatusTooManyRequests
	}
	return failure == nil || errors.Is(failure, context.DeadlineExceeded)
}

func (r *reporter) startLocked() {
	if r.running {
		notify(r.kick)
		return
	}
	r.running = true
	go r.run()
}

// run says what is ready and waits for what is not, until nothing is left.
func (r *reporter) run() {
	isDone := false
	defer func() {
		if !isDone {
			go r.run() // the user's function exited this goroutine; do the rest
		}
	}()
	for {
		for len(r.work) > 0 {
			do := r.work[0]
			r.work = r.work[1:]
			do()
		}
		wait, ok := r.takeRound()
		switch {
		case !ok:
			isDone = true
			return
		case len(r.work) == 0:
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-r.kick:
			}
			timer.Stop()
		}
	}
}

// takeRound ends a round and begins the next: it puts what is ready into work, and
// returns how long the rest must wait. ok is false if there is nothing.
func (r *reporter) takeRound() (wait time.Duration, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.begun
	r.round.Broadcast()
	ready, wait := r.readyLocked(time.Now())
	for _, l := range ready {
		r.work = append(r.work, func() { r.write(l) })
	}
	for i, err := range r.errs {
		if r.merged > 0 && i == len(r.errs)-1 {
			err = fmt.Errorf("%w (and %d errors before it)", err, r.merged)
		}
		r.work = append(r.work, func() { r.call(sayOnErrorPanic, func() { r.onError(err) }) })
	}
	for _, d := range r.drops {
		r.work = append(r.work, func() { r.call(sayOnDropPanic, func() { r.onDrop(d.event()) }) })
	}
	r.errs, r.merged, r.drops, r.dropBytes = nil, 0, nil, 0
	r.begun++
	r.running = len(r.work) > 0 || wait > 0 && !r.closed
	if !r.running {
		r.ended = r.begun
		r.round.Broadcast()
	}
	return wait, r.running
}

// readyLocked takes the lines that may be written now, and returns how long the
// others must wait; 0 when there are none. When it is urgent none must: they say that
// they are the rest. That the gateway was away a moment ago is no news then.
func (r *reporter) readyLocked(now time.Time) (ready []readyLine, wait time.Duration) {
	for kind := range r.pending {
		p := &r.pending[kind]
		switch left := p.next.Sub(now); {
		case p.count == 0:
		case left > 0 && r.urgent && (line(kind) == sayFailed || line(kind) == sayResumed):
			*p = pendingLine{next: p.next}
		case left <= 0 || r.urgent:
			ready = append(ready, readyLine{line(kind), *p, left > 0})
			*p = pendingLine{next: now.Add(lineEvery)}
		case wait == 0 || left < wait:
			wait = left
		}
	}
	r.urgent = false
	return ready, wait
}

type readyLine struct {
	kind line
	pendingLine
	isEarly bool // Close does not wait for its time
}

// call calls a function of the user's.
func (r *reporter) call(kind line, f func()) {
	defer func() {
		if p := recover(); p != nil {
			r.say(kind, 1, "", fmt.Errorf("panic: %s", panicText(p)))
		}
	}()
	usercode.Call(f)
}

// onReporter reports whether the caller is a function of the user's that the
// reporter calls.
func onReporter() bool {
	return diagnostic.OnStack("github.com/SebastienMelki/causality/sdk/go/core.(*reporter).")
}

// close writes what waits and returns when it is written, or when ctx ends, but
// for the last words. It does not wait for what comes later: events tracked
// after Close have lines of their own, for which no goroutine waits.
func (r *reporter) close(ctx context.Context) {
	if ctx.Err() != nil {
		wait := lastWords
		if r.onDrop != nil {
			wait = lastDrops
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.Background(), wait)
		defer cancel()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed, r.urgent = true, r.running
	notify(r.kick)
	r.waitLocked(ctx)
}

// written returns when what was said before is written, or soon.
func (r *reporter) written() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waitLocked(ctx)
}

// waitLocked waits for the end of the next round, or of ctx.
func (r *reporter) waitLocked(ctx context.Context) {
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
