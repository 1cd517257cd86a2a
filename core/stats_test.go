package causality_test

import (
	"encoding/json"
	"expvar"
	"maps"
	"testing"

	causality "github.com/SebastienMelki/causality/sdk/go/core"
)

func TestStatsHaveAJSONFormForExpvar(t *testing.T) {
	client := newClient(t, newGateway(t))
	v := expvar.Func(func() any { return client.Stats() })
	track(client, 0, 3)
	client.Track(causality.Event{})
	if got, want := v.String(), `{"tracked":4,"recovered":0,"delivered":0,"dropped":{"queue_full":0,"invalid":1,"filtered":0,"disabled":0,"rejected":0,"damaged":0,"closed":0},`; len(got) < len(want) || got[:len(want)] != want {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
	flush(t, client)
	var got causality.Stats
	if err := json.Unmarshal([]byte(v.String()), &got); err != nil {
		t.Fatal(err)
	}
	if got.Delivered != 3 || got != client.Stats() {
		t.Errorf("got %+v, want %+v", got, client.Stats())
	}
}

// All has every reason, each under its own name.
func TestDrops_AllNamesEveryField(t *testing.T) {
	drops := causality.Drops{QueueFull: 1, Invalid: 2, Filtered: 3, Disabled: 4, Rejected: 5, Damaged: 6, Closed: 7}
	text, err := json.Marshal(drops)
	if err != nil {
		t.Fatal(err)
	}
	var want map[causality.DropReason]int64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := maps.Collect(drops.All())
	if !maps.Equal(got, want) || drops.Total() != 28 {
		t.Errorf("All gives %v and Total %d, the JSON form is %s", got, drops.Total(), text)
	}
	for range drops.All() {
		break // All allows it
	}
}
