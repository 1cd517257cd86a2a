// Package golangci makes causality-plan check a plugin module of golangci-lint:
//
//	# .custom-gcl.yml
//	plugins:
//	  - module: github.com/SebastienMelki/causality/sdk/go/plan
//	    import: github.com/SebastienMelki/causality/sdk/go/plan/golangci
package golangci

import (
	"github.com/golangci/plugin-module-register/register"
	"golang.org/x/tools/go/analysis"

	"github.com/SebastienMelki/causality/sdk/go/plan/analyzer"
)

func init() { register.Plugin("causalityplan", New) }

// Settings are the linter's settings in .golangci.yml.
type Settings struct {
	Plan    string `json:"plan"`    // the tracking plan's file
	Disable string `json:"disable"` // rules that are not applied, with commas between them
}

// New returns the plugin.
func New(raw any) (register.LinterPlugin, error) {
	settings, err := register.DecodeSettings[Settings](raw)
	if err != nil {
		return nil, err
	}
	return linter{settings}, nil
}

type linter struct{ settings Settings }

// BuildAnalyzers implements register.LinterPlugin.
func (l linter) BuildAnalyzers() ([]*analysis.Analyzer, error) {
	a := analyzer.New()
	for name, value := range map[string]string{"plan": l.settings.Plan, "disable": l.settings.Disable} {
		if err := a.Flags.Set(name, value); err != nil {
			return nil, err
		}
	}
	return []*analysis.Analyzer{a}, nil
}

// GetLoadMode implements register.LinterPlugin.
func (linter) GetLoadMode() string { return register.LoadModeTypesInfo }
