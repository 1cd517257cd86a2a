package shop_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	shop "github.com/SebastienMelki/causality/sdk/go/docs/snippets/testing"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

// snippet: test
func TestCheckoutTracksThePurchase(t *testing.T) {
	client, recorder := causalitytest.New(t)
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}

	ctx := causality.ContextWithIdentity(t.Context(), causality.Identity{UserID: "u-1"})
	s.Checkout(ctx, "o-42", 1999)

	if err := client.Flush(); err != nil { // sends what waits, now
		t.Fatal(err)
	}
	events := recorder.OfType(causality.EventPurchaseComplete)
	if len(events) != 1 {
		t.Fatalf("tracked %d purchases", len(events))
	}
	if got := events[0]; got.UserID != "u-1" || got.Properties["total_cents"] != int64(1999) {
		t.Errorf("tracked %+v", got)
	}
}

// end snippet

// snippet: wait
func TestAWorkerTracks(t *testing.T) {
	client, recorder := causalitytest.New(t)
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}

	go s.Checkout(t.Context(), "o-42", 1999)

	if err := recorder.Wait(t.Context(), 1); err != nil { // until one event has arrived
		t.Fatal(err)
	}
}

// end snippet

// snippet: outage
func TestAnOutageCostsNoEvent(t *testing.T) {
	client, recorder := causalitytest.New(t)
	recorder.Script(causalitytest.Status(503)) // the next request fails, later ones do not
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}

	s.Checkout(t.Context(), "o-42", 1999)

	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := recorder.Len(); n != 1 {
		t.Errorf("%d events are stored", n)
	}
}

// end snippet

// snippet: redaction
func TestNoEmailLeavesTheProcess(t *testing.T) {
	client, recorder := causalitytest.New(t, causalitytest.WithConfig(func(cfg *causality.Config) {
		cfg.ReplaceAttr = func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == "email" {
				return slog.Attr{} // left out
			}
			return a
		}
	}))
	slog.New(slogcausality.NewHandler(client)).Info("", "event", "user_signup", "email", "ada@example.com")
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, req := range recorder.Requests() {
		if strings.Contains(string(req.Body), "ada@") {
			t.Errorf("sent %s", req.Body)
		}
	}
}

// end snippet

// snippet: debug
func TestWhatIsTrackedAsText(t *testing.T) {
	var out bytes.Buffer
	client, err := causality.New(causality.Config{DryRun: &out}) // needs no key, sends nothing
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.Track(causality.Event{EventType: "cart_viewed", Properties: map[string]any{"items": 3}})
	if !strings.Contains(out.String(), "items  3") {
		t.Errorf("printed %s", out.String())
	}
}

// end snippet
