package golangci_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/golangci/plugin-module-register/register"

	_ "github.com/SebastienMelki/causality/sdk/go/plan/golangci"
)

// golangci-lint finds the plugin under the name that its configuration has, and gives it
// the settings as it has read them.
func TestPlugin(t *testing.T) {
	newPlugin, err := register.GetPlugin("causalityplan")
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := newPlugin(map[string]any{"plan": "tracking-plan.json", "disable": "near-name"})
	if err != nil {
		t.Fatal(err)
	}
	if mode := plugin.GetLoadMode(); mode != register.LoadModeTypesInfo {
		t.Errorf("the load mode is %q, and the analysis needs types", mode)
	}
	analyzers, err := plugin.BuildAnalyzers()
	if err != nil || len(analyzers) != 1 {
		t.Fatalf("BuildAnalyzers = %v, %v", analyzers, err)
	}
	for name, want := range map[string]string{"plan": "tracking-plan.json", "disable": "near-name"} {
		if got := analyzers[0].Flags.Lookup(name).Value.String(); got != want {
			t.Errorf("the setting %s is %q, want %q", name, got, want)
		}
	}
}

func TestSettingsThatAreNone(t *testing.T) {
	newPlugin, err := register.GetPlugin("causalityplan")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newPlugin(nil); err != nil {
		t.Errorf("without settings: %v", err)
	}
	if _, err := newPlugin(map[string]any{"plann": "x"}); err == nil {
		t.Error("a setting that there is not is taken")
	}
}

// What the page shows is what golangci-lint must read to find the plugin.
func TestThePageNamesThePlugin(t *testing.T) {
	for file, lines := range map[string][]string{
		"custom-gcl.yml": {"    import: github.com/SebastienMelki/causality/sdk/go/plan/golangci"},
		"golangci.yml":   {"      causalityplan:", "        type: module"},
	} {
		text, err := os.ReadFile(filepath.Join("../../docs/snippets/plan", file))
		if err != nil {
			t.Fatal(err)
		}
		all := strings.Split(string(text), "\n")
		for _, line := range lines {
			if !slices.Contains(all, line) {
				t.Errorf("%s has no line %q", file, line)
			}
		}
	}
}
