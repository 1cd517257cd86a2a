package zerologcausality

import (
	"unsafe"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// Option changes what NewHook and NewWriter do.
type Option func(*options)

type options struct {
	client *causality.Client
	rules  record.Rules
	level  zerolog.Level
	// needles are the event keys as they stand on a line: one that has none of
	// them is no event.
	needles []needle
	// copies says that what an event says may be kept beyond Track.
	copies bool
}

// WithEventKey changes the key of the field that makes a line an event. Default
// "event". The group form, which [Event] builds, stays under "event".
// An empty key changes nothing.
func WithEventKey(key string) Option {
	return func(o *options) {
		if key != "" {
			o.rules.EventKey = key
		}
	}
}

// WithLevel sets the lowest level at which a line can be an event. Default
// zerolog.InfoLevel. A line without a level (Logger.Log) can be an event at any.
// The logger's own level comes first: what it leaves out is never seen here.
func WithLevel(level zerolog.Level) Option {
	return func(o *options) { o.level = level }
}

// Event returns an object that makes its line an event with exactly the fields
// that props adds, whatever else the line carries. It stands under "event", and
// the line shows it as such. The identity fields (user_id and so on) may be
// among them. props may be nil.
//
//	logger.Info().Object("event", zerologcausality.Event("purchase_complete", func(e *zerolog.Event) {
//		e.Str("order_id", "o-42")
//	})).Msg("order placed")
func Event(eventType string, props func(*zerolog.Event)) zerolog.LogObjectMarshaler {
	return eventObject{eventType, props}
}

type eventObject struct {
	eventType string
	props     func(*zerolog.Event)
}

// MarshalZerologObject implements zerolog.LogObjectMarshaler.
func (o eventObject) MarshalZerologObject(e *zerolog.Event) {
	e.Str(record.TypeKey, o.eventType)
	if o.props != nil {
		o.props(e)
	}
}

// newOptions panics if the client is nil; constructor is whose.
func newOptions(constructor string, client *causality.Client, opts []Option) options {
	if client == nil {
		panic("zerologcausality: " + constructor + ": the client is nil; make it with causality.New and check its error")
	}
	o := options{client: client, rules: record.Rules{EventKey: record.EventKey}, level: zerolog.InfoLevel}
	for _, opt := range opts {
		opt(&o)
	}
	o.copies = diagnostic.ShowsText(client)
	o.needles = []needle{needleOf(record.EventKey)}
	if o.rules.EventKey != record.EventKey {
		o.needles = append(o.needles, needleOf(o.rules.EventKey))
	}
	return o
}

// text is a line as a string. zerolog uses its memory again, and Track has encoded
// all of it before that; so only for what functions of the user's may keep it is
// copied.
func (o *options) text(line []byte) string {
	if o.copies {
		return string(line)
	}
	return unsafe.String(unsafe.SliceData(line), len(line))
}

// mayBeEvent is the quick look at lines that carry no event.
func (o *options) mayBeEvent(line []byte) bool {
	for _, needle := range o.needles {
		if needle.isIn(line) {
			return true
		}
	}
	return false
}
