package gateway

import (
	"net/http"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// replyBatch reports every event's outcome.
//
// gateway: the reply is a 200 even when all were rejected, and protojson: names
// in camelCase, zero values absent, so event 0 has no index.
func (g *Gateway) replyBatch(w http.ResponseWriter, r *http.Request, outcomes []outcome) {
	reply := newReply(g.schema.batchReply)
	results := reply.list("results")
	var accepted, rejected int32
	for i, done := range outcomes {
		result := newReply(g.schema.result)
		result.setInt("index", int32(i))
		if done.err == nil {
			accepted++
			result.setString("event_id", done.id)
			result.setString("status", statusAccepted)
		} else {
			rejected++
			result.setString("status", statusRejected)
			result.setString("error", done.err.Error())
		}
		results.Append(protoreflect.ValueOfMessage(result.msg))
	}
	reply.setInt("accepted_count", accepted)
	reply.setInt("rejected_count", rejected)
	reply.write(w, r, http.StatusOK)
}

func (g *Gateway) replyIngest(w http.ResponseWriter, r *http.Request, id string) {
	reply := newReply(g.schema.ingestReply)
	reply.setString("event_id", id)
	reply.setString("status", statusAccepted)
	reply.write(w, r, http.StatusOK)
}

// replyViolations refuses a whole body: nothing was stored, no key was spent.
func (g *Gateway) replyViolations(w http.ResponseWriter, r *http.Request, violations []violation) {
	reply := newReply(g.schema.validationError)
	list := reply.list("violations")
	for _, v := range violations {
		item := newReply(g.schema.violation)
		item.setString("field", v.field)
		item.setString("description", v.description)
		list.Append(protoreflect.ValueOfMessage(item.msg))
	}
	reply.write(w, r, http.StatusBadRequest)
}

func (g *Gateway) replyError(w http.ResponseWriter, r *http.Request, err error) {
	reply := newReply(g.schema.serverError)
	reply.setString("message", err.Error())
	reply.write(w, r, http.StatusInternalServerError)
}

// reply is a message under construction; its fields are set by name.
type reply struct{ msg *dynamicpb.Message }

func newReply(desc protoreflect.MessageDescriptor) reply {
	return reply{dynamicpb.NewMessage(desc)}
}

func (r reply) field(name protoreflect.Name) protoreflect.FieldDescriptor {
	return r.msg.Descriptor().Fields().ByName(name)
}

func (r reply) setString(name protoreflect.Name, value string) {
	// An error may quote a body that is not UTF-8; a message must be.
	r.msg.Set(r.field(name), protoreflect.ValueOfString(strings.ToValidUTF8(value, "\uFFFD")))
}

func (r reply) setInt(name protoreflect.Name, value int32) {
	r.msg.Set(r.field(name), protoreflect.ValueOfInt32(value))
}

func (r reply) list(name protoreflect.Name) protoreflect.List {
	return r.msg.Mutable(r.field(name)).List()
}

// write answers in the form in which the request came.
func (r reply) write(w http.ResponseWriter, req *http.Request, status int) {
	contentType, marshal := contentJSON, toJSON.Marshal
	if isBinary(req) {
		contentType, marshal = contentProto, inOrder.Marshal
	}
	body, err := marshal(r.msg)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeText(w, status, contentType, string(body))
}
