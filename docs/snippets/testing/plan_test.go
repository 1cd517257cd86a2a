package shop_test

import (
	"log/slog"
	"testing"

	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	shop "github.com/SebastienMelki/causality/sdk/go/docs/snippets/testing"
	"github.com/SebastienMelki/causality/sdk/go/plan"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// snippet: plan
func TestCheckoutTracksWhatIsPlanned(t *testing.T) {
	p, err := plan.Load("tracking-plan.json")
	if err != nil {
		t.Fatal(err)
	}
	client, _ := causalitytest.New(t, causalitytest.WithCheck(p.Check))
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}
	s.Checkout(t.Context(), "o-42", 1999)
}

// end snippet
