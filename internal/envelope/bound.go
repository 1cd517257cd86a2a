package envelope

import (
	"log/slog"
	"slices"
	"sync/atomic"
)

// Bound is what is bound to a logger. All events of the logger begin with it, so it
// is encoded once.
type Bound struct {
	steps []Step
	known atomic.Pointer[prepared]
}

// Step is one binding of a logger: a group that it opens, or attributes, which must
// be plain and never change.
type Step struct {
	Group string
	Attrs []slog.Attr
}

// prepared is a Bound as the properties of events of one client.
type prepared struct {
	env *Envelope
	// encoder has encoded the steps, and has their groups open.
	encoder *Encoder
	depth   int
}

// NewBound returns the Bound of a logger's bindings, the outermost first.
func NewBound(steps []Step) *Bound { return &Bound{steps: steps} }

// Attr returns what is the last of an Event's Attrs, in place of what is bound. The
// others are then in the groups of the logger. It goes only to an Envelope that
// TakesBound.
func (b *Bound) Attr() slog.Attr { return slog.Attr{Value: slog.AnyValue(b)} }

// TakesBound reports whether events may begin with the Attr of a Bound.
func (env *Envelope) TakesBound() bool { return !env.isFlat && env.replaceAttr == nil }

// boundOf returns the Bound that an event ends with, or nil.
func boundOf(ev *Event) *Bound {
	last := len(ev.Attrs) - 1
	if last < 0 || len(ev.Properties) > 0 || ev.Attrs[last].Key != "" || ev.Attrs[last].Value.Kind() != slog.KindAny {
		return nil
	}
	b, _ := ev.Attrs[last].Value.Any().(*Bound)
	return b
}

// beginBound begins an event with what is bound, and returns how many groups are
// open.
func (e *Encoder) beginBound(env *Envelope, b *Bound) (depth int) {
	p := b.known.Load()
	if p == nil || p.env != env {
		p = b.prepare(env)
		b.known.Store(p)
	}
	e.begin(p.encoder)
	e.prefix = append(e.prefix, p.encoder.prefix...)
	e.path, e.walked = p.encoder.path, p.encoder.walked
	e.Collided, e.CollidedKey = p.encoder.Collided, p.encoder.CollidedKey
	return p.depth
}

func (b *Bound) prepare(env *Envelope) *prepared {
	e := Get()
	defer e.Release()
	e.reset()
	if env.common != nil {
		e.begin(env.common)
	}
	p := &prepared{env: env}
	for i := range b.steps {
		step := &b.steps[i]
		if step.Group != "" {
			e.open(step.Group)
			p.depth++
		}
		for i := range step.Attrs {
			e.attr(&step.Attrs[i], p.depth)
		}
	}
	// What is kept has no memory to spare: a service may have many loggers.
	kept := &Encoder{
		props: slices.Clone(e.props), table: slices.Clone(e.table), prefix: slices.Clone(e.prefix),
		gaps: e.gaps, seen: e.seen, initials: e.initials, path: e.path, tooLarge: e.tooLarge, walked: e.walked, Loss: e.Loss,
	}
	for kind := range e.arena {
		kept.arena[kind] = slices.Clone(e.arena[kind])
	}
	p.encoder = kept
	return p
}
