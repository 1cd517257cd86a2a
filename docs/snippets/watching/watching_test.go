package watching

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"gopkg.in/yaml.v3"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
)

// three returns a client that has delivered two events and dropped one.
func three(t *testing.T) *causality.Client {
	t.Helper()
	client, _ := causalitytest.New(t)
	client.Track(causality.Event{EventType: "a"})
	client.Track(causality.Event{EventType: "b"})
	client.Track(causality.Event{})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	return client
}

func get(t *testing.T, mux http.Handler, path string) string {
	t.Helper()
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	body, err := io.ReadAll(rec.Body)
	if err != nil || rec.Code != http.StatusOK {
		t.Fatal(rec.Code, err)
	}
	return string(body)
}

func TestExpvar(t *testing.T) {
	mux := http.NewServeMux()
	withExpvar(three(t), mux)
	var vars struct{ Causality causality.Stats }
	if err := json.Unmarshal([]byte(get(t, mux, "/debug/vars")), &vars); err != nil {
		t.Fatal(err)
	}
	if s := vars.Causality; s.Tracked != 3 || s.Delivered != 2 || s.Dropped.Invalid != 1 {
		t.Errorf("%+v", s)
	}
}

func TestPrometheus(t *testing.T) {
	mux := http.NewServeMux()
	withPrometheus(three(t), mux)
	text := get(t, mux, "/metrics")
	for _, want := range []string{
		"\ncausality_events_tracked_total 3\n",
		"\ncausality_events_delivered_total 2\n",
		"\ncausality_events_dropped_total{reason=\"invalid\"} 1\n",
		"\ncausality_paused 0\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestAlertsAskForMetricsThatExist(t *testing.T) {
	mux := http.NewServeMux()
	withPrometheus(three(t), mux)
	metrics := get(t, mux, "/metrics")
	text, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(text, &rules); err != nil {
		t.Fatal(err)
	}
	if len(rules.Groups) != 1 || len(rules.Groups[0].Rules) != 3 {
		t.Fatalf("%+v", rules)
	}
	for _, rule := range rules.Groups[0].Rules {
		for _, name := range regexp.MustCompile(`causality_\w+`).FindAllString(rule.Expr, -1) {
			if !strings.Contains(metrics, "\n# TYPE "+name+" ") {
				t.Errorf("%s asks for %s, which is no metric", rule.Alert, name)
			}
		}
	}
}

func TestOpenTelemetry(t *testing.T) {
	reader := metric.NewManualReader()
	if err := observe(three(t), metric.NewMeterProvider(metric.WithReader(reader)).Meter("causality")); err != nil {
		t.Fatal(err)
	}
	var data metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &data); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, m := range data.ScopeMetrics[0].Metrics {
		switch points := m.Data.(type) {
		case metricdata.Sum[int64]:
			for _, p := range points.DataPoints {
				got[m.Name] += p.Value
			}
		case metricdata.Gauge[int64]:
			got[m.Name] = points.DataPoints[0].Value
		}
	}
	if got["causality.events.delivered"] != 2 || got["causality.events.dropped"] != 1 || len(got) != 4 {
		t.Errorf("%v", got)
	}
}
