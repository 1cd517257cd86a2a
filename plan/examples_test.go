package plan_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/plan/internal/command"
	"github.com/SebastienMelki/causality/sdk/go/plan/internal/rules"
)

// The examples have a tracking plan, and are as it says.
func TestTheExamplesAreAsPlanned(t *testing.T) {
	file, err := filepath.Abs("../examples/tracking-plan.json")
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "tracking-plan.json")
	if err := os.WriteFile(copied, before, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Chdir("..")
	var out bytes.Buffer
	if status := command.Run([]string{"check", "-plan", file, "./examples/..."}, &out, &out); status != 0 || out.Len() > 0 {
		t.Errorf("check: status %d\n%s", status, out.String())
	}
	if status := command.Run([]string{"update", "-plan", copied, "./examples/..."}, &out, &out); status != 0 {
		t.Fatalf("update: status %d\n%s", status, out.String())
	}
	after, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Errorf("the plan of the examples is out of date: causality-plan update -plan examples/tracking-plan.json ./examples/...\n%s", after)
	}
}

// A reader who gets a finding finds its rule on the page.
func TestThePageNamesEveryRule(t *testing.T) {
	page, err := os.ReadFile("../docs/plan.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range rules.Rules {
		if !strings.Contains(string(page), "\n| `"+rule.Name+"` | ") {
			t.Errorf("docs/plan.md has no row for the rule %s", rule.Name)
		}
	}
}
