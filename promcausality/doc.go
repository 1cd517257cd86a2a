// Package promcausality shows what a client has done with its events to Prometheus:
//
//	package main
//
//	import (
//		"log"
//		"net/http"
//
//		"github.com/prometheus/client_golang/prometheus"
//		"github.com/prometheus/client_golang/prometheus/promhttp"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/promcausality"
//	)
//
//	func main() {
//		client, err := causality.New(causality.ConfigFromEnv())
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//
//		prometheus.MustRegister(promcausality.NewCollector(client))
//		http.Handle("GET /metrics", promhttp.Handler())
//		log.Print(http.ListenAndServe(":8080", nil))
//	}
//
// Beside it are alerts.yaml, the alerts to set, and dashboard.json, a dashboard for
// Grafana.
package promcausality
