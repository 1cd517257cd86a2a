package main

import "fmt"

// aim is what was aimed at and how it is measured.
type aim struct {
	what string
	// limit is the most that measured may be, or the least if atLeast.
	limit   float64
	atLeast bool
	format  string // of limit and measured
	measure func(r *results) (float64, bool)
}

func ratioOf(a, b string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return r.ratio(a, b, "ns/op") }
}

func valueOf(name, unit string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return r.median(name, unit) }
}

// allocationsOf counts those beyond the line's own, which its baseline shows.
func allocationsOf(name, baseline string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		if baseline == "" {
			return r.median(name, "allocs/op")
		}
		return r.difference(name, baseline, "allocs/op")
	}
}

func cpuOf(a, b string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		return r.ratio("EndToEnd/lib="+a, "EndToEnd/lib="+b, "cpu-ns/event")
	}
}

const (
	times = "%.2f ×"
	plain = "%.0f"
	added = "%+.0f ns"
)

// How many times the bare line a log call that is an event may take.
const (
	slogAim    = 0.80
	zapAim     = 0.95
	zerologAim = 2.5
)

var aims = []aim{
	{"Track with Attrs, against json.Marshal of the event", 0.30, false, times, ratioOf("Track/attrs/lib=causality", "Track/attrs/lib=json.Marshal")},
	{"… its allocations", 0, false, plain, allocationsOf("Track/attrs/lib=causality", "")},
	{"… with delivery to a server, against posthog-go", 0.1, false, times, ratioOf("Enqueue/attrs/lib=causality", "Enqueue/map/lib=posthog")},
	{"Track with a map, against json.Marshal of the event", 0.40, false, times, ratioOf("Track/map/lib=causality", "Track/attrs/lib=json.Marshal")},
	{"… its allocations", 0, false, plain, allocationsOf("Track/map/lib=causality", "")},
	{"slog event, adapter alone, against the JSONHandler", slogAim, false, times, ratioOf("Adapter/slog/lib=causality", "Adapter/slog/lib=bare")},
	{"… its allocations, beyond log/slog's own", 0, false, plain, allocationsOf("Adapter/slog/lib=causality", "Adapter/slog/lib=bare")},
	{"… group form, its allocations, the group's among them", 1, false, plain, allocationsOf("Adapter/slog-group/lib=causality", "")},
	{"zap event, adapter alone, against zap's JSON core", zapAim, false, times, ratioOf("Adapter/zap/lib=causality", "Adapter/zap/lib=bare")},
	{"… its allocations, beyond the call's own", 0, false, plain, allocationsOf("Adapter/zap/lib=causality", "Adapter/zap/lib=bare")},
	{"zerolog event, the line with the hook, against the bare line", zerologAim, false, times, ratioOf("Adapter/zerolog/lib=causality", "Adapter/zerolog/lib=bare")},
	{"… its allocations", 0, false, plain, allocationsOf("Adapter/zerolog/lib=causality", "")},
	{"a slog line without an event that is written", 40, false, added, valueOf("Line/slog/lib=causality", "added-ns")},
	{"a zap line without an event that is written", 40, false, added, valueOf("Line/zap/lib=causality", "added-ns")},
	{"a zerolog line without an event that is written", 40, false, added, valueOf("Line/zerolog/lib=causality", "added-ns")},
	{"… allocations added to any of them", 0, false, plain, func(r *results) (most float64, ok bool) {
		for _, logger := range []string{"slog", "zap", "zerolog"} {
			n, has := r.difference("Line/"+logger+"/lib=causality", "Line/"+logger+"/lib=bare", "allocs/op")
			most, ok = max(most, n), ok || has
		}
		return most, ok
	}},
	{"Track from 2 goroutines on 2 cores, against 1", 1.8, true, times, ratioOf("Track/goroutines-1/lib=causality", "Track/goroutines-2/lib=causality")},
	{fmt.Sprintf("%d events/s, %v away: lost", rate, delay), 0, false, "%.2f %%", valueOf("AtRate/lib=causality", "lost-%")},
	{"… connections, at most MaxInFlight", 4, false, plain, valueOf("AtRate/lib=causality", "connections")},
	{"end to end, processor time against the bare loop at the same bytes a request", 1.25, false, times, cpuOf("causality", "loop-alike")},
	{"… against posthog-go", 1. / 8, false, "%.3f ×", cpuOf("causality", "posthog")},
	{"… against OpenTelemetry", 1. / 5, false, times, cpuOf("causality", "otel")},
	{"memory of the queue, against the encoded bytes that it holds", 1.15, false, times, valueOf("Queue", "heap/encoded")},
	{"… what is left of it after a burst", 0.01, false, times, valueOf("Queue", "left/encoded")},
}

// verdict compares as it is shown: a figure that rounds to its aim has reached it.
func (a *aim) verdict(measured float64) string {
	var shown, limit float64
	if _, err := fmt.Sscanf(fmt.Sprintf(a.format, measured), "%g", &shown); err != nil {
		shown = measured
	}
	if _, err := fmt.Sscanf(fmt.Sprintf(a.format, a.limit), "%g", &limit); err != nil {
		limit = a.limit
	}
	if a.atLeast && shown >= limit || !a.atLeast && shown <= limit {
		return "yes"
	}
	return "**no**"
}

func (a *aim) text() string {
	if a.atLeast {
		return "≥ " + fmt.Sprintf(a.format, a.limit)
	}
	if a.limit == 0 {
		return fmt.Sprintf(a.format, a.limit)
	}
	return "≤ " + fmt.Sprintf(a.format, a.limit)
}
