package causality_test

import (
	"go/build"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/SebastienMelki/causality/sdk/go"

// mayImport is who may import what, of this module and of others, besides the
// standard library: the picture of docs/architecture.md as a table. A
// directory with /… at its end means all packages below it.
var mayImport = map[string][]string{
	"internal/catalogue":   nil,
	"internal/usercode":    nil,
	"internal/value":       {"internal/usercode"},
	"internal/diagnostic":  nil,
	"internal/spool":       nil,
	"internal/needle":      nil,
	"internal/tally":       {"internal/envelope"},
	"internal/reply":       {"internal/envelope", "internal/needle"},
	"internal/envelope":    {"internal/catalogue", "internal/value", "internal/usercode", "github.com/google/uuid"},
	"internal/connections": nil,
	"internal/dryrun":      {"internal/envelope", "internal/usercode"},
	"core":                 {"internal/connections", "internal/dryrun", "internal/envelope", "internal/spool", "internal/value", "internal/usercode", "internal/diagnostic", "internal/reply", "internal/tally"},
	"internal/fakegateway": {"core", "internal/catalogue"},
	"core/causalitytest":   {"core", "internal/fakegateway"},
	"internal/record":      {"core", "internal/envelope", "internal/value", "internal/usercode", "internal/diagnostic"},
	"internal/identify":    {"core", "internal/diagnostic"},
	"httpcausality":        {"core", "internal/identify"},
	"internal/adaptertest": {"core", "core/causalitytest"},
	"slogcausality":        {"core", "internal/record", "internal/usercode", "internal/diagnostic"},
	"zapcausality":         {"core", "internal/record", "internal/value", "internal/usercode", "internal/diagnostic", "go.uber.org/zap/…"},
	"zerologcausality":     {"core", "internal/record", "internal/usercode", "internal/value", "internal/diagnostic", "internal/needle", "github.com/rs/zerolog"},
	"internal/metrics":     {"core"},
	"examples/…":           {"core", "core/causalitytest", "httpcausality", "slogcausality", "zapcausality", "zerologcausality", "go.uber.org/zap/…", "github.com/rs/zerolog"},
}

// joins are the nested modules that join a client to what a service already has, and
// what they may import.
var joins = map[string][]string{
	"gincausality":  {"core", "internal/identify", "github.com/gin-gonic/gin"},
	"grpccausality": {"core", "internal/identify", "google.golang.org/grpc"},
	"otelcausality": {"core", "internal/metrics", "go.opentelemetry.io/otel/…"},
	"promcausality": {"core", "internal/metrics", "github.com/prometheus/client_golang/…"},
}

// What core and the adapters must not pull into every user's program, though it
// is in the standard library.
var mustNotImport = []string{"expvar", "net/http/pprof", "testing", "embed"}

func goList(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.Command("go", append([]string{"list"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func covers(pattern, name string) bool {
	dir, all := strings.CutSuffix(pattern, "/…")
	return name == dir || all && strings.HasPrefix(name, dir+"/")
}

func TestImportsPointOneWay(t *testing.T) {
	for _, line := range goList(t, "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...") {
		fields := strings.Fields(line)
		name := strings.TrimPrefix(strings.TrimPrefix(fields[0], module), "/")
		if name == "" {
			continue // tests alone
		}
		allowed, known := mayImport[name], false
		for pattern, imports := range mayImport {
			if covers(pattern, name) {
				allowed, known = imports, true
			}
		}
		if !known {
			t.Errorf("%s is in no row of the table: say what it may import, and what it is for in docs/architecture.md", name)
		}
		checkImports(t, name, fields[1:], allowed)
	}
	for name, allowed := range joins {
		files, err := build.ImportDir(name, 0)
		if err != nil {
			t.Fatal(err)
		}
		checkImports(t, name, files.Imports, allowed)
	}
}

func checkImports(t *testing.T, name string, imports, allowed []string) {
	t.Helper()
	for _, imported := range imports {
		if root, _, _ := strings.Cut(imported, "/"); !strings.Contains(root, ".") {
			continue // the standard library
		}
		imported = strings.TrimPrefix(imported, module+"/")
		if !slices.ContainsFunc(allowed, func(pattern string) bool { return covers(pattern, imported) }) {
			t.Errorf("%s must not import %s", name, imported)
		}
	}
}

func TestUsersPayForNoMoreThanTheyUse(t *testing.T) {
	for name, third := range map[string][]string{
		"core":             {"github.com/google/uuid"},
		"slogcausality":    {"github.com/google/uuid"},
		"httpcausality":    {"github.com/google/uuid"},
		"zapcausality":     {"github.com/google/uuid", "go.uber.org/zap", "go.uber.org/multierr"},
		"zerologcausality": {"github.com/google/uuid", "github.com/rs/zerolog", "github.com/mattn/go-colorable", "github.com/mattn/go-isatty", "golang.org/x/sys"},
	} {
		for _, dep := range goList(t, "-deps", "./"+name) {
			if slices.Contains(mustNotImport, dep) {
				t.Errorf("%s brings %s into every program", name, dep)
			}
			root, _, _ := strings.Cut(dep, "/")
			isOurs := covers(module+"/…", dep)
			// Those of the standard library have no dot, or are its own copies.
			if !strings.Contains(root, ".") || isOurs {
				continue
			}
			if !slices.ContainsFunc(third, func(m string) bool { return covers(m+"/…", dep) }) {
				t.Errorf("%s needs %s", name, dep)
			}
		}
	}
}
