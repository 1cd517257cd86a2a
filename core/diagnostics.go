package causality

import (
	"log/slog"
	"strings"
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
	sayCollided
	sayRejected
	sayFailed
	sayUnknown
	sayUnknownReused
	sayResumed
	sayLost
	sayLostLate
	sayPlainHTTP
	sayDryRun
	sayHookPanic
	sayIdentityPanic
	sayNilClient
	sayKeyForm
	sayOnErrorPanic
	sayNested
	sayOnDropPanic
	sayMissedDrops
	saySpool
	sayDamaged
	sayKept
	sayAdapter
	lines
)

// What each line says: what happened, and what to do about it.
var lineText = [lines]struct {
	level   slog.Level
	message string
}{
	sayQueueFull:     {slog.LevelError, "causality: events dropped, the queue is full; is the gateway keeping up? Config.MaxQueueBytes bounds it, and Config.Spool.MaxBytes the spool"},
	sayInvalid:       {slog.LevelError, "causality: invalid event dropped; fix the call that tracks it"},
	sayClosed:        {slog.LevelWarn, "causality: events dropped, they were tracked after Close; close the client last"},
	sayProperty:      {slog.LevelWarn, "causality: properties left out; Config.ReplaceAttr panicked on them, the log line is broken, or its logger has over 10000 attributes bound"},
	sayRenamed:       {slog.LevelWarn, "causality: property renamed, the event itself uses its name; rename it where it is logged"},
	sayCollided:      {slog.LevelWarn, "causality: properties left out, others have the same names once groups and dots are written with _; rename them where they are logged"},
	sayUnfit:         {slog.LevelWarn, "causality: properties left out, the typed payload has no field for them; log them on an event of another type, or switch Config.TypedPayloads off"},
	sayRejected:      {slog.LevelError, "causality: the gateway rejected events, which are dropped"},
	sayFailed:        {slog.LevelWarn, "causality: events cannot be delivered; they are kept and tried again"},
	sayUnknownReused: {slog.LevelWarn, "causality: a request ended without a clear answer; its events are sent again under the same keys, and some may never be stored; Config.ReuseKeys chose that"},
	sayUnknown:       {slog.LevelWarn, "causality: a request ended without a clear answer; its events are sent again under new keys and may be stored twice, with the same id"},
	sayResumed:       {slog.LevelInfo, "causality: events are delivered again"},
	sayLost:          {slog.LevelError, "causality: closed with events undelivered, which are lost; fix the reason, or keep such events with Config.Spool"},
	sayLostLate:      {slog.LevelError, "causality: closed with events undelivered, which are lost; allow Close more time with Config.CloseTimeout"},
	sayPlainHTTP:     {slog.LevelWarn, "causality: Endpoint is plain http to another host, so the API key and the events travel unencrypted; use https"},
	sayDryRun:        {slog.LevelWarn, "causality: events are printed and not sent, because of Config.DryRun or CAUSALITY_DRY_RUN; unset it where events matter"},
	sayOnErrorPanic:  {slog.LevelError, "causality: Config.OnError panicked; fix it"},
	sayOnDropPanic:   {slog.LevelError, "causality: Config.OnDrop panicked; fix it"},
	sayMissedDrops:   {slog.LevelError, "causality: Config.OnDrop was not called for all dropped events; it is too slow for so many"},
	sayHookPanic:     {slog.LevelError, "causality: events dropped, Config.BeforeTrack panicked; fix it"},
	sayIdentityPanic: {slog.LevelError, "causality: Config.Identity panicked, so events lack the identity that it would have given; fix it"},
	sayNilClient:     {slog.LevelWarn, "causality: events are tracked with a nil *Client, which does nothing; make one with causality.New"},
	sayKeyForm:       {slog.LevelWarn, "causality: APIKey is not 64 lower-case hex digits, as the gateway's keys are; is it the right one?"},
	sayNested:        {slog.LevelWarn, "causality: events dropped, because a function that the client calls tracked them and would be called for them again; track them elsewhere"},
	saySpool:         {slog.LevelWarn, "causality: the spool on disk has trouble; what cannot be written waits in memory, and the spool is tried again"},
	sayDamaged:       {slog.LevelError, "causality: a file of the spool is damaged and events in it are lost; the file is kept as it is"},
	sayKept:          {slog.LevelInfo, "causality: closed with events undelivered, which wait in the spool; the next process with the same Config.Spool.Dir sends them"},
	sayAdapter:       {slog.LevelError, "causality: a logger adapter cannot work"},
}

// theRest follows the message of a line that Close writes within lineEvery of the last
// one of its kind.
const theRest = " (the rest, at Close)"

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
		return c != nil && (c.beforeTrack != nil || c.envelope.ReplacesAttrs())
	}
	diagnostic.TakesBound = func(client any) bool {
		c := client.(*Client)
		return c != nil && c.beforeTrack == nil && c.envelope.TakesBound()
	}
	diagnostic.IsOwnMessage = func(text string) bool {
		for i := range lineText {
			if strings.Contains(text, lineText[i].message) {
				return true
			}
		}
		return false
	}
	diagnostic.LastChanceOf = func(client any) *diagnostic.LastChance {
		if c := client.(*Client); c != nil {
			return &c.lastChance
		}
		return nil
	}
	diagnostic.CloseTimeout = func(client any) time.Duration {
		if c := client.(*Client); c != nil {
			return c.closeTimeout
		}
		return 0
	}
}

func (r *reporter) write(l readyLine) {
	defer func() { _ = recover() }() // the handler is the user's
	details, reasons := l.causes.Texts()
	attrs := make([]slog.Attr, 0, 4)
	addDetails := func(key string) {
		if details != "" {
			attrs = append(attrs, slog.String(key, details))
		}
	}
	switch l.kind {
	case sayFailed:
		attrs = append(attrs, slog.Int("failures", l.count), slog.Int64("waiting", l.waits))
	case sayResumed:
		addDetails("after")
	case sayProperty, sayRenamed, sayUnfit, sayCollided:
		attrs = append(attrs, slog.Int("count", l.count))
		addDetails("property")
	case sayAdapter:
		addDetails("reason")
	case sayDamaged, sayKept:
		attrs = append(attrs, slog.Int("count", l.count))
		addDetails("path")
	case sayDryRun, sayKeyForm:
	case sayPlainHTTP:
		addDetails("endpoint")
	default:
		attrs = append(attrs, slog.Int("count", l.count))
		addDetails("event_type")
	}
	if reasons != "" {
		attrs = append(attrs, slog.String("reason", reasons))
	}
	text := lineText[l.kind]
	if l.isEarly {
		text.message += theRest
	}
	logger := r.logger
	if logger == nil {
		// Not before: a default that was in force when the client was made may
		// write through another that is in force now.
		logger = slog.Default()
	}
	usercode.Call(func() { logger.LogAttrs(r.ctx, text.level, text.message, attrs...) })
}
