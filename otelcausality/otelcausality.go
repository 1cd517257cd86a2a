package otelcausality

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/internal/metrics"
)

// Identity is for [causality.Config].Identity: the identity that the context carries
// ([causality.ContextWithIdentity]), with the trace id of the context's span as the
// CorrelationID if it carries none. An event or log line that has a correlation_id of
// its own keeps it. A function of your own adds this one with
//
//	return id.Or(otelcausality.Identity(ctx))
func Identity(ctx context.Context) causality.Identity {
	id := causality.IdentityFromContext(ctx)
	if span := trace.SpanContextFromContext(ctx); id.CorrelationID == "" && span.HasTraceID() {
		id.CorrelationID = span.TraceID().String()
	}
	return id
}

// SpanProperties is for [causality.Config].BeforeTrack: it adds the properties trace_id
// and span_id if the context has a span. Properties of these names that the event has
// already stay as they are. The event is never refused. A function of your own can
// call it.
func SpanProperties(ctx context.Context, event causality.Event) (causality.Event, bool) {
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		// First, because the last of equal names is the one that is sent.
		event.Attrs = slices.Insert(event.Attrs, 0,
			slog.String("trace_id", span.TraceID().String()),
			slog.String("span_id", span.SpanID().String()))
	}
	return event, true
}

// Observe shows every number of client.Stats through instruments of the meter, whose
// names begin with causality. They are read in one snapshot at each collection, so
// that they add up: causality.events.tracked is the sum of causality.events.delivered,
// causality.events.dropped and causality.events.queued. Unregister the returned
// registration to end that.
func Observe(client *causality.Client, meter metric.Meter) (metric.Registration, error) {
	instruments := make([]metric.Observable, len(metrics.All))
	integers := make([]metric.Int64Observable, len(metrics.All))
	for i, m := range metrics.All {
		instrument, err := observable(meter, m)
		if err != nil {
			return nil, err
		}
		instruments[i], integers[i] = instrument, instrument
	}
	return meter.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := client.Stats()
		for i := range metrics.All {
			metrics.All[i].Each(s, func(n int64, reason string) {
				if reason == "" {
					o.ObserveInt64(integers[i], n)
				} else {
					o.ObserveInt64(integers[i], n, metric.WithAttributes(attribute.String("reason", reason)))
				}
			})
		}
		return nil
	}, instruments...)
}

func observable(meter metric.Meter, m metrics.Metric) (metric.Int64Observable, error) {
	description, unit := metric.WithDescription(m.Help), metric.WithUnit(m.Unit)
	switch m.Kind {
	case metrics.Counter:
		return meter.Int64ObservableCounter(m.Name, description, unit)
	case metrics.UpDownCounter:
		return meter.Int64ObservableUpDownCounter(m.Name, description, unit)
	default:
		return meter.Int64ObservableGauge(m.Name, description, unit)
	}
}
