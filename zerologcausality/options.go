package zerologcausality

import (
	"unicode/utf8"
	"unsafe"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/diagnostic"
	"github.com/SebastienMelki/causality/sdk/go/internal/needle"
	"github.com/SebastienMelki/causality/sdk/go/internal/record"
)

// Option changes what NewHook and NewWriter do.
type Option func(*options)

type options struct {
	client    *causality.Client
	eventKeys []string
	rules     *record.Rules
	level     zerolog.Level
	// needles are the event keys in the form of a line: one that has none of
	// them is no event.
	needles needle.Set
	// copies says that what an event says may be kept beyond Track.
	copies bool
}

// WithEventKeys sets the keys of the field that makes a line an event. Default
// "event" and "otel.event.name", which is OpenTelemetry's. Where a line has several
// of them, the first in this order is the event type and the others are
// properties. A key is looked for as it is, dots and all; an empty one is none.
// Without any key, lines are events in the group form alone, which [Event] builds
// and which stays under "event".
func WithEventKeys(keys ...string) Option {
	return func(o *options) { o.eventKeys = keys }
}

// WithLevel sets the lowest level at which a line can be an event. Default
// zerolog.InfoLevel. A line without a level (Logger.Log) can be an event at any.
// The logger's own level comes first: what it leaves out is never seen here.
func WithLevel(level zerolog.Level) Option {
	return func(o *options) { o.level = level }
}

// Event returns an object that makes its line an event with exactly the fields
// that props adds, whatever else the line carries. Its key is "event", and
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

func newOptions(client *causality.Client, opts []Option) options {
	o := options{client: client, eventKeys: record.DefaultKeys(), level: zerolog.InfoLevel}
	for _, opt := range opts {
		opt(&o)
	}
	o.copies = diagnostic.ShowsText(client)
	o.rules = record.NewRules(o.eventKeys)
	var texts []string
	for _, key := range o.rules.Keys() {
		texts = append(texts, onLine(key))
	}
	o.needles = needle.Any(texts...)
	return o
}

// onLine returns a key with its colon as zerolog writes it. For one that needs an
// escape it is what every key has, which costs a closer look at every line.
func onLine(key string) string {
	const any = `":`
	for i := range len(key) {
		if c := key[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			return any
		}
	}
	if !utf8.ValidString(key) {
		return any
	}
	return `"` + key + `":`
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
func (o *options) mayBeEvent(line []byte) bool { return o.needles.IsIn(line) }
