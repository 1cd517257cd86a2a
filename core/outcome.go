package causality

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/needle"
)

// verdict is what to do with a request's events.
type verdict uint8

const (
	// accepted: the gateway answered for each event; some may be rejected.
	accepted verdict = iota
	// again: nothing is wrong with the events; the same request later.
	again
	// refused: at least one event is bad, and none was stored.
	refused
	// tooLarge: fewer bytes a request.
	tooLarge
	// tooMany: fewer events a request.
	tooMany
	// denied: this request will not be taken, whatever is in it.
	denied
)

// outcome is what became of one request.
type outcome struct {
	verdict verdict
	// err says why it was not accepted.
	err error
	// line is the index of the event that the gateway named as bad, or -1.
	line int
	// rejections are the events of an accepted request that were not stored.
	rejections []rejection
	// unknown: the events may have been stored, or marked as seen, or neither.
	unknown bool
	// timedOut: no answer in time, or the upload broke.
	timedOut bool
	// isBusy: the answer is about the rate of requests and not about these events.
	isBusy bool
	// retryAfter is how long the answer asked everybody to wait; 0 if it did not.
	retryAfter time.Duration
	// start is when the request was sent, and elapsed how long it took.
	start   time.Time
	elapsed time.Duration
}

type rejection struct {
	index  int
	reason string
	// transient: the same event may be stored later, under a new key.
	transient bool
}

// read judges an answer. It reads like the table "Statuses" of the gateway:
//
//	200                                        accepted, if it adds up
//	any other 2xx                              again, unknown
//	400 could not read request body: … too large    tooLarge
//	400 could not read request body: …         again, the upload broke
//	400 must contain no more than              tooMany
//	400, 422                                   refused
//	408                                        again, unknown
//	429                                        again, busy
//	413                                        tooLarge
//	500 batch exceeds maximum event count      tooMany
//	502, 504, 520 and above                    again, unknown: a proxy speaks
//	any other 5xx                              again
//	any other                                  denied
func read(status int, header http.Header, body []byte, events int) outcome {
	if status == http.StatusOK {
		return readResults(body, events)
	}
	out := outcome{line: -1, retryAfter: retryAfter(header)}
	message := replyMessage(body)
	switch {
	case status == http.StatusBadRequest && strings.Contains(message, "could not read request body"):
		out.verdict = again
		// gateway: a body over its limit is a 400, not a 413.
		if strings.Contains(message, "too large") {
			out.verdict = tooLarge
		} else {
			out.timedOut = true
		}
	case status == http.StatusBadRequest && strings.Contains(message, "must contain no more than"):
		out.verdict = tooMany
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		out.verdict = refused
		out.line = namedEvent(message, events)
	case status == http.StatusRequestTimeout, status/100 == 2:
		out.verdict, out.unknown = again, true
	case status == http.StatusTooManyRequests:
		out.verdict, out.isBusy = again, true
	case status == http.StatusRequestEntityTooLarge:
		out.verdict = tooLarge
	case status == http.StatusInternalServerError && strings.Contains(message, "batch exceeds maximum event count"):
		out.verdict = tooMany
	case status >= 500:
		// gateway: once it has answered it is done with the request. A proxy
		// answers while the gateway may still be storing.
		out.verdict = again
		out.unknown = status == http.StatusBadGateway || status == http.StatusGatewayTimeout || status >= 520
	default:
		out.verdict = denied
	}
	out.err = &GatewayError{StatusCode: status, Message: message, Events: events, RetryAfter: out.retryAfter}
	return out
}

// maxMessageBytes is how much of the gateway's words goes into an error.
const maxMessageBytes = 500

// replyMessage takes the words out of an error reply, whatever its form.
func replyMessage(body []byte) string {
	var reply struct {
		Violations []struct{ Field, Description string }
		Error      string
		Message    string
	}
	message := ""
	if json.Unmarshal(body, &reply) == nil {
		message = reply.Error + reply.Message
		for i, v := range reply.Violations {
			if len(message) > 2*maxMessageBytes {
				break // there may be a hundred thousand
			}
			if i > 0 {
				message += "; "
			}
			if v.Field != "" && v.Field != "body" {
				message += v.Field + ": "
			}
			message += v.Description
		}
	}
	if message == "" {
		message = string(body[:min(len(body), 2*maxMessageBytes)])
	}
	return envelope.Cut(printable(strings.Join(strings.Fields(message), " ")), maxMessageBytes)
}

// namedEvent returns the index of the event on the line that a parse error names
// as "(line L:C)", or -1. The first such place is the gateway's own; a later one
// may be quoted from an event.
func namedEvent(message string, events int) int {
	_, rest, ok := strings.Cut(message, "(line ")
	if !ok {
		return -1
	}
	digits, _, _ := strings.Cut(rest, ":")
	line, err := strconv.Atoi(digits)
	// The body's first line opens the list.
	if event := line - 2; err == nil && event >= 0 && event < events {
		return event
	}
	return -1
}

// maxRetryAfter bounds the wait that a gateway, or a proxy, can ask for.
const maxRetryAfter = 60 * time.Second

// retryAfter reads the header of RFC 9110, section 10.2.3: seconds or a date.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if text == "" {
		return 0
	}
	// Whole seconds by the RFC; some proxies send fractions. Beyond its range
	// ParseFloat returns an infinity.
	if seconds, err := strconv.ParseFloat(text, 64); (err == nil || errors.Is(err, strconv.ErrRange)) && !math.IsNaN(seconds) {
		return time.Duration(max(0, min(seconds, maxRetryAfter.Seconds())) * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, min(time.Until(at), maxRetryAfter))
}

// reply is the gateway's answer to a request that it took. It is protojson:
// zero values, index 0 among them, are absent.
type reply struct {
	AcceptedCount int
	RejectedCount int
	Results       []struct {
		Index  int
		Status string
		Error  string
	}
}

// readResults judges the body of a 200. One that cannot be read or does not add
// up tells nothing about the events.
func readResults(body []byte, events int) outcome {
	if allAccepted(body, events) {
		return outcome{verdict: accepted, line: -1}
	}
	unknown := outcome{verdict: again, line: -1, unknown: true,
		err: &GatewayError{StatusCode: http.StatusOK, Message: "the reply cannot be read or does not add up: " + replyMessage(body), Events: events}}
	var reply reply
	if json.Unmarshal(body, &reply) != nil || reply.AcceptedCount+reply.RejectedCount != events {
		return unknown
	}
	out := outcome{verdict: accepted, line: -1}
	seen := make([]bool, events)
	for _, result := range reply.Results {
		if result.Index < 0 || result.Index >= events || seen[result.Index] {
			return unknown
		}
		seen[result.Index] = true
		if result.Status == "rejected" {
			out.rejections = append(out.rejections, rejection{result.Index, envelope.Cut(printable(result.Error), maxMessageBytes), transient(result.Error)})
		}
	}
	if len(out.rejections) != reply.RejectedCount {
		return unknown
	}
	return out
}

// transient reports whether the gateway may store the rejected event another
// time: it could not publish it, for another reason than its size.
func transient(reason string) bool {
	return strings.HasPrefix(reason, "failed to publish event") && !strings.Contains(reason, "maximum payload exceeded")
}

// allAccepted recognises the reply of a good day without decoding a thousand
// results: the count is right, so many results say accepted, none says
// rejected, and nothing is cut off.
func allAccepted(body []byte, events int) bool {
	_, rest, ok := bytes.Cut(body, []byte(`"acceptedCount":`))
	if !ok {
		return false
	}
	digits := bytes.TrimLeft(rest, " ")
	end := bytes.IndexAny(digits, ",} \n")
	if end < 0 || string(digits[:end]) != strconv.Itoa(events) {
		return false
	}
	return !bytes.Contains(body, []byte("rejected")) && acceptedStatus.Count(body) == events &&
		bytes.Count(body, []byte("{")) == bytes.Count(body, []byte("}")) &&
		bytes.HasSuffix(bytes.TrimRight(body, " \r\n"), []byte("}"))
}

var acceptedStatus = needle.New(`"accepted"`)
