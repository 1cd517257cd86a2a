package conformance

import (
	"encoding/json"
	"math"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
)

// stopped is a clock for zap.
type stopped struct{ at time.Time }

func (c stopped) Now() time.Time                         { return c.at }
func (c stopped) NewTicker(d time.Duration) *time.Ticker { return time.NewTicker(d) }

func playZap(l lab, d *dice) error {
	b, r, at := l.pick(d), d.record(), d.at()
	core := zapcausality.NewCore(b.client, zapcausality.WithEventKeys(r.eventKey))
	if d.oneIn(8) {
		core = zapcore.NewTee(zapcore.NewNopCore(), core)
	}
	logger := zap.New(core, zap.WithClock(stopped{asTime(at)}))
	bound := r.bound
	for i, binding := range bound {
		if binding.group != "" {
			logger = logger.With(zap.Namespace(binding.group))
			continue
		}
		fields := d.zapFields(binding.nodes)
		if d.oneIn(4) {
			logger = logger.WithLazy(fields...)
		} else {
			logger = logger.With(fields...)
		}
		bound[i] = binding
	}
	fields := d.zapFields(r.nodes)
	if key := d.key(); key != "" && d.oneIn(6) {
		// A namespace among the fields is as if it were bound.
		at := d.upTo(len(fields) + 1)
		r.bound = append(r.bound, binding{nodes: r.nodes[:at]}, binding{group: key})
		r.nodes = r.nodes[at:]
		fields = append(fields[:at:at], append([]zap.Field{zap.Namespace(key)}, fields[at:]...)...)
	}
	fields = append(fields, zapcausality.Context(r.with()))
	return b.trackRecord(d, func() { logger.Info("message", fields...) }, r, at)
}

// zapFields are nodes as zap's fields. Where zap has values of its own for a
// kind, the nodes are changed to say so.
func (d *dice) zapFields(nodes []node) []zap.Field {
	fields := make([]zap.Field, len(nodes))
	for i := range nodes {
		fields[i] = d.zapField(&nodes[i])
	}
	return fields
}

func (d *dice) zapField(n *node) zap.Field {
	if !n.isGroup {
		return d.zapValue(n.key, &n.sample)
	}
	if n.isEventGroup {
		return zapcausality.Event(n.nodes[0].val.(string), d.zapFields(n.nodes[1:])...)
	}
	var fields []zap.Field
	// The last of its groups may be a namespace instead.
	if last := len(n.nodes) - 1; last >= 0 && n.nodes[last].isGroup && n.nodes[last].key != "" && n.key != "" && d.oneIn(4) {
		fields = append(d.zapFields(n.nodes[:last]), zap.Namespace(n.nodes[last].key))
		fields = append(fields, d.zapFields(n.nodes[last].nodes)...)
	} else {
		fields = d.zapFields(n.nodes)
	}
	switch {
	case n.key == "" && d.oneIn(2):
		return zap.Inline(zap.DictObject(fields...))
	case d.oneIn(3) && (d.isWild || !hasFragile(n.nodes)):
		return zap.Object(n.key, zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error {
			for _, f := range fields {
				f.AddTo(enc)
			}
			return nil
		}))
	case d.oneIn(3):
		return zap.Any(n.key, fields)
	}
	return zap.Dict(n.key, fields...)
}

func hasFragile(nodes []node) bool {
	for _, n := range nodes {
		if n.isFragile || hasFragile(n.nodes) {
			return true
		}
	}
	return false
}

// zapValue chooses among the constructors that take the value.
func (d *dice) zapValue(key string, s *sample) zap.Field {
	if floats, ok := s.val.([]float64); ok {
		// In an array what JSON has no form for is a string.
		elements := make([]any, len(floats))
		for i, f := range floats {
			if elements[i] = f; math.IsNaN(f) || math.IsInf(f, 0) {
				elements[i] = floatTree(f).leaf.text
			}
		}
		text, _ := json.Marshal(elements)
		s.want = listTree(string(text))
		return zap.Float64s(key, floats)
	}
	if d.oneIn(2) {
		return zap.Any(key, s.val)
	}
	switch v := s.val.(type) {
	case string:
		switch d.upTo(4) {
		case 0:
			return zap.String(key, v)
		case 1:
			return zap.Stringp(key, &v)
		case 2:
			return zap.ByteString(key, []byte(v))
		}
	case int64:
		return zap.Int64p(key, &v)
	case float64:
		return zap.Float64(key, v)
	case time.Time:
		return zap.Time(key, v)
	case []byte:
		return zap.Binary(key, v)
	case error:
		return zap.NamedError(key, v)
	case stringer:
		return zap.Stringer(key, v)
	case []string:
		return zap.Strings(key, v)
	}
	return zap.Reflect(key, s.val)
}
