package watching

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: collector
// collector shows a client's Stats to Prometheus, as they are when it asks.
type collector struct{ client *causality.Client }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("causality_"+name, help, labels, nil)
}

var (
	tracked    = desc("events_tracked_total", "Calls of Track.")
	delivered  = desc("events_delivered_total", "Events that the gateway accepted.")
	uncertain  = desc("events_uncertain_total", "Delivered events that the gateway may not have stored.")
	dropped    = desc("events_dropped_total", "Events that will never be delivered.", "reason")
	queued     = desc("events_queued", "Events that wait or are in flight.")
	queueBytes = desc("queue_bytes", "Their size; at Config.MaxQueueBytes new events are dropped.")
	requests   = desc("requests_total", "HTTP requests, repeats included.")
	retries    = desc("retries_total", "Repeated HTTP requests.")
	properties = desc("properties_dropped_total", "Property values that were left out.")
	paused     = desc("paused", "1 while delivery waits for the gateway.")
)

func (c collector) Describe(descs chan<- *prometheus.Desc) { prometheus.DescribeByCollect(c, descs) }

func (c collector) Collect(metrics chan<- prometheus.Metric) {
	s := c.client.Stats() // one snapshot, so that the metrics add up
	counter := func(desc *prometheus.Desc, n int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(desc *prometheus.Desc, n int64) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(n))
	}
	counter(tracked, s.Tracked)
	counter(delivered, s.Delivered)
	counter(uncertain, s.Uncertain)
	for reason, n := range s.Dropped.All() {
		counter(dropped, n, string(reason))
	}
	counter(requests, s.Requests)
	counter(retries, s.Retries)
	counter(properties, s.Properties.Dropped)
	gauge(queued, s.Queued)
	gauge(queueBytes, s.QueuedBytes)
	if s.Paused {
		gauge(paused, 1)
	} else {
		gauge(paused, 0)
	}
}

// end snippet

func withPrometheus(client *causality.Client, mux *http.ServeMux) {
	// snippet: prometheus
	registry := prometheus.NewRegistry() // or prometheus.DefaultRegisterer, if you use that
	registry.MustRegister(collector{client})
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	// end snippet
}
