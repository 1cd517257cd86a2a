// Package otelcausality joins events to the traces of OpenTelemetry, and shows what a
// client has done with its events through a meter:
//
//	package main
//
//	import (
//		"log"
//
//		"go.opentelemetry.io/otel"
//
//		causality "github.com/SebastienMelki/causality/sdk/go/core"
//		"github.com/SebastienMelki/causality/sdk/go/otelcausality"
//	)
//
//	func main() {
//		cfg := causality.ConfigFromEnv()
//		cfg.Identity = otelcausality.Identity          // correlation_id is the trace's id
//		cfg.BeforeTrack = otelcausality.SpanProperties // trace_id and span_id, if you want both
//		client, err := causality.New(cfg)
//		if err != nil {
//			log.Print("no analytics: ", err) // client is nil, which does nothing
//		}
//		defer client.Close()
//		if _, err := otelcausality.Observe(client, otel.Meter("causality")); err != nil {
//			log.Print(err)
//		}
//	}
//
// It works for TrackContext and for the three loggers' adapters alike, with whatever
// context they are given.
package otelcausality
