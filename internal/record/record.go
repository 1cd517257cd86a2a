// Package record holds what the logger adapters share: the one rule for which
// attributes of a log record make it an event, which say whom it is about, and
// which are its properties. An adapter turns its logger's fields into
// slog.Attrs and adds them here; nothing in this package knows a logger.
//
// A record is an event when it has, itself or bound to its logger, at whatever
// group is open,
//
//   - an attribute under an event key whose value is text, the event type: the
//     record's other attributes are the properties; or
//   - a group or object under "event" with a member "event_type" that is text: its
//     other members, and only those, are the properties. It may have been built as
//     one, or opened with WithGroup or a namespace.
//
// Text is a string, or what the line shows as one: a named string, a pointer to
// one, a Stringer, an error, a TextMarshaler, or a LogValuer that gives one of
// these. Anything else under these keys is an ordinary attribute. Where several
// event keys name a type, the first in the order of the option counts, and the
// others are ordinary attributes; of one key, the last counts. The keys user_id,
// session_id, device_id and correlation_id are lifted out wherever the event may
// stand, and become the Identity. The member event_id of the group form is the
// event's ID.
package record

import (
	"context"
	"log/slog"
	"slices"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// Record collects one log record, between Begin and End. It takes no copies: what
// is added must stay as it is until Track returns. It keeps its memory for the next
// record, so adapters pool it, or what it is a part of. It is not safe for
// concurrent use.
type Record struct {
	rules *Rules
	scope *Scope
	found found
	// arena holds the groups of the scope around the record's attributes.
	arena []slog.Attr
}

// Begin begins a record of a logger with the given scope.
func (r *Record) Begin(rules *Rules, scope *Scope) {
	r.rules, r.scope, r.found.group = rules, scope, scope.eventGroup()
}

// End forgets the record.
func (r *Record) End() {
	if max(cap(r.arena), cap(r.found.attrs), cap(r.found.members)) > maxKept {
		*r = Record{}
		return
	}
	clear(r.arena)
	r.arena = r.arena[:0]
	r.found.reset()
	r.rules, r.scope = nil, nil
}

// maxKept is the most attributes whose memory is kept for the next record: those
// of a logger that has MaxBound of them, and a line's own.
const maxKept = 2 * MaxBound

// Add adds one attribute of the record, at the groups that its scope has open.
func (r *Record) Add(key string, v slog.Value) { r.found.add(r.rules, key, v) }

// Track tracks the record if it is an event. message is that of its line. The zero
// time means now. ctx may be nil.
func (r *Record) Track(ctx context.Context, client *causality.Client, at time.Time, message string) {
	bound := r.scope.event()
	event := r.found.settle(bound)
	if event.form == none {
		return
	}
	// The client's own log lines never become events, or a lost event would make
	// another. Some loggers and handlers pass on no context.
	if isOwn(ctx) || diagnostic.IsOwnLine(message) {
		return
	}
	e := causality.Event{EventType: event.eventType, ID: event.id}
	if event.form == openForm {
		e.ID = r.found.id
	}
	switch {
	case event.form != groupForm:
		e.Attrs = r.properties(client, event.group)
		if n := r.scope.omits(); n > 0 {
			diagnostic.PropertyDropped(client, n)
		}
	case event == bound:
		// Bound members are shared by all records, and Config.BeforeTrack may
		// change what it is given.
		r.arena = append(r.arena, event.members...)
		e.Attrs = r.arena
	default:
		e.Attrs = event.members
	}
	// What Config.BeforeTrack appends must not stay in the record's memory.
	e.Attrs = slices.Clip(e.Attrs)
	identify(&e, &event.identity)
	identify(&e, &r.found.identity)
	identify(&e, r.scope.identity())
	if !at.IsZero() {
		e.TimestampMs = at.UnixMilli()
	}
	client.TrackContext(ctx, e)
}

// identify sets what e does not say yet of whom it is about.
func identify(e *causality.Event, id *causality.Identity) {
	if e.DeviceID == "" {
		e.DeviceID = id.DeviceID
	}
	if e.UserID == "" {
		e.UserID = id.UserID
	}
	if e.SessionID == "" {
		e.SessionID = id.SessionID
	}
	if e.CorrelationID == "" {
		e.CorrelationID = id.CorrelationID
	}
}

// isOwn reports whether ctx marks a line of the client's own. A context may be of
// a type of the user's, and panic, as a nil *gin.Context does, or log.
func isOwn(ctx context.Context) (own bool) {
	if ctx == nil || ctx == context.Background() {
		return false
	}
	defer func() {
		if recover() != nil {
			own = false
		}
	}()
	usercode.Try(func() { own = diagnostic.Is(ctx) })
	return own
}

// properties are the record's attributes and those of its scope, up to the group that
// is outermost, or all of them for nil.
func (r *Record) properties(client *causality.Client, outermost *Scope) []slog.Attr {
	if outermost == nil && r.scope != nil && diagnostic.TakesBound(client) {
		if bound := r.scope.begin(); bound != nil {
			r.found.attrs = append(r.found.attrs, bound.Attr())
			return r.found.attrs
		}
	}
	return r.nest(outermost)
}

// nest puts the record's attributes into the groups of its scope, beside what is
// bound there, up to the group that is outermost, or all of them for nil. The
// groups are built in the record's own memory, and each bound attribute is copied
// once.
func (r *Record) nest(outermost *Scope) []slog.Attr {
	inner := r.found.attrs
	for s := r.scope; s != outermost; {
		start := len(r.arena)
		if s.group != "" {
			if len(inner) > 0 { // a group without members vanishes
				r.arena = append(r.arena, slog.Attr{Key: s.group, Value: slog.GroupValue(inner...)})
				inner = r.arena[start:len(r.arena):len(r.arena)]
			}
			s = s.parent
			continue
		}
		// The list begins with what was bound last, so the level is filled from
		// its end.
		at := s.level
		n := at + len(inner)
		r.arena = slices.Grow(r.arena, n)[:start+n]
		level := r.arena[start : start+n : start+n]
		copy(level[at:], inner)
		for ; s != outermost && s.group == ""; s = s.parent {
			at -= len(s.attrs)
			copy(level[at:], s.attrs)
		}
		inner = level
	}
	return inner
}
