package live

import (
	"bytes"
	"encoding/json"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bad is where a refused body is wrong.
type Bad struct {
	Line   int `json:"line"`             // from 1
	Column int `json:"column,omitempty"` // in it, from 1; 0: all of it
	Event  int `json:"event"`            // from 0; -1: unknown
}

// Line is one line of a refused body. A long one is cut to what is around
// the bad column.
type Line struct {
	Number int    `json:"number"`
	Text   string `json:"text"`
	Bad    bool   `json:"bad,omitempty"`
	Mark   int    `json:"mark,omitempty"` // where in Text it is wrong, in characters from 1
	Cut    bool   `json:"cut,omitempty"`
}

const (
	linesAround = 12      // lines that are kept on each side of the bad one
	maxLineText = 4 << 10 // bytes that are kept of a line
)

var linePlace = regexp.MustCompile(`\(line (\d+):(\d+)\)`)

// findBad says where a body is wrong: at the place that the reason names, at
// its end if that came too early, or where the event begins that broke a rule. It returns nil when nobody knows.
func findBad(reason string, event int, body []byte, starts []int) *Bad {
	if m := linePlace.FindStringSubmatch(reason); m != nil {
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		bad := &Bad{Line: line, Column: column, Event: -1}
		at := offset(body, line, column)
		if i := sort.SearchInts(starts, at+1) - 1; i < maxSplit-1 { // beyond, the events were not split
			bad.Event = i
		}
		return bad
	}
	if strings.Contains(reason, "unexpected EOF") && len(body) > 0 {
		return &Bad{Line: 1 + bytes.Count(body, []byte("\n")), Event: len(starts) - 1}
	}
	if event >= 0 && event < len(starts) {
		return &Bad{Line: 1 + bytes.Count(body[:starts[event]], []byte("\n")), Event: event}
	}
	return nil
}

// offset is where a line and column are in a body.
func offset(body []byte, line, column int) int {
	at := 0
	for ; line > 1; line-- {
		i := bytes.IndexByte(body[at:], '\n')
		if i < 0 {
			return len(body)
		}
		at += i + 1
	}
	return at + width(body[at:], column-1)
}

// width is how many bytes the first n characters have: protojson counts
// columns in characters, and a byte that is none as one.
func width(text []byte, n int) int {
	at := 0
	for ; n > 0 && at < len(text); n-- {
		_, size := utf8.DecodeRune(text[at:])
		at += size
	}
	return at
}

// excerpt is what is kept of a refused body: the lines around the bad one, or
// the first ones.
func excerpt(body []byte, bad *Bad) []Line {
	first, last := 1, 2*linesAround+1
	if bad != nil {
		first, last = max(1, bad.Line-linesAround), bad.Line+linesAround
	}
	var lines []Line
	number := 0
	for rest := body; len(rest) > 0 && number < last; {
		var text []byte
		text, rest, _ = bytes.Cut(rest, []byte("\n"))
		if number++; number < first {
			continue
		}
		line := Line{Number: number}
		column := 0
		if bad != nil && bad.Line == number {
			line.Bad, column = true, bad.Column
		}
		line.Text, line.Mark, line.Cut = window(text, column)
		lines = append(lines, line)
	}
	return lines
}

// window cuts a long line to what is around a column, and says where the
// column then is.
func window(text []byte, column int) (_ string, mark int, isCut bool) {
	at := width(text, column-1)
	from, to := 0, len(text)
	if len(text) > maxLineText {
		isCut = true
		from = max(0, min(at-maxLineText/2, len(text)-maxLineText))
		to = from + maxLineText
	}
	if column > 0 {
		mark = 1 + utf8.RuneCount(text[from:at])
	}
	return string([]rune(string(text[from:to]))), mark, isCut
}

// maxSplit is of how many events of a body the beginning is looked for. The
// gateway takes no more than a thousand.
const maxSplit = 1001

// split finds the events of a body, as they were sent, and where each begins. It
// returns as many as it can read, up to maxSplit.
func split(body []byte, single bool) (events []json.RawMessage, starts []int) {
	dec := json.NewDecoder(bytes.NewReader(body))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, nil
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return events, starts
		}
		if single && name == "event" {
			start := valueStart(body, dec.InputOffset())
			var raw json.RawMessage
			if dec.Decode(&raw) != nil {
				return []json.RawMessage{nil}, []int{start}
			}
			return []json.RawMessage{raw}, []int{start}
		}
		if single || name != "events" {
			var skipped json.RawMessage
			if dec.Decode(&skipped) != nil {
				return events, starts
			}
			continue
		}
		if t, err := dec.Token(); err != nil || t != json.Delim('[') {
			return events, starts
		}
		for dec.More() && len(events) < maxSplit {
			start := valueStart(body, dec.InputOffset())
			var raw json.RawMessage
			err := dec.Decode(&raw)
			events, starts = append(events, raw), append(starts, start)
			if err != nil {
				return events, starts
			}
		}
		return events, starts
	}
	return events, starts
}

// valueStart skips what may come before a value.
func valueStart(body []byte, from int64) int {
	at := int(from)
	for at < len(body) && strings.IndexByte(" \t\r\n,:", body[at]) >= 0 {
		at++
	}
	return at
}
