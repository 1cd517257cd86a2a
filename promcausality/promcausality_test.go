package promcausality_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/promcausality"
)

// scrape returns what Prometheus reads of a client that has delivered two events and
// dropped one.
func scrape(t *testing.T) string {
	t.Helper()
	client, _ := causalitytest.New(t)
	client.Track(causality.Event{EventType: "a"})
	client.Track(causality.Event{EventType: "b"})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	client.Track(causality.Event{EventType: "c"}) // too late

	mux := http.NewServeMux()
	// snippet: prometheus
	registry := prometheus.NewRegistry() // or prometheus.DefaultRegisterer, if you use that
	registry.MustRegister(promcausality.NewCollector(client))
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	// end snippet
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK {
		t.Fatal(w.Code, w.Body)
	}
	return "\n" + w.Body.String()
}

func TestNewCollector_ShowsTheStats(t *testing.T) {
	text := scrape(t)
	for _, want := range []string{
		"causality_events_tracked_total 3",
		"causality_events_delivered_total 2",
		`causality_events_dropped_total{reason="closed"} 1`,
		`causality_events_dropped_total{reason="queue_full"} 0`,
		"causality_events_queued 0",
		"causality_queue_size_bytes 0",
		"causality_paused 0",
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestNewCollector_PassesTheLinterOfPrometheus(t *testing.T) {
	client, _ := causalitytest.New(t)
	problems, err := testutil.CollectAndLint(promcausality.NewCollector(client))
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

func TestNewCollector_ServesTwoClientsThatALabelTellsApart(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	for _, name := range []string{"web", "billing"} {
		client, _ := causalitytest.New(t)
		prometheus.WrapRegistererWith(prometheus.Labels{"client": name}, registry).MustRegister(promcausality.NewCollector(client))
	}
	if _, err := registry.Gather(); err != nil {
		t.Error(err)
	}
}

var metricName = regexp.MustCompile(`causality_\w+`)

// checkQueries fails if a query asks for a metric that is not in a scrape.
func checkQueries(t *testing.T, metrics string, queries []string) {
	t.Helper()
	for _, query := range queries {
		names := metricName.FindAllString(query, -1)
		if len(names) == 0 {
			t.Errorf("%q asks for no metric of the client's", query)
		}
		for _, name := range names {
			if !strings.Contains(metrics, "\n# TYPE "+name+" ") {
				t.Errorf("%q asks for %s, which is no metric", query, name)
			}
		}
	}
}

func TestAlertsAskForMetricsThatExist(t *testing.T) {
	text, err := os.ReadFile("alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var queries []string
	for _, m := range regexp.MustCompile(`(?m)^ +expr: (.+)$`).FindAllSubmatch(text, -1) {
		queries = append(queries, string(m[1]))
	}
	if len(queries) != 3 {
		t.Fatalf("found %d queries", len(queries))
	}
	checkQueries(t, scrape(t), queries)
}

// The dashboard shows every metric, asks for none that does not exist, and its
// panels do not overlap.
func TestDashboardAsksForTheMetricsThatExist(t *testing.T) {
	text, err := os.ReadFile("dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			GridPos struct{ H, W, X, Y int }
			Targets []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Query string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	metrics := scrape(t)
	taken := make(map[[2]int]string)
	var queries []string
	for _, panel := range dashboard.Panels {
		for x := panel.GridPos.X; x < panel.GridPos.X+panel.GridPos.W; x++ {
			for y := panel.GridPos.Y; y < panel.GridPos.Y+panel.GridPos.H; y++ {
				if other := taken[[2]int{x, y}]; other != "" || x >= 24 {
					t.Fatalf("%q is over %q, or outside", panel.Title, other)
				}
				taken[[2]int{x, y}] = panel.Title
			}
		}
		if len(panel.Targets) == 0 {
			t.Errorf("%q asks for nothing", panel.Title)
		}
		for _, target := range panel.Targets {
			queries = append(queries, target.Expr)
		}
	}
	for _, variable := range dashboard.Templating.List {
		if variable.Name == "job" {
			queries = append(queries, variable.Query)
		}
	}
	checkQueries(t, metrics, queries)
	all := strings.Join(queries, "\n")
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\w+) `).FindAllStringSubmatch(metrics, -1) {
		if !regexp.MustCompile(`\b` + m[1] + `\b`).MatchString(all) {
			t.Errorf("the dashboard does not show %s", m[1])
		}
	}
}
