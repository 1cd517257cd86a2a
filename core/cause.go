package causality

import (
	"cmp"
	"errors"
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

// causes are what one log line is about: reasons, and for each the event types,
// properties or paths that it concerns. Either text may be empty. A line names the
// first few, each with its count.
type causes struct {
	reasons []cause
	others  int // occurrences for further reasons
}

type cause struct {
	reason  string
	count   int
	details []tally
	others  int // occurrences with further details
}

type tally struct {
	name  string
	count int
}

// add counts n occurrences. It keeps neither of the texts, which may be memory of the
// caller's.
func (c *causes) add(n int, detail, reason string) {
	detail, reason = envelope.Cut(detail, envelope.MaxTypeBytes), envelope.Cut(reason, maxReasonBytes)
	i := slices.IndexFunc(c.reasons, func(known cause) bool { return known.reason == reason })
	if i < 0 {
		if len(c.reasons) == maxNamed {
			c.others += n
			return
		}
		i = len(c.reasons)
		c.reasons = append(c.reasons, cause{reason: strings.Clone(reason)})
	}
	c.reasons[i].add(n, detail)
}

func (c *cause) add(n int, detail string) {
	c.count += n
	i := slices.IndexFunc(c.details, func(known tally) bool { return known.name == detail })
	switch {
	case i >= 0:
		c.details[i].count += n
	case len(c.details) == maxNamed:
		c.others += n
	default:
		c.details = append(c.details, tally{strings.Clone(detail), n})
	}
}

// texts returns what the line says of the details and of the reasons. One reason is
// quoted as it is, and so is its only detail; of several each has its count:
//
//	"late"                "its TimestampMs is after the year 9999"
//	"late (3), far (2)"   "its TimestampMs is after the year 9999"
//	"late"                "its TimestampMs is after the year 9999 (3); its ID is not printable (4)"
//	"late, far"           "its TimestampMs is after the year 9999 (late 3, far 2); it has no EventType (4)"
func (c *causes) texts() (details, reasons string) {
	switch len(c.reasons) {
	case 0:
		return "", ""
	case 1:
		only := &c.reasons[0]
		if len(only.details) == 1 && only.others == 0 {
			return only.details[0].name, only.reason
		}
		return only.text("%s (%d)"), only.reason
	}
	var names, texts []string
	for _, cause := range c.reasons {
		for _, detail := range cause.details {
			if detail.name != "" && !slices.Contains(names, detail.name) {
				names = append(names, detail.name)
			}
		}
	}
	for _, cause := range c.reasons {
		if len(names) > 1 && cause.details[0].name != "" {
			texts = append(texts, fmt.Sprintf("%s (%s)", cause.reason, cause.text("%s %d")))
		} else {
			texts = append(texts, fmt.Sprintf("%s (%d)", cause.reason, cause.count))
		}
	}
	if c.others > 0 {
		texts = append(texts, fmt.Sprintf("other reasons (%d)", c.others))
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

// reasonOf is what a log line says of an error. It has the gateway's words alone of a
// rejected event, whose id differs for each.
func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	if rejected := (*RejectedError)(nil); errors.As(err, &rejected) {
		return rejected.Reason
	}
	return err.Error()
}
