package conformance

import (
	"context"
	"log/slog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// The hooks of a Config are the user's code and come last: whatever they do to
// an event, what is sent must be taken.

// playHooks tracks an event that hooks then change at random. What arrives of
// it is the hooks' affair.
func playHooks(l lab, d *dice) error {
	b := l[len(l)-1]
	e := causality.Event{EventType: d.eventType(), TimestampMs: d.at(), Attrs: attrsOf(d.properties("add_to_cart"))}
	b.hooks = d
	return b.trackAny(func() { b.client.Track(e) })
}

func (b *bench) beforeTrack(_ context.Context, e causality.Event) (causality.Event, bool) {
	d := b.hooks
	for _, field := range []*string{&e.EventType, &e.DeviceID, &e.UserID, &e.SessionID, &e.CorrelationID, &e.IdempotencyKey} {
		if d.oneIn(3) {
			*field = d.text()
		}
	}
	switch d.upTo(8) {
	case 1:
		e.AppID = ""
	case 2:
		e.AppID = d.text()
	case 3:
		e.TimestampMs = d.int64()
	case 4:
		e.Attrs = append(e.Attrs, attrsOf(d.nodes(3, 0))...)
	case 5:
		e.Properties = map[string]any{d.text(): d.sample(0).val}
	case 6:
		panic(d.text())
	}
	return e, !d.oneIn(8)
}

func (b *bench) replaceAttr(groups []string, a slog.Attr) slog.Attr {
	d := b.hooks
	switch d.upTo(8) {
	case 1:
		a.Key = d.text()
	case 2:
		a = slog.Any(d.text(), d.sample(maxNesting).val)
	case 3:
		a = slog.Attr{}
	case 4:
		a = d.node(d.key(), maxNesting-1).attr()
	case 5:
		if len(groups) > 0 {
			a.Key = groups[len(groups)-1]
		}
	case 6:
		panic(d.text())
	}
	return a
}
