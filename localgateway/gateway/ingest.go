package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
)

const statusAccepted, statusRejected = "accepted", "rejected"

// outcome is what became of one event: an id, or the reason of its rejection.
type outcome struct {
	id        string
	duplicate bool
	err       error
}

func (g *Gateway) serveBatch(w http.ResponseWriter, r *http.Request) {
	msg, violations := g.decode(w, r, g.schema.batchRequest)
	if violations != nil {
		g.tellViolations(r.Context(), msg, violations)
		g.replyViolations(w, r, violations)
		return
	}
	events := msg.Get(g.schema.batchRequest.Fields().ByNumber(1)).List()
	if events.Len() > g.maxEvents {
		// gateway: the server's own limit is a 500 although the client sent too much.
		g.replyError(w, r, errors.New("batch exceeds maximum event count"))
		return
	}
	outcomes := make([]outcome, events.Len())
	for i := range outcomes {
		event := events.Get(i).Message()
		outcomes[i] = g.ingest(r.Context(), event)
		g.tell(r.Context(), i, event, outcomes[i])
	}
	g.replyBatch(w, r, outcomes)
}

func (g *Gateway) serveIngest(w http.ResponseWriter, r *http.Request) {
	msg, violations := g.decode(w, r, g.schema.ingestRequest)
	if violations != nil {
		g.tellViolations(r.Context(), msg, violations)
		g.replyViolations(w, r, violations)
		return
	}
	event := msg.Get(g.schema.ingestRequest.Fields().ByNumber(1)).Message()
	done := g.ingest(r.Context(), event)
	g.tell(r.Context(), 0, event, done)
	if done.err != nil {
		// gateway: the single form turns every rejection into a 500, and words
		// a failed publish twice.
		if errors.As(done.err, new(*publishError)) {
			done.err = &publishError{done.err}
		}
		g.replyError(w, r, done.err)
		return
	}
	g.replyIngest(w, r, done.id)
}

// ingest decides on one event that parsed and passed validation.
//
// gateway: an event without a time or payload is rejected before its key is
// noted; everything after spends the key. So a rejected publish that is sent
// again under its key is answered "accepted" and never stored.
func (g *Gateway) ingest(ctx context.Context, event protoreflect.Message) outcome {
	fields := &g.schema.field
	if event.Get(fields.timestamp).Int() <= 0 {
		return outcome{err: errors.New("timestamp_ms is required and must be > 0")}
	}
	payload := event.WhichOneof(g.schema.payload)
	if payload == nil {
		return outcome{err: errors.New("event_type is required (payload must not be empty)")}
	}

	// gateway: an id is kept, a missing one is a new UUIDv7; an empty key is
	// replaced, so it never counts as seen.
	id := fillIn(event, fields.id, newEventID)
	key := fillIn(event, fields.key, uuid.NewString)
	if !g.keys.add(key, g.now()) {
		return outcome{id: id, duplicate: true}
	}

	stored, err := g.record(event, payload, id, key)
	if err == nil {
		err = g.publish(ctx, stored)
	}
	if err != nil {
		return outcome{err: &publishError{err}}
	}
	return outcome{id: id}
}

// record makes of an event what would travel on the stream.
func (g *Gateway) record(event protoreflect.Message, payload protoreflect.FieldDescriptor, id, key string) (*Stored, error) {
	wire, err := toWire.Marshal(event.Interface())
	if err != nil {
		return nil, err
	}
	where := g.schema.kindOfEvent(event, payload)
	appID := event.Get(g.schema.field.appID).String()
	return &Stored{
		Subject:  subject(appID, where),
		ID:       id,
		Key:      key,
		AppID:    appID,
		Category: where.category,
		Type:     where.name,
		At:       g.now(),
		Wire:     wire,
	}, nil
}

func fillIn(event protoreflect.Message, fd protoreflect.FieldDescriptor, fresh func() string) string {
	if value := event.Get(fd).String(); value != "" {
		return value
	}
	value := fresh()
	event.Set(fd, protoreflect.ValueOfString(value))
	return value
}

func newEventID() string { return uuid.Must(uuid.NewV7()).String() }

// publishError is the broker's refusal of one event.
type publishError struct{ err error }

func (e *publishError) Error() string { return "failed to publish event: " + e.err.Error() }
func (e *publishError) Unwrap() error { return e.err }
