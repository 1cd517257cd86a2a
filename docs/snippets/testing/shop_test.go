package shop_test

import (
	"bytes"
	"errors"
	"log/slog"
	"reflect"
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

	recorder.Expect(t, causality.EventPurchaseComplete, "user_id", "u-1", "total_cents", 1999)
}

// end snippet

// snippet: compare
func TestCheckoutTracksNothingElse(t *testing.T) {
	client, recorder := causalitytest.New(t)
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}

	s.Checkout(t.Context(), "o-42", 1999)

	want := []causality.Event{{
		EventType:  causality.EventPurchaseComplete,
		Properties: map[string]any{"order_id": "o-42", "total_cents": int64(1999)},
	}}
	if got := recorder.Events(); !reflect.DeepEqual(got, want) {
		t.Errorf("tracked %+v", got)
	}
}

// end snippet

// snippet: check
func TestEveryEventHasAnOrder(t *testing.T) {
	client, _ := causalitytest.New(t, causalitytest.WithCheck(func(e causality.Event) error {
		if e.Properties["order_id"] == nil {
			return errors.New("it has no order_id")
		}
		return nil
	}))
	s := &shop.Shop{Logger: slog.New(slogcausality.NewHandler(client))}
	s.Checkout(t.Context(), "o-42", 1999)
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

	recorder.Expect(t, causality.EventPurchaseComplete) // after the client has tried again
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
	recorder.Expect(t, "user_signup", "email", nil)
	for _, req := range recorder.Requests() {
		if strings.Contains(string(req.Body), "ada@") {
			t.Errorf("sent %s", req.Body)
		}
	}
}

// end snippet

// snippet: dry-run
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
