// Package metrics is the numbers of a client's Stats as metrics: what
// otelcausality and promcausality call them, and how they read them.
package metrics

import causality "github.com/SebastienMelki/causality/sdk/go/core"

// A Metric is one number of [causality.Stats], or one for each reason of a drop.
type Metric struct {
	// Name is the metric's in OpenTelemetry's form. For Prometheus it is the name
	// that OpenTelemetry's own exporter would make of it.
	Name string
	Help string
	Unit string // of UCUM
	Kind Kind
	// Count reads the number. It is nil for the one metric by reason, the drops.
	Count func(causality.Stats) int64
}

// Kind is how a metric's numbers relate to each other.
type Kind uint8

// A Counter only grows. An UpDownCounter is added up over processes, a Gauge is not.
const (
	Counter Kind = iota
	UpDownCounter
	Gauge
)

// All is every number that Stats has.
var All = []Metric{
	{"causality.events.tracked", "Events that were tracked.", "{event}", Counter, func(s causality.Stats) int64 { return s.Tracked }},
	{"causality.events.delivered", "Events that the gateway accepted.", "{event}", Counter, func(s causality.Stats) int64 { return s.Delivered }},
	{"causality.events.uncertain", "Delivered events that were accepted only on a repeat, after a request whose outcome nobody knows.", "{event}", Counter, func(s causality.Stats) int64 { return s.Uncertain }},
	{"causality.events.dropped", "Events that will never be delivered, by reason.", "{event}", Counter, nil},
	{"causality.drops.missed", "Dropped events that Config.OnDrop was not called for, because it was too slow for so many.", "{event}", Counter, func(s causality.Stats) int64 { return s.MissedDrops }},
	{"causality.events.queued", "Events that wait or are in flight.", "{event}", UpDownCounter, func(s causality.Stats) int64 { return s.Queued }},
	{"causality.queue.size", "Encoded size of the events that wait or are in flight; at Config.MaxQueueBytes new events are dropped.", "By", UpDownCounter, func(s causality.Stats) int64 { return s.QueuedBytes }},
	{"causality.spool.size", "Encoded size of what Config.Spool keeps on disk.", "By", UpDownCounter, func(s causality.Stats) int64 { return s.SpooledBytes }},
	{"causality.events.recovered", "Events that were taken over from processes that died.", "{event}", Counter, func(s causality.Stats) int64 { return s.Recovered }},
	{"causality.requests", "HTTP requests to the gateway, repeats included.", "{request}", Counter, func(s causality.Stats) int64 { return s.Requests }},
	{"causality.retries", "Repeated HTTP requests.", "{request}", Counter, func(s causality.Stats) int64 { return s.Retries }},
	{"causality.properties.dropped", "Property values that were left out of their event.", "{property}", Counter, func(s causality.Stats) int64 { return s.Properties.Dropped }},
	{"causality.properties.renamed", "Properties that were renamed because their name was taken.", "{property}", Counter, func(s causality.Stats) int64 { return s.Properties.Renamed }},
	{"causality.paused", "1 while delivery waits for the gateway, else 0.", "", Gauge, func(s causality.Stats) int64 {
		if s.Paused {
			return 1
		}
		return 0
	}},
}

// Each calls f with each number of the metric, and with the reason where there is
// one for each reason.
func (m *Metric) Each(s causality.Stats, f func(n int64, reason string)) {
	if m.Count != nil {
		f(m.Count(s), "")
		return
	}
	for reason, n := range s.Dropped.All() {
		f(n, string(reason))
	}
}
