package faults

import (
	"context"
	"slices"
	"strings"
	"time"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// Chapter is a group of faults in the catalogue.
type Chapter struct {
	Title  string
	Faults []*Fault
}

// Catalogue returns all faults.
func Catalogue() []Chapter {
	return []Chapter{
		{"The connection fails", connections()},
		{"The answer is not what it should be", replies()},
		{"The gateway says no", statuses()},
		{"The gateway says wait", waits()},
		{"An event is bad", contents()},
		{"Some events make the gateway fail", badEvents()},
		{"Bad events wait when the client is closed", badAtClose()},
		{"One replica of several fails", replicas()},
		{"The gateway takes some events and not others", rejections()},
		{"Requests must be smaller", limits()},
		{"Nobody knows what became of a request", unknowns()},
		{"The gateway is away or slow", outages()},
	}
}

// The traffic of most faults: ten seconds of it, and the fault lasts longer than
// that, so that the Flush at its end meets it.
const (
	someEvents = 1000
	perSecond  = 100
	aWhile     = 15 * time.Second
)

func always(act Act) func(*Gateway) Script {
	return func(*Gateway) Script {
		return func(int, time.Duration) Act { return act }
	}
}

// first gives an act to the first n requests.
func first(n int, act Act) func(*Gateway) Script {
	return func(*Gateway) Script {
		return func(i int, _ time.Duration) Act {
			if i < n {
				return act
			}
			return Accept
		}
	}
}

// during gives an act to the requests of the first d.
func during(d time.Duration, act Act) func(*Gateway) Script {
	return func(*Gateway) Script {
		return func(_ int, at time.Duration) Act {
			if at < d {
				return act
			}
			return Accept
		}
	}
}

// noDial keeps connections from coming about for d.
func noDial(d time.Duration, err error) func(*Gateway) Script {
	return func(g *Gateway) Script {
		g.Dial = func(at time.Duration) error {
			if at < d {
				return err
			}
			return nil
		}
		return func(int, time.Duration) Act { return Accept }
	}
}

func reuseKeys(cfg *causality.Config) { cfg.ReuseKeys = true }

// padded makes each event so many bytes larger.
func padded(bytes int, events ...string) func(*causality.Config) {
	padding := strings.Repeat("x", bytes)
	return func(cfg *causality.Config) {
		cfg.BeforeTrack = func(_ context.Context, e causality.Event) (causality.Event, bool) {
			if len(events) == 0 || slices.Contains(events, e.EventType) {
				e.Properties = map[string]any{"padding": padding}
			}
			return e, true
		}
	}
}

// oneRequest puts all events into one request.
func oneRequest(cfg *causality.Config) { cfg.BatchSize = 1000 }
