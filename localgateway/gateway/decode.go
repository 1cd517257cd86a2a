package gateway

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const (
	contentJSON  = "application/json"
	contentProto = "application/x-protobuf"
)

// maxViolations is how many an answer lists. The real gateway lists all.
const maxViolations = 1000

// violation is one reason for which a whole body is refused.
type violation struct {
	field, description string
	event              int // the index of the event that broke a rule; -1: none did
}

// The ways in and out of a message. AllowPartial leaves out the search for
// required fields, which proto3 does not have: a tenth of the time.
var (
	fromJSON = protojson.UnmarshalOptions{AllowPartial: true}
	fromWire = proto.UnmarshalOptions{AllowPartial: true}
	toJSON   = protojson.MarshalOptions{AllowPartial: true}
	toWire   = proto.MarshalOptions{AllowPartial: true}

	// inOrder writes fields by number, as generated code does; dynamicpb
	// shuffles them.
	inOrder = proto.MarshalOptions{AllowPartial: true, Deterministic: true}
)

// decode reads, parses and validates a request's body. A body is taken whole
// or refused whole; in the second case the violations say why.
func (g *Gateway) decode(w http.ResponseWriter, r *http.Request, desc protoreflect.MessageDescriptor) (*dynamicpb.Message, []violation) {
	body, err := g.read(w, r)
	if err != nil {
		return nil, unparsed("could not read request body: " + err.Error())
	}
	if violations := g.tooMuch(r, body, desc); violations != nil {
		return nil, violations
	}
	msg := dynamicpb.NewMessage(desc)
	switch {
	case len(body) == 0:
		// gateway: an empty body is an empty message, in JSON too.
	case isBinary(r):
		if err := fromWire.Unmarshal(body, msg); err != nil {
			return nil, unparsed("could not unmarshal binary request: " + binaryProblem(err))
		}
	default:
		// gateway: strict protojson. An unknown or duplicate field refuses the body.
		if err := fromJSON.Unmarshal(body, msg); err != nil {
			return nil, unparsed("could not unmarshal request JSON: " + err.Error())
		}
	}
	return msg, g.validate(msg)
}

func (g *Gateway) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	var buf bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= g.maxBody {
		buf.Grow(int(n) + bytes.MinRead)
	}
	// gateway: a body over the limit is a 400, not a 413, and closes the connection.
	_, err := buf.ReadFrom(http.MaxBytesReader(w, r.Body, g.maxBody))
	return buf.Bytes(), err
}

// tooMuch refuses a body that would take hundreds of megabytes as a message.
// The real gateway parses it first, and then refuses too many events with the
// same words. Its answer to too many objects in few events is not known.
func (g *Gateway) tooMuch(r *http.Request, body []byte, desc protoreflect.MessageDescriptor) []violation {
	var size Size
	if isBinary(r) {
		size = sizeOfWire(body, desc)
	} else {
		size = SizeOfJSON(body)
	}
	switch {
	case size.Objects <= maxObjects:
		return nil
	case desc == g.schema.batchRequest && size.Events > defaultMaxEvents:
		empty := dynamicpb.NewMessage(desc)
		list := empty.Mutable(desc.Fields().ByNumber(1)).List()
		for list.Len() <= defaultMaxEvents {
			list.AppendMutable()
		}
		return g.validate(empty)
	}
	return unparsed(fmt.Sprintf("a local gateway reads at most %d objects in one body, and this one has %d", maxObjects, size.Objects))
}

// isBinary says whether a request is in protobuf's binary form; the reply then
// is too.
//
// gateway: exactly two content types are binary; any other, or none, is JSON.
// The body is never decompressed.
func isBinary(r *http.Request) bool {
	contentType := r.Header.Get("Content-Type")
	if parsed, _, err := mime.ParseMediaType(contentType); err == nil {
		contentType = parsed
	}
	return contentType == contentProto || contentType == "application/octet-stream"
}

// binaryProblem words an error of fromWire as the gateway does: its
// messages are generated code, where bad UTF-8 is an error without the field's
// name; dynamicpb names it.
func binaryProblem(err error) string {
	if strings.Contains(err.Error(), "contains invalid UTF-8") {
		return "string field contains invalid UTF-8"
	}
	return err.Error()
}

func unparsed(problem string) []violation {
	return []violation{{"body", "failed to parse request body: " + problem, -1}}
}

// validate applies the rules of causality.proto.
//
// gateway: the field is named by its path without the index, so the message
// does not say which event of the batch is meant.
func (g *Gateway) validate(msg *dynamicpb.Message) []violation {
	var options []protovalidate.ValidationOption
	if first := msg.Descriptor().Fields().ByNumber(1); first.IsList() && msg.Get(first).List().Len() > defaultMaxEvents {
		// Too many events: their own rules would give thousands of violations.
		options = append(options, protovalidate.WithFilter(onlyRequest))
	}
	err := g.schema.validator.Validate(msg, options...)
	if err == nil {
		return nil
	}
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		// Only a rule that cannot be evaluated gets here, and the tests run them all.
		return []violation{{"body", err.Error(), -1}}
	}
	found := broken.Violations[:min(len(broken.Violations), maxViolations)]
	violations := make([]violation, len(found))
	for i, v := range found {
		var names []string
		event := -1
		for j, element := range v.Proto.GetField().GetElements() {
			names = append(names, element.GetFieldName())
			if _, indexed := element.GetSubscript().(*validate.FieldPathElement_Index); j == 0 && indexed {
				event = int(element.GetIndex())
			}
		}
		violations[i] = violation{strings.Join(names, "."), v.Proto.GetMessage(), event}
	}
	return violations
}
