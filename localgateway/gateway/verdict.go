package gateway

import (
	"context"
	"errors"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Verdict is what the gateway decided on one event.
type Verdict struct {
	// Index is the event's place in its request; -1 is a rule that the request
	// as a whole broke.
	Index int
	// Wire is the envelope in protobuf's binary form, its id and key filled in
	// unless it was refused before; see RowOf. It is nil where Index is -1.
	Wire []byte
	// Key is the idempotency key; empty if the event was refused before it counted.
	Key string
	// Duplicate says that the key was seen before: the event is answered as
	// accepted, and not stored.
	Duplicate bool
	// Err is why the event was not taken; nil if it was.
	Err error
	// Whole says that Err is a broken rule, for which the whole request was
	// refused: nothing of it was stored and no key was spent. Only events that
	// broke a rule have such a verdict.
	Whole bool
}

// tell reports one event of a request that passed.
func (g *Gateway) tell(ctx context.Context, index int, event protoreflect.Message, done outcome) {
	if g.onVerdict == nil {
		return
	}
	g.onVerdict(ctx, Verdict{
		Index:     index,
		Wire:      wireOf(event),
		Key:       event.Get(g.schema.field.key).String(),
		Duplicate: done.duplicate,
		Err:       done.err,
	})
}

// tellViolations reports which events broke a rule, which the answer does not.
func (g *Gateway) tellViolations(ctx context.Context, request *dynamicpb.Message, violations []violation) {
	if g.onVerdict == nil || request == nil {
		return
	}
	for _, v := range violations {
		verdict := Verdict{Index: v.event, Err: errors.New(v.field + ": " + v.description), Whole: true}
		first := request.Descriptor().Fields().ByNumber(1)
		switch {
		case first.IsList() && v.event >= 0:
			verdict.Wire = wireOf(request.Get(first).List().Get(v.event).Message())
		case !first.IsList() && request.Has(first):
			verdict.Index, verdict.Wire = 0, wireOf(request.Get(first).Message())
		}
		g.onVerdict(ctx, verdict)
	}
}

// wireOf cannot fail: what was parsed can be written.
func wireOf(event protoreflect.Message) []byte {
	wire, _ := toWire.Marshal(event.Interface())
	return wire
}
