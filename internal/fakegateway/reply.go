package fakegateway

import (
	"net/http"
	"strconv"
	"unicode/utf8"
)

// reply is what goes back over the wire.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func jsonReply(status int, body []byte) reply {
	return reply{status, http.Header{"Content-Type": {"application/json"}}, body}
}

// plainReply is http.Error's form, which the gateway uses where a request does
// not reach its own code.
func plainReply(status int, text string) reply {
	return reply{status, http.Header{
		"Content-Type":           {"text/plain; charset=utf-8"},
		"X-Content-Type-Options": {"nosniff"},
	}, []byte(text + "\n")}
}

// keyReply refuses an API key that is "missing" or "invalid".
func keyReply(problem string) reply {
	return jsonReply(http.StatusUnauthorized, []byte(`{"error":"`+problem+` API key"}`+"\n"))
}

// statusReply is what the gateway itself sends with a status.
func statusReply(status int) reply {
	switch {
	case status == http.StatusUnauthorized:
		return keyReply("invalid")
	case status == http.StatusInternalServerError:
		return jsonReply(status, []byte(`{"message":"internal error"}`))
	case status == http.StatusNotFound:
		return plainReply(status, "404 page not found")
	case status < 200 || status == http.StatusNoContent || status == http.StatusNotModified:
		return reply{status: status}
	}
	return plainReply(status, http.StatusText(status))
}

// unparsed refuses a body that could not be read.
func unparsed(problem string) reply {
	return violationReply([]violation{{"body", unparsedPrefix + problem}})
}

const unparsedPrefix = "failed to parse request body: "

// unparsedBinary refuses a body that is not in the binary form its content type
// promises. The reply is in that form too: a ValidationError of one violation.
func unparsedBinary() reply {
	const field = "body"
	const problem = unparsedPrefix + "could not unmarshal binary request: " + parseErrorPrefix + "cannot parse invalid wire-format data"
	body := []byte{0x0a, byte(2 + len(field) + 2 + len(problem)), 0x0a, byte(len(field))}
	body = append(append(body, field...), 0x12, byte(len(problem)))
	refusal := jsonReply(http.StatusBadRequest, append(body, problem...))
	refusal.header.Set("Content-Type", "application/x-protobuf")
	return refusal
}

func violationReply(violations []violation) reply {
	b := []byte(`{"violations":[`)
	for i, v := range violations {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendString(append(b, `{"field":`...), v.field)
		b = appendString(append(b, `, "description":`...), v.description)
		b = append(b, '}')
	}
	return jsonReply(http.StatusBadRequest, append(b, "]}"...))
}

// result is the outcome of one event: an id, or the problem.
type result struct{ id, problem string }

// resultReply reports every event's outcome.
//
// gateway: zero values are left out: index 0 and counts of 0 are absent.
func resultReply(results []result) reply {
	accepted := 0
	for _, res := range results {
		if res.problem == "" {
			accepted++
		}
	}
	b := []byte{'{'}
	b = appendCount(b, "acceptedCount", accepted)
	b = appendCount(b, "rejectedCount", len(results)-accepted)
	b = append(b, `"results":[`...)
	for i, res := range results {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendCount(append(b, '{'), "index", i)
		if res.problem == "" {
			b = appendString(append(b, `"eventId":`...), res.id)
			b = append(b, `, "status":"accepted"}`...)
		} else {
			b = appendString(append(b, `"status":"rejected", "error":`...), res.problem)
			b = append(b, '}')
		}
	}
	return jsonReply(http.StatusOK, append(b, "]}"...))
}

func appendCount(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	b = append(append(append(b, '"'), name...), `":`...)
	return append(strconv.AppendInt(b, int64(n), 10), ", "...)
}

// appendString appends s as protojson writes a string.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b = append(b, '\\', byte(r))
		case '\b':
			b = append(b, `\b`...)
		case '\f':
			b = append(b, `\f`...)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			if r < ' ' {
				b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&0xf])
			} else {
				b = utf8.AppendRune(b, r)
			}
		}
	}
	return append(b, '"')
}
