package names

import (
	"log/slog"
	"reflect"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
	"github.com/SebastienMelki/causality/sdk/go/core/causalitytest"
	"github.com/SebastienMelki/causality/sdk/go/slogcausality"
)

func TestGroupsFlatten(t *testing.T) {
	client, recorder := causalitytest.New(t)
	grouped(slog.New(slogcausality.NewHandler(client)))
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"order_id": "o-42", "shipping_country": "FR", "shipping_days": int64(3), "coupons": `["SPRING"]`}
	if events := recorder.Events(); len(events) != 1 || !reflect.DeepEqual(events[0].Properties, want) {
		t.Errorf("got %+v", events)
	}
}

func TestHooks(t *testing.T) {
	client, recorder := causalitytest.New(t, causalitytest.WithConfig(redacting), causalitytest.WithConfig(func(cfg *causality.Config) {
		consenting(cfg, func(user string) bool { return user == "yes" })
	}))
	for _, user := range []string{"yes", "no"} {
		client.Track(causality.Event{EventType: "cart_viewed", UserID: user, Properties: map[string]any{"email": "a@b.c", "customer": 7}})
	}
	client.Track(causality.Event{EventType: "unheard_of", UserID: "yes"})
	if err := client.Flush(); err != nil {
		t.Fatal(err)
	}
	events := recorder.Events()
	if len(events) != 2 || events[0].UserID != "yes" || events[1].UserID != "" || client.Stats().Dropped.Filtered != 1 {
		t.Fatalf("got %+v", events)
	}
	if want := map[string]any{"customer_id": int64(7)}; !reflect.DeepEqual(events[0].Properties, want) {
		t.Errorf("got %v", events[0].Properties)
	}
}
