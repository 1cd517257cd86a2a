// Package dryrun prints events instead of sending them.
package dryrun

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
	"github.com/SebastienMelki/causality/sdk/go/internal/usercode"
)

// Printer writes events to Config.DryRun as a person reads them. It reads them
// from their encoded form, so that it shows what would have been sent. A nil
// Printer is that of a client that sends.
type Printer struct {
	mu sync.Mutex
	w  io.Writer
}

// New returns a Printer, or nil if there is no writer.
func New(w io.Writer) *Printer {
	if w == nil {
		return nil
	}
	return &Printer{w: w}
}

// Event prints an encoded event:
//
//	purchase_complete  09:52:55.123  user=u-1 session=s-9 device=web-3 app=checkout
//	    order_id     "o-42"
//	    total_cents  1999
func (p *Printer) Event(encoded []byte) {
	e, err := envelope.Decode(encoded)
	if err != nil {
		// Not a form that we know how to show, so as it is.
		p.write(append(encoded, '\n'))
		return
	}
	var b bytes.Buffer
	b.WriteString(e.EventType)
	if e.IsTyped {
		b.WriteString(" (typed payload)")
	}
	fmt.Fprintf(&b, "  %s ", time.UnixMilli(e.TimestampMs).Format("15:04:05.000"))
	for _, id := range [...][2]string{
		{"user", e.UserID}, {"session", e.SessionID}, {"correlation", e.CorrelationID},
		{"device", e.DeviceID}, {"app", e.AppID},
	} {
		if id[1] != "" {
			fmt.Fprintf(&b, " %s=%s", id[0], word(id[1]))
		}
	}
	b.WriteByte('\n')
	width := 0
	for key := range e.Properties {
		width = max(width, len(word(key)))
	}
	for _, key := range slices.Sorted(maps.Keys(e.Properties)) {
		fmt.Fprintf(&b, "    %-*s  %s\n", width, word(key), e.Properties[key])
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

// Dropped prints an event that would not have been sent either.
func (p *Printer) Dropped(eventType, why string) {
	if p == nil {
		return
	}
	p.write(fmt.Appendf(nil, "%s  dropped: %s\n", envelope.CleanType(eventType), why))
}

// write writes it in one piece. What the user's writer makes of it is no matter
// of the goroutine that tracks.
func (p *Printer) write(text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	defer func() { _ = recover() }()
	usercode.Call(func() { _, _ = p.w.Write(text) })
}
