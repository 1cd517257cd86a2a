package promcausality_test

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/promcausality"
)

func ExampleNewCollector() {
	client, err := causality.New(causality.Config{Disabled: true}) // a service: causality.ConfigFromEnv()
	if err != nil {
		panic(err)
	}
	defer client.Close()

	registry := prometheus.NewRegistry()
	registry.MustRegister(promcausality.NewCollector(client))
	http.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))

	families, err := registry.Gather()
	for _, family := range families {
		if family.GetName() == "causality_events_queued" {
			fmt.Println(family.GetMetric()[0].GetGauge().GetValue(), "events wait", err)
		}
	}
	// Output: 0 events wait <nil>
}
