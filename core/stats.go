package causality

import "time"

// Stats is a consistent snapshot of what became of the tracked events. At any
// moment
//
//	Tracked == Delivered + Dropped.Total() + Queued
//
// All counts are of events since New, except where a field says otherwise. The
// JSON form suits expvar:
//
//	expvar.Publish("causality", expvar.Func(func() any { return client.Stats() }))
type Stats struct {
	// Tracked counts the calls of Track.
	Tracked uint64 `json:"tracked"`
	// Delivered counts the events that the gateway answered as accepted.
	Delivered uint64 `json:"delivered"`
	// Dropped counts the events that will never be delivered, by reason.
	Dropped Drops `json:"dropped"`
	// Queued is how many events wait or are in flight now, and QueuedBytes the
	// size of them, encoded.
	Queued      int `json:"queued"`
	QueuedBytes int `json:"queued_bytes"`
	// Requests counts the HTTP requests made, repeats included; Retries counts
	// the repeats.
	Requests uint64 `json:"requests"`
	Retries  uint64 `json:"retries"`
	// Uncertain counts those Delivered events that were accepted only on a
	// repeat, after a request whose outcome nobody knows. The gateway may have
	// taken the repeat for a duplicate of events that it never stored; see
	// Config.AtLeastOnce.
	Uncertain uint64 `json:"uncertain"`
	// Properties counts property values, not events.
	Properties PropertyStats `json:"properties"`
	// Paused says that delivery waits: after failed requests the client sends
	// one probe at a time, after 5, 10 … 60 seconds, until one is answered.
	Paused bool `json:"paused"`
	// LastError is the newest delivery error and LastErrorAt its time; "" and
	// the zero time when there was none.
	LastError   string    `json:"last_error,omitempty"`
	LastErrorAt time.Time `json:"last_error_at,omitzero"`
}

// Drops counts dropped events by reason.
type Drops struct {
	// QueueFull: Config.MaxQueueBytes were waiting.
	QueueFull uint64 `json:"queue_full"`
	// Invalid: no event type, too large, a time past the year 9999 or a bad
	// AppID.
	Invalid uint64 `json:"invalid"`
	// Filtered: Config.BeforeTrack said no.
	Filtered uint64 `json:"filtered"`
	// Disabled: the client is disabled by Config.Disabled, or prints its events
	// for Config.DryRun.
	Disabled uint64 `json:"disabled"`
	// Rejected: the gateway refused the event for good.
	Rejected uint64 `json:"rejected"`
	// Closed: tracked after Close, or still undelivered when Close ran out of
	// time.
	Closed uint64 `json:"closed"`
}

// Total is the sum of all reasons.
func (d Drops) Total() uint64 {
	return d.QueueFull + d.Invalid + d.Filtered + d.Disabled + d.Rejected + d.Closed
}

// PropertyStats counts property values that did not arrive as they were given.
type PropertyStats struct {
	// Dropped counts values that were left out because Config.ReplaceAttr
	// panicked on them, because the typed payload of their event has no field
	// for them (Config.TypedPayloads), or because the log line that held them
	// was broken. A value that
	// Config.ReplaceAttr removed on purpose is not counted, nor is nil.
	Dropped uint64 `json:"dropped"`
	// Renamed counts properties whose name was taken by the identity or by the
	// server context, as user_id by Event.UserID; they arrive as user_id_2.
	Renamed uint64 `json:"renamed"`
}
