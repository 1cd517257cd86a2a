// Package reply reads what the gateway answers to a request: which of its events are
// stored, and what to do with the others. It knows nothing of connections and waits.
package reply

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/needle"
)

// Verdict is what to do with a request's events.
type Verdict uint8

const (
	// Accepted: the gateway answered for each event; some may be rejected.
	Accepted Verdict = iota
	// Again: nothing is wrong with the events; the same request later.
	Again
	// Refused: at least one event is bad, and none was stored.
	Refused
	// TooLarge: fewer bytes a request.
	TooLarge
	// TooMany: fewer events a request.
	TooMany
	// Denied: this request will not be taken, whatever is in it.
	Denied
)

// Reply is what the answer to one request says.
type Reply struct {
	Verdict Verdict
	// Message is why it was not accepted, in the gateway's words.
	Message string
	// Line is the index of the event that the gateway named as bad, or -1.
	Line int
	// Rejections are the events of an accepted request that were not stored.
	Rejections []Rejection
	// Unknown: the events may have been stored, or marked as seen, or neither.
	Unknown bool
	// TimedOut: no answer in time, or the upload broke.
	TimedOut bool
	// IsBusy: the answer is about the rate of requests and not about these events.
	IsBusy bool
	// RetryAfter is how long the answer asked everybody to wait; 0 if it did not.
	RetryAfter time.Duration
}

// Rejection is an event that the gateway did not store, though it took the request.
type Rejection struct {
	Index  int
	Reason string
	// Transient: the same event may be stored later, under a new key.
	Transient bool
}

// Read judges an answer. It reads like the table "Statuses" of the gateway:
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
func Read(status int, header http.Header, body []byte, events int) Reply {
	if status == http.StatusOK {
		return readResults(body, events)
	}
	out := Reply{Line: -1, Message: message(body), RetryAfter: retryAfter(header)}
	switch {
	case status == http.StatusBadRequest && strings.Contains(out.Message, "could not read request body"):
		out.Verdict = Again
		// gateway: a body over its limit is a 400, not a 413.
		if strings.Contains(out.Message, "too large") {
			out.Verdict = TooLarge
		} else {
			out.TimedOut = true
		}
	case status == http.StatusBadRequest && strings.Contains(out.Message, "must contain no more than"):
		out.Verdict = TooMany
	case status == http.StatusBadRequest, status == http.StatusUnprocessableEntity:
		out.Verdict = Refused
		out.Line = namedEvent(out.Message, events)
	case status == http.StatusRequestTimeout, status/100 == 2:
		out.Verdict, out.Unknown = Again, true
	case status == http.StatusTooManyRequests:
		out.Verdict, out.IsBusy = Again, true
	case status == http.StatusRequestEntityTooLarge:
		out.Verdict = TooLarge
	case status == http.StatusInternalServerError && strings.Contains(out.Message, "batch exceeds maximum event count"):
		out.Verdict = TooMany
	case status >= 500:
		// gateway: once it has answered it is done with the request. A proxy
		// answers while the gateway may still be storing.
		out.Verdict = Again
		out.Unknown = status == http.StatusBadGateway || status == http.StatusGatewayTimeout || status >= 520
	default:
		out.Verdict = Denied
	}
	return out
}

// MaxMessageBytes is how much of the gateway's words goes into an error.
const MaxMessageBytes = 500

// message takes the words out of an error reply, whatever its form.
func message(body []byte) string {
	var reply struct {
		Violations []struct{ Field, Description string }
		Error      string
		Message    string
	}
	message := ""
	if json.Unmarshal(body, &reply) == nil {
		message = reply.Error + reply.Message
		for i, v := range reply.Violations {
			if len(message) > 2*MaxMessageBytes {
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
		message = string(body[:min(len(body), 2*MaxMessageBytes)])
	}
	return envelope.Cut(Printable(strings.Join(strings.Fields(message), " ")), MaxMessageBytes)
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

// results is the gateway's answer to a request that it took. It is protojson:
// zero values, index 0 among them, are absent.
type results struct {
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
func readResults(body []byte, events int) Reply {
	if AllAccepted(body, events) {
		return Reply{Line: -1}
	}
	unknown := Reply{Verdict: Again, Line: -1, Unknown: true, Message: "the reply cannot be read or does not add up: " + message(body)}
	var results results
	if json.Unmarshal(body, &results) != nil || results.AcceptedCount+results.RejectedCount != events {
		return unknown
	}
	out := Reply{Line: -1}
	seen := make([]bool, events)
	for _, result := range results.Results {
		if result.Index < 0 || result.Index >= events || seen[result.Index] {
			return unknown
		}
		seen[result.Index] = true
		if result.Status == "rejected" {
			out.Rejections = append(out.Rejections, Rejection{result.Index, envelope.Cut(Printable(result.Error), MaxMessageBytes), transient(result.Error)})
		}
	}
	if len(out.Rejections) != results.RejectedCount {
		return unknown
	}
	return out
}

// transient reports whether the gateway may store the rejected event another
// time: it could not publish it, for another reason than its size.
func transient(reason string) bool {
	return strings.HasPrefix(reason, "failed to publish event") && !strings.Contains(reason, "maximum payload exceeded")
}

// AllAccepted recognises the reply of a good day without decoding a thousand
// results: the count is right, so many results say accepted, none says
// rejected, and nothing is cut off.
func AllAccepted(body []byte, events int) bool {
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

// Printable returns words from outside without what could forge a log line or turn
// the direction of a terminal: a space for white space, U+FFFD for the rest.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsPrint(r):
			return r
		case unicode.IsSpace(r):
			return ' '
		}
		return unicode.ReplacementChar
	}, s)
}
