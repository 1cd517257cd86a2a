package causality

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/catalogue"
)

// printer writes events to Config.Debug as a person reads them. It reads them
// from their encoded form, so that it shows what would have been sent. A nil
// printer is that of a client that sends.
type printer struct {
	mu sync.Mutex
	w  io.Writer
}

func newPrinter(w io.Writer) *printer {
	if w == nil {
		return nil
	}
	return &printer{w: w}
}

// event prints an encoded event:
//
//	purchase_complete  09:52:55.123  user=u-1 session=s-9 device=web-3 app=checkout
//	    order_id     "o-42"
//	    total_cents  1999
func (p *printer) event(encoded []byte) {
	e, err := readPrinted(encoded)
	if err != nil {
		// Not a form that we know how to show, so as it is.
		p.write(append(encoded, '\n'))
		return
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s  %s ", e.title, e.at.Format("15:04:05.000"))
	for _, id := range e.identity {
		fmt.Fprintf(&b, " %s=%s", id[0], word(id[1]))
	}
	b.WriteByte('\n')
	width := 0
	for key := range e.properties {
		width = max(width, len(word(key)))
	}
	for _, key := range slices.Sorted(maps.Keys(e.properties)) {
		fmt.Fprintf(&b, "    %-*s  %s\n", width, word(key), e.properties[key])
	}
	p.write(b.Bytes())
}

// word is text as it is, or quoted where it would not read as one word.
func word(text string) string {
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` || strings.Contains(text, " ") {
		return quoted
	}
	return text
}

// dropped prints an event that would not have been sent either.
func (p *printer) dropped(eventType, why string) {
	if p == nil {
		return
	}
	p.write(fmt.Appendf(nil, "%s  dropped: %s\n", cleanEventType(eventType), why))
}

// write writes it in one piece. What the user's writer makes of it is no matter
// of the goroutine that tracks.
func (p *printer) write(text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { _ = recover() }()
	_, _ = p.w.Write(text)
}

// printed is what is shown of an event.
type printed struct {
	title      string
	at         time.Time
	identity   [][2]string
	properties map[string]json.RawMessage // as JSON, so that "1" is not 1
}

// readPrinted reads an event in the form in which it would be sent.
func readPrinted(encoded []byte) (printed, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &fields); err != nil {
		return printed{}, err
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(fields[name], &s) // absent: empty
		return s
	}
	e := printed{properties: make(map[string]json.RawMessage)}
	var ms int64
	if err := json.Unmarshal(fields["timestamp_ms"], &ms); err != nil {
		return printed{}, err
	}
	e.at = time.UnixMilli(ms)

	user, session := text("user_id"), text("session_id") // of the flat form
	switch custom, flat := fields["custom_event"], fields["event_type"]; {
	case custom != nil:
		var payload map[string]json.RawMessage
		if err := json.Unmarshal(custom, &payload); err != nil {
			return printed{}, err
		}
		_ = json.Unmarshal(payload["event_name"], &e.title)
		for _, name := range [...]string{"string_params", "int_params", "float_params", "bool_params"} {
			_ = json.Unmarshal(payload[name], &e.properties) // absent: nothing is added
		}
		user, session = e.take("user_id"), e.take("session_id")
	case flat != nil:
		e.title = text("event_type")
		_ = json.Unmarshal(fields["properties"], &e.properties)
	default:
		for name := range fields {
			if catalogue.PayloadOf(name) != nil {
				e.title = name + " (typed payload)"
				_ = json.Unmarshal(fields[name], &e.properties)
			}
		}
	}
	// The same in every event, so of no interest here.
	maps.DeleteFunc(e.properties, func(key string, _ json.RawMessage) bool {
		return key == "_server" || strings.HasPrefix(key, "_server_")
	})
	for _, id := range [...][2]string{
		{"user", user}, {"session", session}, {"correlation", text("correlation_id")},
		{"device", text("device_id")}, {"app", text("app_id")},
	} {
		if id[1] != "" {
			e.identity = append(e.identity, id)
		}
	}
	return e, nil
}

// take removes a string property and returns it.
func (e *printed) take(key string) (s string) {
	if json.Unmarshal(e.properties[key], &s) == nil {
		delete(e.properties, key)
	}
	return s
}
