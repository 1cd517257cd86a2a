package causality

import (
	"iter"
	"time"
)

// Stats is a consistent snapshot of what became of the tracked events. At any
// moment
//
//	Tracked + Recovered == Delivered + Dropped.Total() + Queued
//
// All counts are of events since New, except where a field says otherwise. The
// JSON form has the same names in lower case; for package expvar it is
//
//	expvar.Publish("causality", expvar.Func(func() any { return client.Stats() }))
type Stats struct {
	// Tracked counts the calls of Track.
	Tracked int64 `json:"tracked"`
	// Recovered counts the events that Config.Spool held of a process that died or
	// was closed. They are counted when they are read, a piece at a time.
	Recovered int64 `json:"recovered"`
	// Delivered counts the events that the gateway answered as accepted.
	Delivered int64 `json:"delivered"`
	// Dropped counts the events that will never be delivered, by reason.
	Dropped Drops `json:"dropped"`
	// Queued is how many events wait or are in flight now, and QueuedBytes the
	// size of them, encoded.
	Queued      int64 `json:"queued"`
	QueuedBytes int64 `json:"queued_bytes"`
	// SpooledBytes is what Config.Spool takes on the disk: the events of this client,
	// and those of dead processes that it sends.
	SpooledBytes int64 `json:"spooled_bytes"`
	// Requests counts the HTTP requests made, repeats included; Retries counts
	// the repeats.
	Requests int64 `json:"requests"`
	Retries  int64 `json:"retries"`
	// Uncertain counts those Delivered events that were accepted only on a
	// repeat, after a request whose outcome nobody knows. The gateway may have
	// stored them twice, with the same id; with Config.ReuseKeys it may have
	// stored them not at all.
	Uncertain int64 `json:"uncertain"`
	// MissedDrops counts the dropped events that Config.OnDrop was not called
	// for, because it was too slow for so many.
	MissedDrops int64 `json:"missed_drops"`
	// Properties counts property values, not events.
	Properties PropertyStats `json:"properties"`
	// Paused says that the gateway stores nothing: the client sends one event at
	// a time, after 5, 10 … 60 seconds, until one is stored.
	Paused bool `json:"paused"`
	// LastError is the newest delivery error and LastErrorAt its time; "" and
	// the zero time when there was none.
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// Drops counts dropped events by reason.
type Drops struct {
	// QueueFull: Config.MaxQueueBytes were waiting.
	QueueFull int64 `json:"queue_full"`
	// Invalid: no event type, too large, a time in seconds or past the year
	// 9999, or a bad AppID or ID.
	Invalid int64 `json:"invalid"`
	// Filtered: Config.BeforeTrack said no, or a function that the client was calling
	// tracked it: see [Client.Track].
	Filtered int64 `json:"filtered"`
	// Disabled: the client is disabled by Config.Disabled, or prints its events
	// for Config.DryRun.
	Disabled int64 `json:"disabled"`
	// Rejected: the gateway refused the event for good.
	Rejected int64 `json:"rejected"`
	// Damaged: Config.Spool held the event, and the disk lost it.
	Damaged int64 `json:"damaged"`
	// Closed: tracked after Close, or still undelivered when Close ran out of
	// time.
	Closed int64 `json:"closed"`
}

// DropReason is why an event was dropped: the name that its count has in the JSON
// form of [Drops].
type DropReason string

// The reasons, each the name of a field of [Drops].
const (
	DropQueueFull DropReason = "queue_full"
	DropInvalid   DropReason = "invalid"
	DropFiltered  DropReason = "filtered"
	DropDisabled  DropReason = "disabled"
	DropRejected  DropReason = "rejected"
	DropDamaged   DropReason = "damaged"
	DropClosed    DropReason = "closed"
)

// All returns every reason with its count, zero counts too, in the order of the
// fields. A collector that ranges over it forgets none.
func (d Drops) All() iter.Seq2[DropReason, int64] {
	return func(yield func(DropReason, int64) bool) {
		for _, why := range [...]DropReason{DropQueueFull, DropInvalid, DropFiltered, DropDisabled, DropRejected, DropDamaged, DropClosed} {
			if !yield(why, *d.count(why)) {
				return
			}
		}
	}
}

// Total is the sum of all reasons.
func (d Drops) Total() (total int64) {
	for _, n := range d.All() {
		total += n
	}
	return total
}

// count is where the events dropped for a reason are counted.
func (d *Drops) count(why DropReason) *int64 {
	switch why {
	case DropQueueFull:
		return &d.QueueFull
	case DropInvalid:
		return &d.Invalid
	case DropFiltered:
		return &d.Filtered
	case DropDisabled:
		return &d.Disabled
	case DropRejected:
		return &d.Rejected
	case DropDamaged:
		return &d.Damaged
	default:
		return &d.Closed
	}
}

// PropertyStats counts property values that did not arrive as they were given.
type PropertyStats struct {
	// Dropped counts values that were left out because Config.ReplaceAttr
	// panicked on them, because the typed payload of their event has no field
	// for them (Config.TypedPayloads), because another property of the event had
	// the same name once groups and dots were written with "_", as a.b and a_b
	// have, or because the log line that held them was broken. A value that Config.ReplaceAttr removed on purpose is not
	// counted, nor is nil.
	Dropped int64 `json:"dropped"`
	// Renamed counts properties whose name was taken by the identity or by the
	// server context, as user_id by Event.UserID; they arrive as user_id_2.
	Renamed int64 `json:"renamed"`
}
