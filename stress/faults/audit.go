package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Audit is the account of a fault's events, taken at the gateway.
type Audit struct {
	// Stored are the events that are in the warehouse, and Doubled those of
	// them that are there more than once.
	Stored, Doubled int
	// Missing are those that are not.
	Missing int
	// Contradictions are fates that no event may have.
	Contradictions []error
}

func audit(events int, stored []Stored, drops []causality.DroppedEvent) Audit {
	var a Audit
	contradict := func(format string, args ...any) {
		a.Contradictions = append(a.Contradictions, fmt.Errorf(format, args...))
	}
	ids, names := make(map[string]string, len(stored)), make(map[string]string, len(stored))
	doubled := make(map[string]bool)
	for _, s := range stored {
		if n, err := strconv.Atoi(strings.TrimPrefix(s.Name, "e")); err != nil || n < 0 || n >= events {
			contradict("%q was stored, which nobody tracked", s.Name)
		}
		if name, ok := names[s.ID]; ok && name != s.Name {
			contradict("%q and %q were stored under the same id", name, s.Name)
		}
		names[s.ID] = s.Name
		switch id, ok := ids[s.Name]; {
		case !ok:
			ids[s.Name] = s.ID
		case id == s.ID:
			doubled[s.Name] = true
		default:
			contradict("%q was stored under two ids, so nobody can tell that it is one event", s.Name)
		}
	}
	dropped := make(map[string]bool)
	for _, d := range drops {
		if dropped[d.EventType] {
			contradict("OnDrop was given %q twice", d.EventType)
		}
		dropped[d.EventType] = true
		// What was under way when Close had no time left may have been stored.
		if _, ok := ids[d.EventType]; ok && d.Reason != causality.DropClosed {
			contradict("%q was stored, and OnDrop was given %v: %v", d.EventType, d.Reason, d.Err)
		}
		if len(d.JSON) == 0 || d.ID == "" || d.Err == nil {
			contradict("OnDrop was given %q without its id, its JSON or an error: %+v", d.EventType, d)
		}
	}
	a.Stored, a.Doubled = len(ids), len(doubled)
	a.Missing = events - a.Stored
	return a
}

// Vanished is how many events are missing that the client does not count as
// dropped. Below zero it is how many were stored though the client, which does
// not know, counts them as dropped.
func (m *Measured) Vanished() int { return m.Missing - int(m.Stats.Dropped.Total()) }

// Check holds what was measured to what the fault must come to.
func (m *Measured) Check() error {
	w := m.Fault.Want
	problems := m.general()
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	d := m.Stats.Dropped
	bad(int(d.Rejected) == w.Rejected, "%d events rejected, not %d", d.Rejected, w.Rejected)
	bad(w.QueueFull == (d.QueueFull > 0), "%d events dropped at the full queue", d.QueueFull)
	bad(int(d.Closed) == w.Closed, "%d events lost in Close, not %d", d.Closed, w.Closed)
	bad(m.Vanished() <= w.Vanished, "%d events vanished, over %d", m.Vanished(), w.Vanished)
	bad(m.Vanished() >= 0, "%d events stored that count as dropped", -m.Vanished())
	bad(!w.SomeVanish || m.Vanished() > 0, "no event vanished: the fault is not what it should be")
	bad(m.Doubled <= w.Doubled, "%d events stored more than once, over %d", m.Doubled, w.Doubled)
	bad(!w.SomeDouble || m.Doubled > 0, "no event doubled: the fault is not what it should be")
	bad(w.Uncertain == (m.Stats.Uncertain > 0), "Stats.Uncertain is %d", m.Stats.Uncertain)
	bad(w.Requests == 0 || len(m.Seen) <= w.Requests, "%d requests, over %d", len(m.Seen), w.Requests)
	bad(w.Flush == either || (w.Flush == fails) == (m.FlushErr != nil), "Flush: %v", m.FlushErr)
	bad((m.CloseErr != nil) == (w.Closed > 0), "Close: %v", m.CloseErr)
	bad(w.SaidBy == 0 || len(m.Lines) > 0 && m.Lines[0].At <= w.SaidBy, "nothing is in the log after %v: %v", w.SaidBy, m.Lines)
	bad(w.Settled == 0 || m.Settled <= w.Settled, "all is settled after %v, over %v", m.Settled, w.Settled)
	bad(len(m.Errors) >= w.Errors, "OnError was given %d errors, not %d", len(m.Errors), w.Errors)
	bad(!w.Quiet || len(m.Lines) == 0, "the log is not quiet: %v", m.Lines)
	for _, fragment := range w.Says {
		bad(slices.ContainsFunc(m.Lines, func(l Line) bool { return strings.Contains(l.String(), fragment) }),
			"the log does not say %q: %v", fragment, m.Lines)
	}
	return errors.Join(problems...)
}

// CheckClose holds a Close in the middle of a fault to what any must come to.
func (m *Measured) CheckClose() error {
	problems := m.general()
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	closed := int(m.Stats.Dropped.Closed)
	// What was under way at the deadline may have been stored, and nobody knows.
	unknown := m.Fault.Want.Uncertain || m.Fault.Want.SomeVanish || m.Fault.Want.SomeDouble
	bad(m.Vanished() == 0 || unknown, "%d events vanished", m.Vanished())
	lost := int(m.Stats.Dropped.Total())
	bad(m.Fault.Want.Left == 0 || lost <= m.Fault.Want.Left, "%d events lost, over %d", lost, m.Fault.Want.Left)
	bad(m.Close <= closeTimeout+200*time.Millisecond, "Close took %v", m.Close)
	if closed == 0 {
		bad(m.CloseErr == nil, "Close: %v", m.CloseErr)
	} else {
		left := fmt.Sprintf("%d are lost", closed)
		bad(errors.Is(m.CloseErr, causality.ErrUndelivered) && strings.Contains(m.CloseErr.Error(), left), "Close does not say %q: %v", left, m.CloseErr)
	}
	return errors.Join(problems...)
}

// closeTimeout is the client's default.
const closeTimeout = 15 * time.Second

// general lists what no fault excuses.
func (m *Measured) general() []error {
	problems := slices.Clone(m.Contradictions)
	bad := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	s := m.Stats
	bad(s.Queued == 0 && s.QueuedBytes == 0, "closed, and %d events of %d bytes are queued", s.Queued, s.QueuedBytes)
	bad(s.Tracked == int64(m.tracked), "%d events counted as tracked, of %d", s.Tracked, m.tracked)
	bad(s.Tracked == s.Delivered+s.Dropped.Total(), "the client's counts do not add up: %+v", s)

	// Losses are never silent …
	said := map[string]int{}
	last := map[string]time.Duration{}
	for _, l := range m.Lines {
		said[strings.TrimSuffix(l.Message, theRest)] += l.Count()
		// … and never noisy. Close writes at once what waits, and says so.
		at, again := last[l.Message]
		bad(!again || l.At-at >= lineEvery, "%q was logged twice within %v", l.Message, l.At-at)
		last[l.Message] = l.At
		bad(!strings.Contains(l.String(), Key), "the key is in the log: %v", l)
	}
	for message, count := range said {
		var want int64
		switch {
		case strings.Contains(message, "gateway rejected events"):
			want = s.Dropped.Rejected
		case strings.Contains(message, "queue is full"):
			want = s.Dropped.QueueFull
		case strings.Contains(message, "closed with events undelivered"):
			want = s.Dropped.Closed
		default:
			continue
		}
		bad(count == int(want), "the log tells of %d events, not %d: %q", count, want, message)
	}
	isSaid := func(fragment string) bool {
		return slices.ContainsFunc(m.Lines, func(l Line) bool { return strings.Contains(l.Message, fragment) })
	}
	bad(s.Dropped.Rejected == 0 || isSaid("gateway rejected events"), "%d events were rejected in silence", s.Dropped.Rejected)
	bad(s.Dropped.QueueFull == 0 || isSaid("queue is full"), "%d events were dropped in silence", s.Dropped.QueueFull)
	bad(s.Dropped.Closed == 0 || isSaid("closed with events undelivered"), "%d events were lost in silence", s.Dropped.Closed)
	for i, l := range m.Lines {
		bad(isPrintable(l.String()), "the log has what cannot be printed: %q", l.String())
		bad(i == 0 || !strings.Contains(m.Lines[i-1].Message, "closed with events undelivered"), "something is logged after the last word: %v", l)
	}
	errs := append(slices.Clone(m.Errors), m.FlushErr, m.CloseErr)
	for _, d := range m.Drops {
		errs = append(errs, d.Err)
	}
	for _, err := range errs {
		bad(err == nil || !strings.Contains(err.Error(), Key), "the key is in an error: %v", err)
		bad(err == nil || isPrintable(err.Error()), "an error has what cannot be printed: %q", err)
	}
	bad(isPrintable(s.LastError), "LastError has what cannot be printed: %q", s.LastError)
	bad(int(s.Requests) >= len(m.Seen), "%d requests were seen and %d are counted", len(m.Seen), s.Requests)
	bad(s.Dropped.Total() == int64(len(m.Drops))+s.MissedDrops, "%d events were dropped, OnDrop was given %d and missed %d", s.Dropped.Total(), len(m.Drops), s.MissedDrops)
	return problems
}

// isPrintable reports whether a text cannot forge a line of a log or upset a
// terminal.
func isPrintable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// theRest is the end of a line that Close writes sooner after another of its kind.
const theRest = " (the rest, at Close)"

// lineEvery is the shortest time between two lines with the same message.
const lineEvery = 10 * time.Second
