package plan

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Mode says what a [Guard] does with an event that is not as the plan says.
type Mode int

const (
	// Warn counts it, reports each kind of difference once, and lets it pass.
	Warn Mode = iota
	// Drop does the same and refuses it: it counts as Dropped.Filtered.
	Drop
	// Off looks at no event.
	Off
)

// ParseMode reads a mode: "warn", "drop" or "off".
func ParseMode(text string) (Mode, error) {
	for mode, name := range []string{"warn", "drop", "off"} {
		if text == name {
			return Mode(mode), nil
		}
	}
	return Off, fmt.Errorf("plan: %q is not a mode; it is warn, drop or off", text)
}

// Guard compares events with a plan while the program runs. It is safe for concurrent
// use.
type Guard struct {
	plan   *Plan
	mode   Mode
	logger *slog.Logger

	mu       sync.Mutex
	counts   map[Kind]int64
	reported map[report]bool
}

// report is what is reported once.
type report struct {
	event, property string
	kind            Kind
}

// maxReports bounds what a Guard remembers and says: event names may be computed.
const maxReports = 1000

// Guard returns a Guard, whose BeforeTrack is for Config.BeforeTrack. It reports to
// logger; nil means what slog.Default() is at the time of the report.
func (p *Plan) Guard(mode Mode, logger *slog.Logger) *Guard {
	return &Guard{plan: p, mode: mode, logger: logger, counts: map[Kind]int64{}, reported: map[report]bool{}}
}

// BeforeTrack compares an event with the plan. It returns the event as it is, and false
// if it is refused.
func (g *Guard) BeforeTrack(ctx context.Context, event causality.Event) (causality.Event, bool) {
	if g.mode == Off {
		return event, true
	}
	var differs *Error
	if err := g.plan.Check(event); !errors.As(err, &differs) {
		return event, true
	}
	if g.count(differs) {
		logger := g.logger
		if logger == nil {
			logger = slog.Default()
		}
		logger.WarnContext(ctx, differs.Error(), slog.String("mode", [...]string{"warn", "drop"}[g.mode]))
	}
	return event, g.mode == Warn
}

// count counts the differences, and reports whether one of them is new.
func (g *Guard) count(err *Error) (isNew bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, d := range err.Differences {
		g.counts[d.Kind]++
		r := report{err.Event, d.Property, d.Kind}
		if !g.reported[r] && len(g.reported) < maxReports {
			g.reported[r] = true
			isNew = true
		}
	}
	return isNew
}

// Counts returns how many differences there have been of each kind.
func (g *Guard) Counts() map[Kind]int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	counts := make(map[Kind]int64, len(g.counts))
	for kind, n := range g.counts {
		counts[kind] = n
	}
	return counts
}
