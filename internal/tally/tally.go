// Package tally counts what a log line of the client is about.
package tally

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/SebastienMelki/causality/sdk/go/internal/envelope"
)

const (
	// maxNamed is how many reasons a log line names, and how many event types,
	// properties or paths for each.
	maxNamed = 5
	// maxReasonBytes is how much a log line quotes of one reason.
	maxReasonBytes = 1000
)

// Tally is what one log line is about: reasons, and for each the event types,
// properties or paths that it concerns. Either text may be empty. A line names the
// first few, each with its count.
type Tally struct {
	reasons []cause
	others  int // occurrences for further reasons
}

type cause struct {
	reason  string
	count   int
	details []detail
	others  int // occurrences with further details
}

type detail struct {
	name  string
	count int
}

// Add counts n occurrences. It keeps neither of the texts, which may be memory of the
// caller's.
func (t *Tally) Add(n int, detail, reason string) {
	detail, reason = envelope.Cut(detail, envelope.MaxTypeBytes), envelope.Cut(reason, maxReasonBytes)
	i := slices.IndexFunc(t.reasons, func(known cause) bool { return known.reason == reason })
	if i < 0 {
		if len(t.reasons) == maxNamed {
			t.others += n
			return
		}
		i = len(t.reasons)
		t.reasons = append(t.reasons, cause{reason: strings.Clone(reason)})
	}
	t.reasons[i].add(n, detail)
}

func (c *cause) add(n int, name string) {
	c.count += n
	i := slices.IndexFunc(c.details, func(known detail) bool { return known.name == name })
	switch {
	case i >= 0:
		c.details[i].count += n
	case len(c.details) == maxNamed:
		c.others += n
	default:
		c.details = append(c.details, detail{strings.Clone(name), n})
	}
}

// Texts returns what the line says of the details and of the reasons. One reason is
// quoted as it is, and so is its only detail; of several each has its count:
//
//	"late"                "its TimestampMs is after the year 9999"
//	"late (3), far (2)"   "its TimestampMs is after the year 9999"
//	"late"                "its TimestampMs is after the year 9999 (3); its ID is not printable (4)"
//	"late, far"           "its TimestampMs is after the year 9999 (late 3, far 2); it has no EventType (4)"
func (t *Tally) Texts() (details, reasons string) {
	switch len(t.reasons) {
	case 0:
		return "", ""
	case 1:
		only := &t.reasons[0]
		if len(only.details) == 1 && only.others == 0 {
			return only.details[0].name, only.reason
		}
		return only.text("%s (%d)"), only.reason
	}
	var names, texts []string
	for _, cause := range t.reasons {
		for _, detail := range cause.details {
			if detail.name != "" && !slices.Contains(names, detail.name) {
				names = append(names, detail.name)
			}
		}
	}
	for _, cause := range t.reasons {
		if len(names) > 1 && cause.details[0].name != "" {
			texts = append(texts, fmt.Sprintf("%s (%s)", cause.reason, cause.text("%s %d")))
		} else {
			texts = append(texts, fmt.Sprintf("%s (%d)", cause.reason, cause.count))
		}
	}
	if t.others > 0 {
		texts = append(texts, fmt.Sprintf("other reasons (%d)", t.others))
	}
	return strings.Join(names, ", "), strings.Join(texts, "; ")
}

// text names the details in a format of name and count.
func (c *cause) text(format string) string {
	var texts []string
	for _, detail := range c.details {
		texts = append(texts, fmt.Sprintf(format, cmp.Or(detail.name, "unnamed"), detail.count))
	}
	if c.others > 0 {
		texts = append(texts, fmt.Sprintf(format, "others", c.others))
	}
	return strings.Join(texts, ", ")
}
