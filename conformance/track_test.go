package conformance

import (
	"maps"
	"slices"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// play makes one event and tracks it, through Track or a logger.
type play func(l lab, d *dice) error

// sources are the ways in.
var sources = map[string]play{
	"Track": playTrack,
	"hooks": playHooks,
	"slog":  playSlog,
	"zap":   playZap,

	"zerolog hook":        playZerologHook,
	"zerolog writer":      playZerologWriter,
	"zerolog broken line": playBrokenLine,
}

// catalogueTypes are the kinds of the catalogue in a fixed order.
var catalogueTypes = slices.Sorted(maps.Keys(payloads))

// pick picks a bench without hooks.
func (l lab) pick(d *dice) *bench { return l[d.upTo(len(l)-1)] }

// eventType is any name of an event, among them those of the catalogue.
func (d *dice) eventType() string {
	if d.oneIn(2) {
		return pickOf(d, catalogueTypes)
	}
	return d.text()
}

// at is any time of an event, the absurd ones seldom.
func (d *dice) at() int64 {
	if d.oneIn(50) {
		return pickOf(d, []int64{lastMoment + 1, lastMoment + 1000, 1 << 62, -1 << 63, 1, 1795421601, firstMoment - 1})
	}
	return pickOf(d, []int64{0, 1795421601849, firstMoment, -1, lastMoment, 1 << 40, -5e12})
}

func (d *dice) identity() (id causality.Identity) {
	for _, field := range []*string{&id.UserID, &id.SessionID, &id.CorrelationID, &id.DeviceID} {
		if d.oneIn(3) {
			*field = d.text()
		}
	}
	if d.oneIn(16) {
		id.DeviceID = hostname
	}
	return id
}

func playTrack(l lab, d *dice) error {
	b := l.pick(d)
	e := tracked{eventType: d.eventType(), at: d.at(), ids: d.identity()}
	if d.oneIn(4) {
		e.appID = pickOf(d, []string{"other", "A-Z.9_", longName})
	} else if d.oneIn(50) {
		e.appID = pickOf(d, []string{"a b", "a\n", "é", "a/b", "\x00", "x=", longName + "x", "\xff"})
	}
	event := causality.Event{
		AppID: e.appID, EventType: e.eventType, TimestampMs: e.at,
		UserID: e.ids.UserID, SessionID: e.ids.SessionID, DeviceID: e.ids.DeviceID, CorrelationID: e.ids.CorrelationID,
		IdempotencyKey: "mine",
	}
	nodes := d.properties(e.eventType)
	split := 0
	if d.oneIn(2) {
		split = d.upTo(len(nodes) + 1)
	}
	if split > 0 {
		event.Properties = make(map[string]any)
		all := objectTree()
		for _, n := range nodes[:split] {
			if _, taken := event.Properties[n.key]; !taken {
				v, t := n.property(d)
				event.Properties[n.key] = v
				all.members = append(all.members, member{n.key, t})
			}
		}
		all.sort()
		for _, m := range all.members {
			if m.tree.isObject {
				e.note(m.key)
			}
			e.addTree("", m.key, m.tree)
		}
	}
	event.Attrs = attrsOf(nodes[split:])
	e.add("", nodes[split:]...)
	return b.track(d, func() { b.client.Track(event) }, e, true)
}

// longName is as long as an AppID may be.
var longName = "n" + string(slices.Repeat([]byte{'.'}, 255))
