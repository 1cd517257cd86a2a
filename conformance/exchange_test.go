package conformance

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
)

const (
	// sharedExchanges is everything that was recorded; it lives outside the repository.
	sharedExchanges = "../../shared/gateway/exchanges.jsonl"
	// keptExchanges are the small ones that matter most.
	keptExchanges = "testdata/exchanges.jsonl"
)

// exchange is one recorded request to the real gateway, its reply and what
// arrived on the stream because of it.
type exchange struct {
	Name    string `json:"name"`
	Group   string `json:"group"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		BodyB64 string            `json:"body_b64"`
		BodyLen int               `json:"body_len"`
		Cut     bool              `json:"body_truncated"`
	} `json:"request"`
	Response struct {
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
		Cut     bool              `json:"body_truncated"`
	} `json:"response"`
	Stream *struct {
		Published *int              `json:"published"`
		Subjects  []string          `json:"subjects"`
		Envelopes []json.RawMessage `json:"envelopes"`
	} `json:"stream"`
	Note string `json:"note"`
}

func (e *exchange) key() string { return e.Group + "/" + e.Name }

// readExchanges skips the test when the exchanges outside the repository are
// not here.
func readExchanges(tb testing.TB, file string) []*exchange {
	tb.Helper()
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) && file == sharedExchanges {
		tb.Skipf("skipped: the recorded exchanges are not here (%v)", err)
	}
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var all []*exchange
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		e := new(exchange)
		if err := json.Unmarshal(lines.Bytes(), e); err != nil {
			tb.Fatalf("%s: line %d: %v", file, len(all)+1, err)
		}
		all = append(all, e)
	}
	if err := lines.Err(); err != nil {
		tb.Fatal(err)
	}
	return all
}

// body returns the bytes that were sent. The recording cut the long ones, all
// of which repeat something: they are grown again to their recorded length.
func (e *exchange) body(tb testing.TB) []byte {
	tb.Helper()
	if e.Request.BodyB64 != "" {
		raw, err := base64.StdEncoding.DecodeString(e.Request.BodyB64)
		if err != nil {
			tb.Fatal(err)
		}
		return raw
	}
	if !e.Request.Cut {
		return []byte(e.Request.Body)
	}
	grown := e.grow()
	if len(grown) != e.Request.BodyLen {
		tb.Fatalf("%s: grew a body of %d bytes, %d were recorded", e.key(), len(grown), e.Request.BodyLen)
	}
	return []byte(grown)
}

func (e *exchange) grow() string {
	cut, size := e.Request.Body, e.Request.BodyLen
	switch e.key() {
	case "params/key-64k":
		return fill(cut, size, `":"v"}}}]}`)
	case "idem/long-key":
		return fill(cut, size, `", "custom_event": {"event_name": "probe"}}]}`)
	case "json/deep-unknown":
		const levels, step = 9999, `{"a":`
		start := cut[:strings.Index(cut, step)]
		return start + strings.Repeat(step, levels) + "1" + strings.Repeat("}", levels) + "}]}"
	case "size/body-max-minus-1", "size/body-max", "size/body-max-plus-1", "size/body-6M", "size/body-20M", "auth/bad-key-6M-body":
		return spread(cut, size, 10)
	case "size/event-1.1M-mixed":
		return middle(cut, size, `"event_name": "p", "string_params": {"a": "x`, `"}}}`)
	case "subject/long-in-middle":
		return middle(cut, size, `"event_name": "n`, `"}}`)
	}
	if last := cut[len(cut)-1:]; strings.HasSuffix(cut, strings.Repeat(last, 40)) {
		return fill(cut, size, closers(cut))
	}
	return copies(cut, size)
}

// fill lengthens the run at the end of a cut body.
func fill(cut string, size int, suffix string) string {
	missing := max(0, size-len(cut)-len(suffix))
	return cut + strings.Repeat(cut[len(cut)-1:], missing) + suffix
}

// closers ends the string, objects and arrays that are open at the end of s.
func closers(s string) string {
	var open []byte
	quoted := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}' || c == ']':
			open = open[:len(open)-1]
		}
	}
	var out strings.Builder
	if quoted {
		out.WriteByte('"')
	}
	for i := len(open) - 1; i >= 0; i-- {
		out.WriteByte(open[i])
	}
	return out.String()
}

const batchStart, batchEnd = `{"events": [`, `]}`

// copies repeats the first event of a cut batch under other keys. The keys
// follow from the first one, so a resend has those of the request before it.
func copies(cut string, size int) string {
	event, _, _ := strings.Cut(strings.TrimPrefix(cut, batchStart), `, {"app_id"`)
	n := (size - len(batchStart) - len(batchEnd) + len(", ")) / (len(event) + len(", "))
	events := make([]string, n)
	for i := range events {
		events[i] = withKey(event, i)
	}
	return batchStart + strings.Join(events, ", ") + batchEnd
}

// spread distributes the run at the end of a cut body over n events.
func spread(cut string, size, n int) string {
	head := strings.TrimRight(strings.TrimPrefix(cut, batchStart), "x")
	const tail = `"}}}`
	room := size - len(batchStart) - len(batchEnd) - (n-1)*len(", ") - n*(len(head)+len(tail))
	events := make([]string, n)
	for i := range events {
		share := room / n
		if i == 0 {
			share += room % n
		}
		events[i] = withKey(head, i) + strings.Repeat("x", share) + tail
	}
	return batchStart + strings.Join(events, ", ") + batchEnd
}

// middle rebuilds "good, long, good" around a payload that begins with start.
func middle(cut string, size int, start, end string) string {
	good, _, _ := strings.Cut(strings.TrimPrefix(cut, batchStart), `, {"app_id"`)
	head, _, _ := strings.Cut(good, `"event_name"`)
	long := withKey(head, 1) + start
	rest := end + ", " + withKey(good, 2) + batchEnd
	run := size - len(batchStart) - len(good) - len(", ") - len(long) - len(rest)
	return batchStart + good + ", " + long + strings.Repeat(start[len(start)-1:], run) + rest
}

const keyName = `"idempotency_key": "`

// withKey gives the i-th copy of an event a key of its own; the first keeps the recorded one.
func withKey(event string, i int) string {
	if i == 0 {
		return event
	}
	at := strings.Index(event, keyName) + len(keyName)
	first := event[at : at+36]
	other := uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", first, i)).String()
	return event[:at] + other + event[at+36:]
}
