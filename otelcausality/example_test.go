package otelcausality_test

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/otelcausality"
)

func Example() {
	cfg := causality.ConfigFromEnv()
	cfg.DryRun = os.Stdout
	cfg.DeviceID, cfg.AppID = "web-3", "shop"

	// snippet: traces
	cfg.Identity = otelcausality.Identity          // correlation_id: the trace's id, where nothing else says one
	cfg.BeforeTrack = otelcausality.SpanProperties // the properties trace_id and span_id, if you want them
	// end snippet
	client, err := causality.New(cfg)
	if err != nil {
		panic(err)
	}
	// snippet: metrics
	_, err = otelcausality.Observe(client, otel.Meter("causality")) // every number of client.Stats()
	// end snippet
	if err != nil {
		panic(err)
	}
	id := otelcausality.Identity(withSpan(context.Background()))
	fmt.Println(id.CorrelationID)
	_ = client.Close()
	// Output: 4bf92f3577b34da6a3ce929d0e0e4736
}
