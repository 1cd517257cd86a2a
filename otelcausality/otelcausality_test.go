package otelcausality_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/otelcausality"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
	"github.com/SebastienMelki/causality/sdk/go/zapcausality"
	"github.com/SebastienMelki/causality/sdk/go/zerologcausality"
)

const traceID, spanID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"

// withSpan returns a context with a span, as the middleware of OpenTelemetry leaves
// it; a span that is not sampled has a trace id too.
func withSpan(ctx context.Context) context.Context {
	trID, _ := trace.TraceIDFromHex(traceID)
	spID, _ := trace.SpanIDFromHex(spanID)
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trID, SpanID: spID}))
}

func newClient(t *testing.T) (*causality.Client, *causalitytest.Recorder) {
	return causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.Identity = otelcausality.Identity
		cfg.BeforeTrack = otelcausality.SpanProperties
	}))
}

// one returns the event that has arrived.
func one(t *testing.T, client *causality.Client, rec *causalitytest.Recorder) causality.Event {
	t.Helper()
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	events := rec.Take()
	if len(events) != 1 {
		t.Fatalf("%d events arrived", len(events))
	}
	return events[0]
}

func TestTheTraceIsTheCorrelationOfWhateverIsTracked(t *testing.T) {
	client, rec := newClient(t)
	ctx := withSpan(causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-1"}))
	for name, track := range map[string]func(){
		"TrackContext": func() { client.TrackContext(ctx, causality.Event{EventType: "e"}) },
		"slog":         func() { slog.New(slogcausality.NewHandler(client)).InfoContext(ctx, "", "event", "e") },
		"zap": func() {
			zap.New(zapcore.NewNopCore(), zapcausality.Tee(client)).Info("", zapcausality.Context(ctx), zap.String("event", "e"))
		},
		"zerolog": func() {
			logger := zerolog.New(io.Discard).Hook(zerologcausality.NewHook(client))
			logger.Info().Ctx(ctx).Str("event", "e").Send()
		},
	} {
		t.Run(name, func(t *testing.T) {
			track()
			e := one(t, client, rec)
			if e.UserID != "u-1" || e.CorrelationID != traceID || e.Properties["trace_id"] != traceID || e.Properties["span_id"] != spanID {
				t.Errorf("arrived as %+v", e)
			}
		})
	}
}

func TestIdentity_KeepsACorrelationThatIsThere(t *testing.T) {
	client, rec := newClient(t)
	ctx := withSpan(t.Context())
	client.TrackContext(ctx, causality.Event{EventType: "e", CorrelationID: "own"})
	if e := one(t, client, rec); e.CorrelationID != "own" {
		t.Errorf("the event's own is replaced by %q", e.CorrelationID)
	}
	client.TrackContext(causality.ContextWithIdentity(ctx, causality.Identity{CorrelationID: "req-7"}), causality.Event{EventType: "e"})
	if e := one(t, client, rec); e.CorrelationID != "req-7" {
		t.Errorf("the context's is replaced by %q", e.CorrelationID)
	}
}

func TestWithoutASpanNothingIsAdded(t *testing.T) {
	client, rec := newClient(t)
	for _, ctx := range []context.Context{t.Context(), nil} {
		client.TrackContext(ctx, causality.Event{EventType: "e"})
		if e := one(t, client, rec); e.CorrelationID != "" || len(e.Properties) != 0 {
			t.Errorf("arrived as %+v", e)
		}
	}
}

func TestSpanProperties_KeepsThoseThatAreThere(t *testing.T) {
	client, rec := newClient(t)
	client.TrackContext(withSpan(t.Context()), causality.Event{EventType: "e", Properties: map[string]any{"trace_id": "own", "a": 1}})
	if e := one(t, client, rec); e.Properties["trace_id"] != "own" || e.Properties["span_id"] != spanID || e.Properties["a"] != int64(1) {
		t.Errorf("arrived as %+v", e)
	}
}

func TestObserve_ShowsTheStats(t *testing.T) {
	client, _ := causalitytest.New(t)
	client.Track(causality.Event{EventType: "a"})
	client.Track(causality.Event{EventType: "b"})
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	client.Track(causality.Event{EventType: "c"}) // too late

	reader := metric.NewManualReader()
	registration, err := otelcausality.Observe(client, metric.NewMeterProvider(metric.WithReader(reader)).Meter("causality"))
	if err != nil {
		t.Fatal(err)
	}
	got := collect(t, reader)
	for name, want := range map[string]int64{
		"causality.events.tracked": 3, "causality.events.delivered": 2, "causality.events.dropped closed": 1,
		"causality.events.dropped queue_full": 0, "causality.events.queued": 0, "causality.queue.size": 0, "causality.requests": 1, "causality.paused": 0,
	} {
		if n, ok := got[name]; n != want || !ok {
			t.Errorf("%s is %d (%v), want %d", name, n, ok, want)
		}
	}
	if err := registration.Unregister(); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, reader); len(got) != 0 {
		t.Errorf("unregistered, it still shows %v", got)
	}
}

func collect(t *testing.T, reader metric.Reader) map[string]int64 {
	t.Helper()
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int64)
	point := func(name string, p metricdata.DataPoint[int64]) {
		if reason, ok := p.Attributes.Value("reason"); ok {
			name += " " + reason.AsString()
		}
		got[name] = p.Value
	}
	for _, scope := range data.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch points := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range points.DataPoints {
					point(m.Name, p)
				}
			case metricdata.Gauge[int64]:
				for _, p := range points.DataPoints {
					point(m.Name, p)
				}
			}
		}
	}
	return got
}
