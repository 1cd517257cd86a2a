package slogcausality_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// FuzzRecord logs what the bytes describe and compares the event that arrives
// with the one of the model.
func FuzzRecord(f *testing.F) {
	// Random lines of all lengths, so that a plain go test tries many too.
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 500 {
		data := make([]byte, n)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		f.Add(data)
	}
	client, rec := newClient(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		rec.Reset() // or it would keep the requests of millions of runs
		l := decode(data)
		opts := []slogcausality.Option{slogcausality.WithEventKeys(l.eventKeys...)}
		logger := slog.New(slogcausality.NewHandler(client, opts...))
		for _, b := range l.bound {
			if b.group != "" {
				logger = logger.WithGroup(b.group)
			} else {
				logger = slog.New(logger.Handler().WithAttrs(attrsOf(b.attrs)))
			}
		}
		// What is bound is encoded once, for the second event and all after it.
		for range 3 {
			logger.LogAttrs(causality.ContextWithIdentity(context.Background(), l.context), slog.LevelInfo, "m", attrsOf(l.attrs)...)
		}

		want, ok := l.event()
		got := stored(t, client, rec)
		if !ok {
			if len(got) != 0 {
				t.Fatalf("%+v\nis no event, but this arrived: %+v", l, got)
			}
			return
		}
		if want.DeviceID == testDevice {
			want.DeviceID = ""
		}
		for key := range want.Properties {
			if strings.HasPrefix(key, "_server_") { // left out by the Recorder
				delete(want.Properties, key)
			}
		}
		if len(want.Properties) == 0 {
			want.Properties = nil
		}
		// How an event's name is made valid is a matter of the client.
		want.EventType = printable(valid(want.EventType))
		for i := range got {
			got[i].EventType = printable(got[i].EventType)
		}
		wantEvents(t, got, want, want, want)
		if t.Failed() {
			t.Logf("of %+v", l)
		}
	})
}

// printable is an event's name with one sign for whatever could not stay.
func printable(eventType string) string {
	return unprintable.ReplaceAllString(eventType, "?")
}

var unprintable = regexp.MustCompile(`[\x{FFFD}\pC_]+`)

// decoder reads a line out of bytes; beyond their end it reads zeros.
type decoder struct{ data []byte }

func decode(data []byte) line {
	d := &decoder{data}
	flags := d.next()
	l := line{eventKeys: [][]string{
		{"event", "otel.event.name"}, {"track"}, {"otel.event.name", "event"}, {}, {"event"},
	}[flags%8%5]}
	if flags&16 != 0 {
		l.context = causality.Identity{UserID: "context", DeviceID: "context", CorrelationID: d.key()}
	}
	for range d.next() % 6 {
		b := binding{}
		if d.next()%3 == 0 {
			b.group = d.key()
		} else {
			b.attrs = d.nodes(4, 0)
		}
		l.bound = append(l.bound, b)
	}
	l.attrs = d.nodes(9, 0)
	// The bytes seldom make an event, so nearly every line is made one.
	if flags&96 != 0 && len(l.eventKeys) > 0 {
		l.attrs = append(l.attrs, node{key: l.eventKeys[0], text: "x"})
	}
	return l
}

func (d *decoder) next() byte {
	if len(d.data) == 0 {
		return 0
	}
	b := d.data[0]
	d.data = d.data[1:]
	return b
}

func (d *decoder) nodes(limit byte, depth int) []node {
	var nodes []node
	for n := d.next() % limit; n > 0 && len(d.data) > 0; n-- {
		nodes = append(nodes, d.node(depth))
	}
	return nodes
}

func (d *decoder) node(depth int) node {
	n := node{key: d.key(), kind: nodeKind(d.next()) % nodeKinds}
	if n.isObject() && depth == 4 { // how deep one may go is a matter of the client
		n.kind = aNil
	}
	switch n.kind {
	case aGroup, aValuerOfGroup:
		n.members = d.nodes(5, depth+1)
	case aMap:
		taken := map[string]bool{}
		for _, member := range d.nodes(5, depth+1) {
			// A map is read as a whole before its members are looked at, so
			// in it a text is a text, whatever type it has.
			if !taken[member.key] && (member.kind == aString || member.kind == anInt || member.kind == aMap || member.kind == aNil) {
				taken[member.key] = true
				n.members = append(n.members, member)
			}
		}
	case anInt, aUint, aFloat, aBool, aDuration, aTime:
		for range 8 {
			n.num = n.num<<8 | int64(d.next())
		}
	default:
		n.text = d.key()
	}
	return n
}

// words are keys and texts that mean something, also once they are joined.
var words = []string{
	"event", "event_type", "track", "otel.event.name", "user_id", "session_id", "device_id", "correlation_id", "user", "id", "user_id_2",
	"", "a", "b", "a.b", "a_b", "_server_hostname", "x", testDevice,
}

func (d *decoder) key() string {
	b := int(d.next())
	if b < 8*len(words) {
		return words[b%len(words)]
	}
	text := make([]byte, b%16)
	for i := range text {
		text[i] = d.next()
	}
	return string(text)
}
