package conformance

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

func playZerologHook(l lab, d *dice) error { return playZerolog(l, d, false) }

func playZerologWriter(l lab, d *dice) error { return playZerolog(l, d, true) }

func playZerolog(l lab, d *dice, isWriter bool) error {
	b, r := l.pick(d), d.record()
	opts := []zerologcausality.Option{zerologcausality.WithEventKeys(r.eventKey)}
	logger := zerolog.New(io.Discard)
	if isWriter {
		logger = zerolog.New(zerologcausality.NewWriter(b.client, opts...))
	} else {
		logger = logger.Hook(zerologcausality.NewHook(b.client, opts...))
	}
	// zerolog has no groups for a logger; all is one line.
	var line []node
	for _, bound := range r.bound {
		if bound.group != "" {
			continue
		}
		part := &zerologLine{dice: d, nodes: bound.nodes}
		logger = logger.With().EmbedObject(part).Logger()
		line = append(line, part.logged...)
	}
	part := &zerologLine{dice: d, nodes: r.nodes}
	event := logger.Info().EmbedObject(part).Ctx(r.with())
	if isWriter { // it sees no context
		r.context = causality.Identity{}
	}
	r.bound, r.nodes = nil, append(line, part.logged...)
	return b.trackRecord(d, func() { event.Msg("message") }, r, 0)
}

// zerologLine adds nodes to a line, and notes how the line has them: a
// property is what zerolog has written.
type zerologLine struct {
	dice   *dice
	nodes  []node
	logged []node
}

func (l *zerologLine) MarshalZerologObject(e *zerolog.Event) {
	for _, n := range l.nodes {
		if n.isGroup {
			l.group(e, n)
		} else if want, isThere := l.value(e, n.key, &n.sample); isThere {
			l.logged = append(l.logged, want.loosely().asNode(n.key))
		}
	}
}

func (l *zerologLine) group(e *zerolog.Event, n node) {
	part := &zerologLine{dice: l.dice, nodes: n.nodes}
	switch {
	case n.isEventGroup:
		part.nodes = n.nodes[1:]
		e.Object(n.key, zerologcausality.Event(n.nodes[0].val.(string), part.MarshalZerologObject))
		part.logged = append([]node{n.nodes[0]}, part.logged...)
	case n.key == "" && l.dice.oneIn(2):
		e.EmbedObject(part)
	case l.dice.oneIn(2):
		e.Object(n.key, part)
	default:
		dict := zerolog.Dict()
		part.MarshalZerologObject(dict)
		e.Dict(n.key, dict)
	}
	l.logged = append(l.logged, node{key: n.key, isGroup: true, nodes: part.logged})
}

// value adds one value by a method for its type, or as an interface.
func (l *zerologLine) value(e *zerolog.Event, key string, s *sample) (want tree, isThere bool) {
	d := l.dice
	if s.isFragile {
		e.Str(key, "fragile") // what panics in zerolog panics
		return textTree("fragile"), true
	}
	if d.oneIn(3) {
		e.Interface(key, s.val)
		return l.asJSON(s.val), true
	}
	switch v := s.val.(type) {
	case string:
		if d.oneIn(3) {
			e.Bytes(key, []byte(v))
		} else {
			e.Str(key, v)
		}
		return textTree(v), true
	case bool:
		e.Bool(key, v)
	case int64:
		e.Int64(key, v)
	case int32:
		e.Int32(key, v)
	case uint64:
		e.Uint64(key, v)
	case uint8:
		e.Uint8(key, v)
	case float64:
		e.Float64(key, v)
		return writtenFloat(v, 64), true
	case float32:
		e.Float32(key, v)
		return writtenFloat(float64(v), 32), true
	case time.Duration:
		e.Dur(key, v)
		return writtenFloat(float64(v)/float64(zerolog.DurationFieldUnit), 64), true
	case time.Time:
		e.Time(key, v)
		return textTree(v.Format(zerolog.TimeFieldFormat)), true
	case []byte:
		if d.oneIn(2) {
			e.Hex(key, v)
			return textTree(hex.EncodeToString(v)), true
		}
		e.Bytes(key, v)
		return textTree(string(v)), true
	case error:
		e.AnErr(key, v)
		return s.want, true
	case stringer:
		e.Stringer(key, v)
		return s.want, true
	case []string:
		e.Strs(key, v)
		return s.want, true
	case json.RawMessage:
		e.RawJSON(key, v)
		return readJSON(v), true
	default:
		e.Any(key, v)
	}
	return l.asJSON(s.val), true
}

// asJSON is what zerolog writes for a value that it has no method for.
func (*zerologLine) asJSON(v any) tree {
	text, err := marshalled(v)
	if err != nil {
		return textTree("marshaling error: " + err.Error())
	}
	return readJSON(text)
}

// writtenFloat is a float as a line shows it: an integral one is an integer, and
// what JSON has no form for is a string.
func writtenFloat(f float64, bits int) tree {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return textTree(floatTree(f).leaf.text)
	}
	text := strconv.FormatFloat(f, 'f', -1, bits)
	if abs := math.Abs(f); abs != 0 && (bits == 64 && (abs < 1e-6 || abs >= 1e21) || bits == 32 && (float32(abs) < 1e-6 || float32(abs) >= 1e21)) {
		text = strconv.FormatFloat(f, 'e', -1, bits)
	}
	return numberTree(text)
}

// A line that a RawJSON has broken is an event all the same, of what comes before
// the break, and nothing of it may cost the others of its request.
func playBrokenLine(l lab, d *dice) error {
	b, r := l.pick(d), d.record()
	logger := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(b.client))
	part := &zerologLine{dice: d, nodes: r.nodes}
	event := logger.Info().Str("event", "broken "+d.name()).EmbedObject(part)
	event.RawJSON(d.key(), []byte(strings.Repeat(pickOf(d, pieces), d.upTo(4))+pickOf(d, []string{"{", "[1,", `"`, "nope", `{"a":}`, `"a`, "1}", "]", "\x00"})))
	event.EmbedObject(part)
	return b.trackAny(func() { event.Ctx(context.Background()).Msg("message") })
}
