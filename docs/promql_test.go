package docs_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"gopkg.in/yaml.v3"
)

// The queries of promcausality are what Prometheus reads. The test is here, not there, so
// that who uses promcausality does not have all of Prometheus among its modules.
func TestPrometheusParsesTheQueries(t *testing.T) {
	queries := append(dashboardQueries(t), alertQueries(t)...)
	if len(queries) < 15 {
		t.Fatalf("found %d queries", len(queries))
	}
	// What Grafana puts in.
	variables := strings.NewReplacer("$__rate_interval", "1m", "$job", "shop")
	for _, query := range queries {
		if _, err := parser.ParseExpr(variables.Replace(query)); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func dashboardQueries(t *testing.T) (queries []string) {
	t.Helper()
	var dashboard struct {
		Panels []struct{ Targets []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(read(t, "promcausality/dashboard.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			queries = append(queries, target.Expr)
		}
	}
	return queries
}

func alertQueries(t *testing.T) (queries []string) {
	t.Helper()
	var alerts struct {
		Groups []struct{ Rules []struct{ Expr string } }
	}
	if err := yaml.Unmarshal([]byte(read(t, "promcausality/alerts.yaml")), &alerts); err != nil {
		t.Fatal(err)
	}
	for _, group := range alerts.Groups {
		for _, rule := range group.Rules {
			queries = append(queries, rule.Expr)
		}
	}
	return queries
}
