package conformance

import (
	"context"
	"io"
	"log/slog"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// record generates one log call: mostly an event, in either form, of the line
// itself or bound to its logger.
func (d *dice) record() record {
	d.isWild = d.oneIn(16)
	r := record{eventKey: eventKey}
	if d.oneIn(6) {
		r.eventKey = otherEventKey
	}
	if d.oneIn(3) {
		r.context = d.identity()
	}
	for range d.upTo(4) {
		if key := d.key(); key != "" && d.oneIn(3) {
			r.bound = append(r.bound, binding{group: key})
		} else {
			r.bound = append(r.bound, binding{nodes: d.nodes(3, 0)})
		}
	}
	eventType := d.eventType()
	typeSample := sample{val: eventType, want: textTree(eventType), isText: true}
	r.nodes = d.properties(eventType)
	event := node{key: r.eventKey, sample: typeSample}
	switch d.upTo(8) {
	case 5, 6: // the group form lists its properties
		event = node{key: eventKey, isGroup: true, isEventGroup: true, nodes: append([]node{{key: typeKey, sample: typeSample}}, r.nodes...)}
		r.nodes = d.nodes(3, 0)
	case 7: // as the generator made it
		return r
	}
	if d.oneIn(4) {
		r.bound = append(r.bound, binding{nodes: []node{event}})
	} else {
		at := d.upTo(len(r.nodes) + 1)
		r.nodes = append(r.nodes[:at:at], append([]node{event}, r.nodes[at:]...)...)
	}
	return r
}

// with is the context of the log call.
func (r *record) with() context.Context {
	return causality.ContextWithIdentity(context.Background(), r.context)
}

// asTime is a time of an event as a logger knows it.
func asTime(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

func playSlog(l lab, d *dice) error {
	b, r, at := l.pick(d), d.record(), d.at()
	opts := []slogcausality.Option{slogcausality.WithEventKeys(r.eventKey)}
	var handler slog.Handler = slogcausality.NewHandler(b.client, opts...)
	if d.oneIn(8) {
		handler = slogcausality.Tee(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError}), b.client, opts...)
	}
	logger := slog.New(handler)
	for _, bound := range r.bound {
		if bound.group != "" {
			logger = logger.WithGroup(bound.group)
			continue
		}
		args := make([]any, len(bound.nodes))
		for i, n := range bound.nodes {
			args[i] = n.attr()
		}
		logger = logger.With(args...)
	}
	line := slog.NewRecord(asTime(at), slog.LevelInfo, "message", 0)
	line.AddAttrs(attrsOf(r.nodes)...)
	return b.trackRecord(d, func() { _ = logger.Handler().Handle(r.with(), line) }, r, at)
}

// trackRecord calls log, which logs r.
func (b *bench) trackRecord(d *dice, log func(), r record, at int64) error {
	if d.isWild {
		return b.trackAny(log)
	}
	e, isEvent := r.event()
	e.at = at
	return b.track(d, log, e, isEvent)
}
