package conformance

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/SebastienMelki/causality/sdk/go/localgateway/gateway"
)

// differences collects what was recorded and what was found instead.
type differences []string

func (d *differences) check(what string, recorded, found any) {
	if !reflect.DeepEqual(recorded, found) {
		*d = append(*d, fmt.Sprintf("%s: recorded %.300v, found %.300v", what, recorded, found))
	}
}

func (d *differences) checkBody(e *exchange, found []byte) {
	recorded := []byte(e.Response.Body)
	switch {
	case e.Response.Cut:
		// Of a long reply the counts and the first results are there.
		d.check("counts", counts(recorded), counts(found))
	case e.Response.Headers["Content-Type"] == "application/x-protobuf":
		d.check("reply", flatten(recorded), flatten(found))
	case e.Response.Headers["Content-Type"] == "application/json":
		d.check("reply", normal(recorded), normal(found))
	default:
		d.check("reply", string(recorded), string(found))
	}
}

func (d *differences) checkStream(e *exchange, stored, fresh []*gateway.Stored) {
	if want := e.Stream.Published; want != nil {
		got := len(fresh)
		if e.Group == "client-timeout" {
			// There all copies under the request's keys were counted, from
			// the abandoned request before it too.
			got = withKeysOf(e, stored)
		}
		d.check("published", *want, got)
	}
	for i, want := range e.Stream.Subjects {
		if i >= len(fresh) {
			break
		}
		d.check("subject", want, shorten(fresh[i].Subject, want))
	}
	for i, want := range e.Stream.Envelopes {
		if i >= len(fresh) {
			break
		}
		got, err := fresh[i].JSON()
		if err != nil {
			*d = append(*d, err.Error())
			continue
		}
		d.check("envelope", envelope(want, e), envelope(got, e))
	}
}

// copiesNote is how the recording tells what is on the stream where it did not
// watch a single request.
var copiesNote = regexp.MustCompile(`stream copies(?: so far)?: (\d+)`)

func (d *differences) checkNote(e *exchange, stored []*gateway.Stored) {
	if m := copiesNote.FindStringSubmatch(e.Note); m != nil {
		d.check("copies on the stream", m[1], strconv.Itoa(withKeysOf(e, stored)))
	}
}

// withKeysOf counts the stored events whose key is one of the request's.
func withKeysOf(e *exchange, stored []*gateway.Stored) int {
	body := e.Request.Body
	if e.Request.Cut {
		body = e.grow()
	}
	n := 0
	for _, event := range stored {
		if strings.Contains(body, event.Key) {
			n++
		}
	}
	return n
}

var cutSubject = regexp.MustCompile(`^(.*)\.\.\.\((\d+) chars\)$`)

// shorten cuts a subject the way the recorded one was cut.
func shorten(found, recorded string) string {
	m := cutSubject.FindStringSubmatch(recorded)
	if m == nil || len(found) < len(m[1]) {
		return found
	}
	return fmt.Sprintf("%s...(%d chars)", found[:len(m[1])], len(found))
}

var (
	freshID   = regexp.MustCompile(`"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)
	countPart = regexp.MustCompile(`"(?:acceptedCount|rejectedCount)":\s*\d+`)
)

// plainSpace undoes what the protobuf library varies on purpose from build to
// build: the kind of space that follows "proto:".
func plainSpace(text string) string {
	return strings.ReplaceAll(text, "proto:\u00a0", "proto: ")
}

// normal decodes a JSON reply without what differs from run to run.
func normal(body []byte) any {
	if len(body) == 0 {
		return nil
	}
	body = freshID.ReplaceAll([]byte(plainSpace(string(body))), []byte(`"<id>"`))
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return string(body)
	}
	return v
}

// envelope decodes a stored envelope; an idempotency key that the request did
// not hold was made by the gateway.
func envelope(raw []byte, e *exchange) any {
	v := normal(raw)
	if m, ok := v.(map[string]any); ok {
		key, _ := m["idempotency_key"].(string)
		if e.Request.BodyB64 == "" && !strings.Contains(e.Request.Body, key) {
			m["idempotency_key"] = "<key>"
		}
	}
	return v
}

func counts(body []byte) []string {
	var found []string
	for _, m := range countPart.FindAll(body, -1) {
		found = append(found, strings.ReplaceAll(string(m), " ", ""))
	}
	return found
}

// flatten lists the fields of a binary reply, whose messages are two deep.
func flatten(body []byte) []string {
	return flattenAt(body, "", 2)
}

func flattenAt(body []byte, path string, depth int) []string {
	var fields []string
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return append(fields, fmt.Sprintf("not protobuf: %q", body))
		}
		body = body[n:]
		at := fmt.Sprintf("%s/%d", path, number)
		if kind != protowire.BytesType {
			n = protowire.ConsumeFieldValue(number, kind, body)
			fields = append(fields, fmt.Sprintf("%s=%x", at, body[:max(n, 0)]))
		} else {
			value, size := protowire.ConsumeBytes(body)
			n = size
			if depth > 1 {
				fields = append(fields, flattenAt(value, at, depth-1)...)
			} else {
				text := freshID.ReplaceAllString(`"`+string(value)+`"`, `"<id>"`)
				fields = append(fields, at+"="+plainSpace(text))
			}
		}
		if n < 0 {
			return append(fields, "cut short")
		}
		body = body[n:]
	}
	return fields
}
