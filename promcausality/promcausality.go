package promcausality

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/metrics"
)

// NewCollector returns a collector that reads one snapshot of client.Stats at each
// scrape, so that the metrics of a scrape add up:
// causality_events_tracked_total is the sum of causality_events_delivered_total,
// causality_events_dropped_total and causality_events_queued.
//
// For a process with several clients, register each through
// prometheus.WrapRegistererWith and a label that tells them apart.
func NewCollector(client *causality.Client) prometheus.Collector {
	c := &collector{client: client}
	for i := range metrics.All {
		m := &metrics.All[i]
		described := describedMetric{m, nil, prometheus.GaugeValue}
		if m.Kind == metrics.Counter {
			described.valueType = prometheus.CounterValue
		}
		var labels []string
		if m.Count == nil {
			labels = []string{"reason"}
		}
		described.desc = prometheus.NewDesc(name(m), m.Help, labels, nil)
		c.metrics = append(c.metrics, described)
	}
	return c
}

// name is what OpenTelemetry's exporter for Prometheus would call the metric, so
// that a dashboard shows both.
func name(m *metrics.Metric) string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	if m.Unit == "By" {
		name += "_bytes"
	}
	if m.Kind == metrics.Counter {
		name += "_total"
	}
	return name
}

type collector struct {
	client  *causality.Client
	metrics []describedMetric
}

type describedMetric struct {
	*metrics.Metric
	desc      *prometheus.Desc
	valueType prometheus.ValueType
}

func (c *collector) Describe(descs chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		descs <- m.desc
	}
}

func (c *collector) Collect(out chan<- prometheus.Metric) {
	s := c.client.Stats()
	for _, m := range c.metrics {
		m.Each(s, func(n int64, reason string) {
			var labels []string
			if m.Count == nil {
				labels = []string{reason}
			}
			out <- prometheus.MustNewConstMetric(m.desc, m.valueType, float64(n), labels...)
		})
	}
}
