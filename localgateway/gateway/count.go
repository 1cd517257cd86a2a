package gateway

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxObjects is how many objects of a body are parsed. Each becomes a message
// of some 400 bytes, and 5 MiB of JSON may hold 1.7 million of them.
const maxObjects = 100_000

// Size is what a body holds, counted before anything is made of it.
type Size struct {
	Events  int // the elements of the request's own lists
	Objects int // all JSON objects, or messages of the binary form
}

// SizeOfJSON counts what a JSON body holds. Of a body that is no JSON it counts
// what it finds.
func SizeOfJSON(body []byte) Size {
	const list = 2 // the depth of an element of {"events":[…]}
	var size Size
	var open []byte // the brackets around the current byte, as far as they matter
	depth := 0
	empty := true // nothing of the current element was seen
	for i := 0; i < len(body); i++ {
		c := body[i]
		inList := depth == list && open[0] == '{' && open[1] == '['
		switch c {
		case ' ', '\t', '\r', '\n':
			continue
		case '}', ']':
			depth = max(0, depth-1)
			open = open[:min(depth, len(open))]
			empty = false
			continue
		case ',':
			empty = inList
			continue
		}
		if inList && empty {
			size.Events++
		}
		empty = false
		switch c {
		case '{', '[':
			if c == '{' {
				size.Objects++
			}
			if depth < list {
				open = append(open, c)
			}
			depth++
			empty = true
		case '"':
			for i++; i < len(body) && body[i] != '"'; i++ {
				if body[i] == '\\' {
					i++
				}
			}
		}
	}
	return size
}

// sizeOfWire counts what a body in protobuf's binary form holds.
func sizeOfWire(body []byte, desc protoreflect.MessageDescriptor) Size {
	size := Size{Objects: messagesIn(body, desc)}
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			break
		}
		m := protowire.ConsumeFieldValue(number, kind, body[n:])
		if m < 0 {
			break
		}
		if fd := desc.Fields().ByNumber(number); fd != nil && fd.IsList() {
			size.Events++
		}
		body = body[n+m:]
	}
	return size
}

// messagesIn counts the messages below one, or as many as can be read.
func messagesIn(wire []byte, desc protoreflect.MessageDescriptor) int {
	count := 0
	for len(wire) > 0 {
		number, kind, n := protowire.ConsumeTag(wire)
		if n < 0 {
			break
		}
		m := protowire.ConsumeFieldValue(number, kind, wire[n:])
		if m < 0 {
			break
		}
		fd := desc.Fields().ByNumber(number)
		if fd != nil && fd.Message() != nil && kind == protowire.BytesType {
			inner, _ := protowire.ConsumeBytes(wire[n:])
			count += 1 + messagesIn(inner, fd.Message())
		}
		wire = wire[n+m:]
	}
	return count
}
