package fakegateway

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math"
	"mime"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// What the gateway does with a request, in the order in which it does it.

const (
	batchPath = "/v1/events/batch"
	// gateway: a larger body is refused with a 400, not a 413.
	maxBodyBytes = 5 << 20
	// gateway: NATS refuses a message over 1 MiB, for good.
	maxMessageBytes = 1 << 20
	// gateway: app_id and event name together; a little beyond, NATS closes the
	// connection that all tenants share. No client may get near it.
	maxSubjectBytes = 4000
)

// admit answers a request that does not get as far as its events; ok says that
// it does.
func (g *Gateway) admit(c *call) (refusal reply, ok bool) {
	switch {
	case c.method == http.MethodOptions:
		return reply{status: http.StatusNoContent, header: http.Header{"Access-Control-Max-Age": {"86400"}}}, false
	case strings.HasPrefix(c.url.Path, "/health"):
		// gateway: known without a key; the Gateway plays none of it.
		return plainReply(http.StatusNotFound, "404 page not found"), false
	}
	// gateway: the key is checked before path, method and body.
	switch key := strings.Trim(c.header.Get("X-API-Key"), " \t"); {
	case key == "":
		return keyReply("missing"), false
	case !g.knows(key):
		return keyReply("invalid"), false
	}
	// JoinPath cleans a path as http.ServeMux does.
	if clean := c.url.JoinPath(); clean.EscapedPath() != c.url.EscapedPath() {
		// gateway: also for POST, so a doubled slash in the endpoint is a 307.
		return reply{status: http.StatusTemporaryRedirect, header: http.Header{"Content-Type": {"application/json"}, "Location": {clean.RequestURI()}}}, false
	}
	if c.url.Path != batchPath {
		return plainReply(http.StatusNotFound, "404 page not found"), false
	}
	if c.method != http.MethodPost {
		refusal = plainReply(http.StatusMethodNotAllowed, "Method Not Allowed")
		refusal.header.Set("Allow", http.MethodPost)
		return refusal, false
	}
	return reply{}, true
}

// knows reports whether a key is valid: Gateway.Key, else any of 64
// lower-case hex digits.
func (g *Gateway) knows(key string) bool {
	if g.Key != "" {
		return key == g.Key
	}
	return len(key) == 64 && strings.Trim(key, "0123456789abcdef") == ""
}

// read parses and validates a body. It is taken whole or refused whole.
func read(c *call) (events []event, refusal reply, ok bool) {
	if c.bodyErr != nil {
		return nil, unparsed("could not read request body: " + c.bodyErr.Error()), false
	}
	// gateway: two content types mean protobuf's binary form, all others and
	// none mean JSON. The Gateway does not read the binary form.
	switch contentType, _, _ := mime.ParseMediaType(c.header.Get("Content-Type")); contentType {
	case "application/x-protobuf", "application/octet-stream":
		return nil, unparsedBinary(), false
	}
	// gateway: an empty body is an empty message; a compressed one is read as
	// it is.
	if len(c.body) > 0 {
		var err error
		if events, err = decodeBatch(c.body); err != nil {
			return nil, unparsed("could not unmarshal request JSON: " + err.Error()), false
		}
	}
	if violations := validate(events); len(violations) > 0 {
		return nil, violationReply(violations), false
	}
	return events, reply{}, true
}

type violation struct{ field, description string }

// validate applies the rules of protovalidate.
//
// gateway: a violation names the field without the event's index.
func validate(events []event) []violation {
	var found []violation
	switch {
	case len(events) == 0:
		found = append(found, violation{"events", "value must contain at least 1 item(s)"})
	case len(events) > maxEvents:
		found = append(found, violation{"events", fmt.Sprintf("value must contain no more than %d item(s)", maxEvents)})
	}
	var reported map[string]bool
	empty := func(field string) {
		if reported == nil {
			reported = make(map[string]bool)
		}
		if field = "events." + field; !reported[field] {
			reported[field] = true
			found = append(found, violation{field, "value length must be at least 1 characters"})
		}
	}
	for i := range events {
		e := &events[i]
		if len(e.appID) == 0 {
			empty("app_id")
		}
		if len(e.deviceID) == 0 {
			empty("device_id")
		}
		if p := e.payload; p != nil && p.message.required != nil && !e.named {
			empty(p.Name + "." + p.message.required.Name)
		}
	}
	return found
}

// settle decides on each event of a body that was taken, and stores at most
// limit of them.
//
// gateway: a key counts as seen before its event is published. An event whose
// publishing fails is therefore answered "accepted" when it comes again under
// the same key, and never stored; one that was rejected before is not affected.
func (g *Gateway) settle(c *call, events []event, reasons []string, limit int) reply {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.keys == nil {
		g.keys = make(map[string]struct{})
	}
	results := make([]result, len(events))
	for i := range events {
		e := &events[i]
		var reason string
		if reasons != nil {
			reason = reasons[i]
		}
		switch {
		case e.timestampMs <= 0:
			results[i].problem = "timestamp_ms is required and must be > 0"
			continue
		case e.payload == nil:
			results[i].problem = "event_type is required (payload must not be empty)"
			continue
		case reason != "" && !strings.HasPrefix(reason, publishFailure):
			results[i].problem = reason
			continue
		}
		// gateway: an empty id or key is replaced by a fresh one.
		id, key := string(e.id), string(e.key)
		if id == "" {
			id = newID()
			e.size += 1 + sizeOfText(len(id))
		}
		if key == "" {
			key = newKey()
			e.size += 1 + sizeOfText(len(key))
		}
		if _, seen := g.keys[key]; seen {
			g.duplicates++
			results[i].id = id
			continue
		}
		g.keys[key] = struct{}{}
		if reason == "" {
			reason = publishProblem(e)
		}
		if reason != "" {
			results[i].problem = reason
			continue
		}
		results[i].id = id
		if limit > 0 {
			limit--
			g.stored = append(g.stored, Stored{event: *e, id: id, key: key, Arrived: c.record.Time})
			c.record.Stored++
		}
	}
	g.notify()
	return resultReply(results)
}

const publishFailure = "failed to publish event: "

// publishProblem says why NATS does not take an event, or "".
func publishProblem(e *event) string {
	switch {
	case bytes.ContainsAny(e.name, "\n\t\r"), bytes.ContainsFunc(e.appID, unicode.IsSpace):
		// gateway: these break the line protocol of NATS: the publish waits 5 s
		// in vain and the connection of all tenants drops. A lone CR is
		// published, and then disconnects every consumer that it reaches.
		return publishFailure + "context deadline exceeded"
	case len(e.appID)+len(e.name) >= maxSubjectBytes:
		return publishFailure + "nats: connection closed"
	case e.size > maxMessageBytes:
		return publishFailure + "nats: maximum payload exceeded"
	}
	return ""
}

// newID returns a UUID of version 7.
func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[6:]) // never fails (crypto/rand)
	ms := uint64(time.Now().UnixMilli())
	binary.BigEndian.PutUint16(id[:], uint16(ms>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(ms&math.MaxUint32))
	return formatUUID(id, 7)
}

// newKey returns a UUID of version 4.
func newKey() string {
	var key [16]byte
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return formatUUID(key, 4)
}

func formatUUID(id [16]byte, version byte) string {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:])
}
