package watching

import (
	"context"
	"errors"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

// snippet: otel
// observe shows a client's Stats through an OpenTelemetry meter, such as
// otel.Meter("causality").
func observe(client *causality.Client, meter metric.Meter) error {
	delivered, err1 := meter.Int64ObservableCounter("causality.events.delivered")
	dropped, err2 := meter.Int64ObservableCounter("causality.events.dropped")
	queued, err3 := meter.Int64ObservableGauge("causality.queue.size", metric.WithUnit("By"))
	paused, err4 := meter.Int64ObservableGauge("causality.paused")
	_, err5 := meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := client.Stats()
		o.ObserveInt64(delivered, s.Delivered)
		for reason, n := range s.Dropped.All() {
			o.ObserveInt64(dropped, n, metric.WithAttributes(attribute.String("reason", string(reason))))
		}
		o.ObserveInt64(queued, s.QueuedBytes)
		if s.Paused {
			o.ObserveInt64(paused, 1)
		} else {
			o.ObserveInt64(paused, 0)
		}
		return nil
	}, delivered, dropped, queued, paused)
	return errors.Join(err1, err2, err3, err4, err5)
}

// end snippet
